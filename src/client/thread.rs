//! The thread on which the connections of a manager's clients live: the WebSocket client cannot change threads, and needs an actix
//! system, which the program need not have.
use super::shared::Shared;
use super::{Error, handshake, task};
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// Starts the tasks of clients. The thread begins with the first, and ends when this is dropped and the tasks have ended.
#[derive(Default)]
pub(super) struct ClientThread {
    /// Not bounded, as each client is sent once, by its own caller.
    clients: Mutex<Option<UnboundedSender<Arc<Shared>>>>,
}

impl ClientThread {
    /// Starts the task of a client. Fails where the system gives no thread or no runtime; then it may be called again.
    pub(super) fn start(&self, client: &Arc<Shared>) -> Result<(), Error> {
        self.start_on(client, || Builder::new_current_thread().enable_all().build())
    }

    fn start_on(&self, client: &Arc<Shared>, runtime: fn() -> io::Result<Runtime>) -> Result<(), Error> {
        // What is in it is set in one step.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        // It cannot be sent only where the thread has ended, which it does after this alone; then there is another.
        if clients.as_ref().is_none_or(|thread| thread.send(client.clone()).is_err()) {
            let thread = begin(runtime).map_err(Error::Thread)?;
            // The receiver is on the thread, which waits for the first.
            let _ = thread.send(client.clone());
            *clients = Some(thread);
        }
        Ok(())
    }
}

/// Begins the thread; waits until it is there to serve.
fn begin(runtime: fn() -> io::Result<Runtime>) -> io::Result<UnboundedSender<Arc<Shared>>> {
    let (sender, receiver) = unbounded_channel();
    // One place, so that the thread never waits.
    let (ready, is_ready) = sync_channel(1);
    let thread = std::thread::Builder::new().name("events-client".into());
    thread.spawn(move || match runtime() {
        Ok(runtime) => actix_rt::System::with_tokio_rt(|| runtime).block_on(serve(receiver, ready)),
        // The one who asked waits for it.
        Err(error) => drop(ready.send(Err(error))),
    })?;
    is_ready.recv().unwrap_or_else(|_| Err(io::Error::other("it panicked as it began")))?;
    Ok(sender)
}

/// Runs the task of each client that comes; ends when no more can come and all have ended.
async fn serve(mut clients: UnboundedReceiver<Arc<Shared>>, ready: SyncSender<io::Result<()>>) {
    let http = handshake::http_client();
    // The one who asked waits for it.
    let _ = ready.send(Ok(()));
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            client = clients.recv() => match client {
                Some(client) => drop(tasks.spawn_local(task::run(client, http.clone()))),
                None => break,
            },
            Some(ended) = tasks.join_next() => told(ended),
        }
    }
    while let Some(ended) = tasks.join_next().await {
        told(ended);
    }
}

fn told(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        log::error!("the task of an events client failed: {error}; the client has stopped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::settings::{Role, Settings};
    use crate::client::{ClientOptions, NoToken};
    use futures_util::FutureExt;
    use tokio::time::timeout;

    fn client() -> Arc<Shared> {
        let url = "ws://127.0.0.1:9/events".into();
        let settings = Settings { url, token: Arc::new(NoToken), options: ClientOptions::default() };
        Arc::new(Shared::new(Role::Backend("catalog".into()), Arc::new(settings)))
    }

    #[tokio::test]
    async fn a_thread_that_cannot_begin_is_an_error_and_another_one_may_be_asked_for() {
        let (thread, client) = (ClientThread::default(), client());
        let none = || Err(io::Error::other("too many open files, says the test"));
        let error = thread.start_on(&client, none).unwrap_err().to_string();
        assert!(error.contains("too many open files, says the test; call connect()"), "{error}");
        let error = thread.start_on(&client, || panic!("a panic, which the test wants")).unwrap_err().to_string();
        assert!(error.contains("it panicked as it began"), "{error}");
        thread.start(&client).unwrap();
        client.ask();
        client.drop_all();
        // The task is there: it ends, and lets go of the client.
        let ends = async {
            while Arc::strong_count(&client) > 1 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        timeout(std::time::Duration::from_secs(20), ends).await.expect("in time");
        assert!(client.connected().now_or_never().is_some_and(|connected| connected.is_err()));
    }
}

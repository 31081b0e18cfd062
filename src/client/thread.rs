//! The thread on which the connections of a manager's clients live: the WebSocket client cannot change threads, and needs an actix
//! system, which the program need not have.
use super::Error;
use super::shared::Shared;
use super::task;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

/// Starts the tasks of clients. The thread begins with the first, and ends when this is dropped and the tasks have ended.
#[derive(Default)]
pub(super) struct ClientThread {
    /// Not bounded, as each client is sent once, by its own caller.
    clients: Mutex<Option<UnboundedSender<Arc<Shared>>>>,
}

impl ClientThread {
    /// Starts the task of a client. Fails where the system gives no thread.
    pub(super) fn start(&self, client: Arc<Shared>) -> Result<(), Error> {
        // What is in it is set in one step.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match &*clients {
            // It fails only where the thread has ended, which it does after this alone; then there is another.
            Some(thread) => match thread.send(client) {
                Ok(()) => return Ok(()),
                Err(unsent) => unsent.0,
            },
            None => client,
        };
        let (sender, receiver) = unbounded_channel();
        let thread = std::thread::Builder::new().name("events-client".into());
        thread.spawn(move || actix_rt::System::new().block_on(serve(receiver))).map_err(Error::Thread)?;
        // The receiver is on the thread, which waits for the first.
        let _ = sender.send(client);
        *clients = Some(sender);
        Ok(())
    }
}

/// Runs the task of each client that comes; ends when no more can come and all have ended.
async fn serve(mut clients: UnboundedReceiver<Arc<Shared>>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            client = clients.recv() => match client {
                Some(client) => drop(tasks.spawn_local(task::run(client))),
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
        log::error!("the task of an events client failed: {error}; the client does nothing more");
    }
}

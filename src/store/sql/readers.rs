//! The connections that read, several at once.
use super::connection::{ANSWERS_WITHIN, Backend, Connection, Failed, Fault};
use super::error::{fault, timed_out};
use futures_util::future::BoxFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// How long a connection may take to be made.
pub(super) const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// How many calls may wait for a connection; one more is refused at once.
pub(super) const MOST_WAITING: usize = 1_024;

/// What reads on a connection. It may run twice, where the first connection turns out to be gone.
pub(super) type Read<T> = Box<dyn for<'c> Fn(&'c mut dyn Connection) -> BoxFuture<'c, Result<T, Failed>> + Send + Sync>;

/// The connections that read.
pub(super) struct Readers {
    backend: Arc<dyn Backend>,
    idle: Mutex<Vec<Box<dyn Connection>>>,
    free: Semaphore,
    waiting: AtomicUsize,
}

impl Readers {
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        let free = Semaphore::new(backend.readers());
        Readers { backend, idle: Mutex::default(), free, waiting: AtomicUsize::new(0) }
    }

    /// A place in the line; none where it is too long.
    pub fn wait(self: &Arc<Self>) -> Option<Waiting> {
        let waiting = Waiting(self.clone());
        (self.waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(waiting)
    }

    /// How many calls wait for a connection.
    pub fn waiting(&self) -> usize {
        let reading = self.backend.readers().saturating_sub(self.free.available_permits());
        self.waiting.load(Ordering::Relaxed).saturating_sub(reading)
    }

    /// Reads on a connection that is idle, or else on a new one. A connection is kept only where nothing failed on it.
    pub async fn read<T>(&self, work: &Read<T>) -> Result<T, Failed> {
        // Nobody closes it.
        let _turn = self.free.acquire().await.map_err(|_| Failed::PoolClosed)?;
        if let Some(mut connection) = self.take() {
            match self.run(work, &mut connection).await {
                // The database was restarted, say: what reads may be done again.
                Err(failed) if fault(&*self.backend, &failed) == Fault::Lost => self.idle().clear(),
                done => return self.done(done, connection),
            }
        }
        let mut connection = timeout(CONNECTS_WITHIN, self.backend.connect()).await.map_err(|_| timed_out())??;
        let done = self.run(work, &mut connection).await;
        self.done(done, connection)
    }

    async fn run<T>(&self, work: &Read<T>, connection: &mut Box<dyn Connection>) -> Result<T, Failed> {
        timeout(ANSWERS_WITHIN, work(&mut **connection)).await.unwrap_or_else(|_| Err(timed_out()))
    }

    fn done<T>(&self, done: Result<T, Failed>, connection: Box<dyn Connection>) -> Result<T, Failed> {
        if done.is_ok() {
            self.idle().push(connection);
        }
        done
    }

    fn take(&self) -> Option<Box<dyn Connection>> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Box<dyn Connection>>> {
        // Whole connections are put in and taken out.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line of calls that read.
pub(super) struct Waiting(Arc<Readers>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

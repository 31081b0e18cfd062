//! Threads that read, each on a connection of its own whose statements are done when they return: a query costs one way to the thread
//! and one way back, however many rows it finds.
use super::connection::{Backend, Connection, Failed, Fault};
use super::error::fault;
use super::readers::Read;
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

/// How many calls may wait for a thread; one more is refused at once.
const MOST_WAITING: usize = 1_024;

/// What a thread does on its connection.
type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// The threads of a database; they end with it.
pub(super) struct Threads(Arc<Line>);

/// The calls that wait.
#[derive(Default)]
struct Line {
    waiting: Mutex<Waiting>,
    news: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Threads {
    /// Starts as many as the database has readers.
    pub fn start(backend: &Arc<dyn Backend>) -> io::Result<Self> {
        let threads = Threads(Arc::default());
        for number in 1..=backend.readers() {
            let (line, mut reader) = (threads.0.clone(), Reader { backend: backend.clone(), connection: None });
            let name = format!("{}-read-{number}", backend.name().to_lowercase());
            thread::Builder::new().name(name).spawn(move || {
                while let Some(job) = line.next() {
                    job(&mut reader);
                }
            })?;
        }
        Ok(threads)
    }

    /// Has the next thread that is free do this. Whether it could be put into the line.
    pub fn run(&self, job: impl FnOnce(&mut Reader) + Send + 'static) -> bool {
        let mut waiting = self.0.waiting();
        if waiting.jobs.len() >= MOST_WAITING {
            return false;
        }
        waiting.jobs.push_back(Box::new(job));
        drop(waiting);
        self.0.news.notify_one();
        true
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.waiting().is_closed = true;
        self.0.news.notify_all();
    }
}

impl Line {
    /// The next job; none once the database is closed and all is done.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.waiting();
        loop {
            match waiting.jobs.pop_front() {
                Some(job) => return Some(job),
                None if waiting.is_closed => return None,
                None => waiting = self.news.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Whole jobs are put in and taken out.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread's connection, which is made when it is needed, and kept where nothing failed on it.
pub(super) struct Reader {
    backend: Arc<dyn Backend>,
    connection: Option<Box<dyn Connection>>,
}

impl Reader {
    pub fn read<T>(&mut self, work: &Read<T>) -> Result<T, Failed> {
        if let Some(connection) = self.connection.take() {
            match self.on(connection, work) {
                // The file is another one, say: what reads may be done again.
                Err(failed) if is_gone(&*self.backend, &failed) => {}
                done => return done,
            }
        }
        let blocking = self.backend.blocking().ok_or(Failed::PoolClosed)?;
        let connection = blocking.connect()?;
        self.on(connection, work)
    }

    fn on<T>(&mut self, mut connection: Box<dyn Connection>, work: &Read<T>) -> Result<T, Failed> {
        // Its statements are done when they return, so there is nothing to wait for.
        let found = work(&mut *connection).now_or_never().unwrap_or(Err(Failed::WorkerCrashed))?;
        self.connection = Some(connection);
        Ok(found)
    }
}

/// Whether the connection was of no use; a call that took too long is not made again.
fn is_gone(backend: &dyn Backend, failed: &Failed) -> bool {
    fault(backend, failed) == Fault::Lost && !matches!(failed, Failed::Io(_))
}

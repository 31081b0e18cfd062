//! What reads in a database on this machine. Most queries take less time than the way to another thread and back, so the caller's own
//! thread tries first, for about a millisecond; what takes longer is asked again on a thread that does nothing else.
use super::connection::{Backend, Connection, Failed, Fault, Patience};
use super::error::fault;
use super::readers::{MOST_WAITING, Read};
use futures_util::FutureExt;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};
use std::{io, thread};

/// How long callers ask no database that kept one of them waiting for its millisecond: queries that take long, one after the other,
/// cost a caller's thread a hundredth of its time at most.
const REST: Duration = Duration::from_millis(100);

/// What a thread does on its connection.
type Job = Box<dyn FnOnce(&mut Reader) + Send>;

/// The threads of a database, which end with it, and the connection for callers themselves.
pub(super) struct Threads {
    line: Arc<Line>,
    here: Mutex<Here>,
}

/// The connection for callers themselves.
struct Here {
    reader: Reader,
    /// Callers leave it alone until then.
    rests_until: Option<Instant>,
}

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
        let reader = |patience| Reader { backend: backend.clone(), patience, connection: None };
        let threads = Threads {
            line: Arc::default(),
            here: Mutex::new(Here { reader: reader(Patience::Brief), rests_until: None }),
        };
        for number in 1..=backend.readers() {
            let (line, mut reader) = (threads.line.clone(), reader(Patience::Long));
            let name = format!("{}-read-{number}", backend.name().to_lowercase());
            thread::Builder::new().name(name).spawn(move || {
                while let Some(job) = line.next() {
                    // One that panics leaves no connection behind, and tells its caller nothing, who sees that.
                    if catch_unwind(AssertUnwindSafe(|| job(&mut reader))).is_err() {
                        log::error!("a call of a store panicked");
                    }
                }
            })?;
        }
        Ok(threads)
    }

    /// Reads on the caller's thread, if that is done at once and no other caller does so just now. After a query that was not done
    /// callers wait for nothing for a while.
    pub fn at_once<T>(&self, work: &Read<T>) -> Option<T> {
        // One that panicked has left no connection behind.
        let mut here = match self.here.try_lock() {
            Ok(here) => here,
            Err(TryLockError::Poisoned(here)) => here.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        if here.rests_until.is_some_and(|end| Instant::now() < end) {
            return None;
        }
        let read = here.reader.read(work);
        here.rests_until = matches!(read, Err(Failed::Io(_))).then(|| Instant::now() + REST);
        read.ok()
    }

    /// Has the next thread that is free do this. Whether it could be put into the line.
    pub fn run(&self, job: impl FnOnce(&mut Reader) + Send + 'static) -> bool {
        let mut waiting = self.line.waiting();
        if waiting.jobs.len() >= MOST_WAITING {
            return false;
        }
        waiting.jobs.push_back(Box::new(job));
        drop(waiting);
        self.line.news.notify_one();
        true
    }

    /// How many calls wait for a thread.
    pub fn waiting(&self) -> usize {
        self.line.waiting().jobs.len()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.line.waiting().is_closed = true;
        self.line.news.notify_all();
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

/// A connection of one thread at a time, which is made when it is needed, and kept where nothing failed on it but the time.
pub(super) struct Reader {
    backend: Arc<dyn Backend>,
    patience: Patience,
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
        let connection = blocking.connect(self.patience)?;
        self.on(connection, work)
    }

    fn on<T>(&mut self, mut connection: Box<dyn Connection>, work: &Read<T>) -> Result<T, Failed> {
        // Its statements are done when they return, so there is nothing to wait for.
        let done = work(&mut *connection).now_or_never().unwrap_or(Err(Failed::WorkerCrashed));
        if matches!(done, Ok(_) | Err(Failed::Io(_))) {
            self.connection = Some(connection);
        }
        done
    }
}

/// Whether the connection was of no use; a call that took too long is not made again.
fn is_gone(backend: &dyn Backend, failed: &Failed) -> bool {
    fault(backend, failed) == Fault::Lost && !matches!(failed, Failed::Io(_))
}

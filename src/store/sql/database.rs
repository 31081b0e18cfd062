//! One database: its thread, the connection that writes and those that read.
use super::connection::{Backend, Failed};
use super::error::{refusal, unavailable};
use super::label::Label;
use super::readers::{Read, Readers};
use super::schema::{self, Table, check_name};
use super::store::SqlTable;
use super::threads::Threads;
use super::undeclared;
use super::writer::{self, Job, Work};
use crate::metrics::Metrics;
use crate::store::query::Path;
use crate::store::{Document, OpenError, StoreError, StoreFuture, UndeclaredIndex};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::{self, Handle};
use tokio::sync::{mpsc, oneshot};

/// How many writes may wait; one more is refused at once.
const MOST_WAITING: usize = 1_024;
/// A failure is logged so often at most.
const LOGS_EVERY: Duration = Duration::from_secs(1);

/// One database. What it does runs on a thread of its own, so that neither a worker nor who stops waiting breaks it off.
pub(in crate::store) struct Database {
    backend: Arc<dyn Backend>,
    runtime: Handle,
    jobs: mpsc::Sender<Job>,
    reading: Reading,
    logged: Arc<Mutex<Option<Instant>>>,
    /// The tables that were opened, each with the names of its declared indexes.
    declared: Mutex<BTreeMap<String, HashSet<String>>>,
    /// What tells how many calls wait; none before a broker watches.
    metrics: OnceLock<Metrics>,
}

/// What reads.
enum Reading {
    /// Connections that wait for a database elsewhere, on its thread.
    Away(Arc<Readers>),
    /// Callers and threads of their own, in a database on this machine.
    Here(Threads),
}

impl Reading {
    fn start(backend: &Arc<dyn Backend>) -> Result<Self, OpenError> {
        match backend.blocking() {
            Some(_) => Threads::start(backend).map(Reading::Here).map_err(OpenError::Thread),
            None => Ok(Reading::Away(Arc::new(Readers::new(backend.clone())))),
        }
    }

    fn waiting(&self) -> usize {
        match self {
            Reading::Here(threads) => threads.waiting(),
            Reading::Away(readers) => readers.waiting(),
        }
    }
}

impl Database {
    /// Starts the thread, which ends with the last store.
    pub fn start(backend: Arc<dyn Backend>) -> Result<Arc<Self>, OpenError> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(OpenError::Thread)?;
        let handle = runtime.handle().clone();
        let (jobs, queue) = mpsc::channel(MOST_WAITING);
        let reading = Reading::start(&backend)?;
        let writes = backend.clone();
        thread::Builder::new()
            .name(format!("store-{}", backend.name().to_lowercase()))
            .spawn(move || runtime.block_on(writer::run(writes, queue)))
            .map_err(OpenError::Thread)?;
        let (logged, declared, metrics) = (Arc::default(), Mutex::default(), OnceLock::new());
        Ok(Arc::new(Database { backend, runtime: handle, jobs, reading, logged, declared, metrics }))
    }

    /// Opens a table.
    pub async fn table(self: &Arc<Self>, name: &str, indexes: &[Path]) -> Result<SqlTable, OpenError> {
        check_name(name)?;
        let label = |path: &Path| Label::of_path(path).ok_or_else(|| OpenError::Index { path: path.to_string() });
        let indexes = indexes.iter().map(label).collect::<Result<_, _>>()?;
        let quoted = super::connection::quoted(name);
        let table = Arc::new(Table { name: name.to_owned(), quoted, indexes });
        let (backend, opened) = (self.backend.clone(), table.clone());
        let open = async move {
            let mut connection = backend.connect().await.map_err(OpenError::Unreachable)?;
            schema::open(&*backend, &mut *connection, &opened).await
        };
        self.runtime.spawn(open).await.map_err(|_| OpenError::Closed)??;
        self.declared().entry(name.to_owned()).or_default().extend(table.index_names());
        Ok(SqlTable::new(self.clone(), table))
    }

    /// The indexes of the tables opened here that nobody has declared here.
    pub async fn undeclared(&self) -> Result<Vec<UndeclaredIndex>, OpenError> {
        let (backend, declared) = (self.backend.clone(), self.declared().clone());
        let look = async move {
            let mut connection = backend.connect().await?;
            undeclared::find(&*backend, &mut *connection, &declared).await
        };
        self.runtime.spawn(look).await.map_err(|_| OpenError::Closed)?.map_err(OpenError::Unreachable)
    }

    fn declared(&self) -> MutexGuard<'_, BTreeMap<String, HashSet<String>>> {
        // Names are only added.
        self.declared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has these metrics tell how many calls wait; those of the first broker stay.
    pub fn watch(self: &Arc<Self>, metrics: &Metrics) {
        if self.metrics.set(metrics.clone()).is_err() {
            return;
        }
        let label = self.backend.label();
        let watch = |queue, length: fn(&Database) -> usize| {
            let database = Arc::downgrade(self);
            metrics.watch_queue(&label, queue, move || Some(length(&*database.upgrade()?)));
        };
        watch("read", |database| database.reading.waiting());
        watch("write", |database| database.jobs.max_capacity() - database.jobs.capacity());
    }

    /// Refuses a call, since too many wait.
    fn refused(&self, limit: &str, message: &'static str) -> StoreError {
        if let Some(metrics) = self.metrics.get() {
            metrics.reached(limit);
        }
        unavailable(message)
    }

    pub fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// Reads, beside other calls that do.
    pub fn read<T: Send + 'static>(&self, work: Read<T>) -> StoreFuture<T> {
        let (backend, logged) = (self.backend.clone(), self.logged.clone());
        let told = move |failed: Failed| {
            log(&*backend, &logged, &failed);
            refusal(&*backend, &failed)
        };
        match &self.reading {
            Reading::Here(threads) => {
                if let Some(found) = threads.at_once(&work) {
                    return Box::pin(std::future::ready(Ok(found)));
                }
                let (reply, answer) = oneshot::channel();
                // The caller may be gone.
                let is_taken = threads.run(move |reader| drop(reply.send(reader.read(&work).map_err(told))));
                match is_taken {
                    true => Box::pin(async move { answer.await.unwrap_or_else(|_| Err(closed())) }),
                    false => Box::pin(std::future::ready(Err(self.too_many()))),
                }
            }
            Reading::Away(readers) => {
                let readers = readers.clone();
                let Some(place) = readers.wait() else { return Box::pin(std::future::ready(Err(self.too_many()))) };
                let read = self.runtime.spawn(async move {
                    let _place = place;
                    readers.read(&work).await.map_err(told)
                });
                Box::pin(async move { read.await.unwrap_or_else(|_| Err(closed())) })
            }
        }
    }

    fn too_many(&self) -> StoreError {
        self.refused("store_reads", "Too many calls wait for the database")
    }

    /// Writes, behind the writes that were asked for before.
    pub(super) fn write(&self, table: Arc<Table>, work: Work) -> StoreFuture<Vec<Document>> {
        let (reply, answer) = oneshot::channel();
        let queued = self.jobs.try_send(Job { table, work, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => self.refused("store_writes", "Too many writes wait for the database"),
            mpsc::error::TrySendError::Closed(_) => closed(),
        });
        let (backend, logged) = (self.backend.clone(), self.logged.clone());
        Box::pin(async move {
            match queued {
                Err(refusal) => Err(refusal),
                Ok(()) => match answer.await {
                    Ok(answer) => answer.map_err(|problem| {
                        problem.told(|failed| {
                            log(&*backend, &logged, failed);
                            refusal(&*backend, failed)
                        })
                    }),
                    Err(_) => Err(closed()),
                },
            }
        })
    }
}

fn closed() -> StoreError {
    unavailable("The database was closed")
}

/// What the database said, for those who run it. While it is away each call fails, and one line in a second is enough.
fn log(backend: &dyn Backend, logged: &Mutex<Option<Instant>>, failed: &Failed) {
    // A time is put in whole.
    let mut logged = logged.lock().unwrap_or_else(PoisonError::into_inner);
    if logged.is_none_or(|last| last.elapsed() >= LOGS_EVERY) {
        *logged = Some(Instant::now());
        log::warn!("a call of a store failed, for {} said: {failed}", backend.name());
    }
}

#[cfg(all(test, feature = "store-sqlite"))]
mod tests {
    use super::*;
    use crate::store::sqlite::{Sqlite, SqliteOptions};
    use std::sync::Barrier;

    #[tokio::test]
    async fn calls_that_wait_for_a_thread_are_told_and_no_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let opened = Sqlite::open(&folder.path().join("test.db"), SqliteOptions::default()).await;
        let backend: Arc<dyn Backend> = Arc::new(opened.expect("a database"));
        let (database, metrics) = (Database::start(backend.clone()).expect("threads"), Metrics::new());
        database.watch(&metrics);
        let told = || metrics.text().expect("a text").contains("test.db\",queue=\"read\"} 3\n");
        let Reading::Here(threads) = &database.reading else { panic!("a file is here") };
        // All threads are busy, and the test goes on.
        let [begin, end] = [(); 2].map(|()| Arc::new(Barrier::new(backend.readers() + 1)));
        for _ in 0..backend.readers() {
            let (begin, end) = (begin.clone(), end.clone());
            assert!(threads.run(move |_| {
                begin.wait();
                end.wait();
            }));
        }
        begin.wait();
        assert!(!told());
        assert!((0..3).all(|_| threads.run(|_| {})));
        assert!(told());
        end.wait();
    }
}

//! The one connection that writes. What waits is written in one transaction, so that many writes share one sync of the disk.
use super::connection::ANSWERS_WITHIN;
use super::connection::{Backend, Connection, Failed, Fault};
use super::error::{fault, timed_out};
use super::outbox::Errand;
use super::readers::CONNECTS_WITHIN;
use super::schema::Table;
use super::write::Transaction;
use crate::store::{Document, Draft, Id, Query, Select, StoreError, StoreOptions};
use std::slice;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How many writes share a transaction.
const MOST_AT_ONCE: usize = 128;

/// A write that waits.
pub(super) struct Job {
    pub table: Arc<Table>,
    pub work: Work,
    pub reply: oneshot::Sender<Result<Vec<Document>, Problem>>,
}

/// What is to be written. What can be told without the table is checked.
pub(super) enum Work {
    /// New documents, each with the id that it brings along.
    Create { documents: Vec<(Option<Id>, Document)>, options: Arc<StoreOptions>, event: Event },
    /// The document of an id, or all that the query matches.
    Change { id: Option<Id>, query: Query, change: Change, options: Arc<StoreOptions>, event: Event },
    /// The notes of events.
    Errand(Errand),
}

/// What is noted of a write: the draft of its event, where there is one, and the fields that it tells of.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub draft: Option<Draft>,
    pub select: Select,
}

/// What becomes of a document.
pub(super) enum Change {
    /// Another one, but for the id.
    Update(Document),
    /// The same with these fields.
    Patch(Document),
    /// Nothing.
    Remove,
}

impl Job {
    /// Says that a note of the event is there, where anything was written.
    fn note(&self, answer: &Result<Vec<Document>, StoreError>) {
        if answer.as_ref().is_ok_and(|documents| !documents.is_empty())
            && let Work::Create { event, .. } | Work::Change { event, .. } = &self.work
            && let Some(draft) = &event.draft
        {
            draft.note();
        }
    }
}

/// Why a write was not done.
#[derive(Debug, Clone)]
pub(super) enum Problem {
    /// It is not to be done.
    Refused(StoreError),
    /// The database failed.
    Failed(Arc<Failed>),
}

impl Problem {
    pub fn told(self, of_failure: impl FnOnce(&Failed) -> StoreError) -> StoreError {
        match self {
            Problem::Refused(error) => error,
            Problem::Failed(failed) => of_failure(&failed),
        }
    }
}

/// Writes until nobody can ask for it any more.
pub(super) async fn run(backend: Arc<dyn Backend>, mut queue: mpsc::Receiver<Job>) {
    let mut writer = Writer { backend, connection: None };
    let mut jobs = Vec::with_capacity(MOST_AT_ONCE);
    while queue.recv_many(&mut jobs, MOST_AT_ONCE).await > 0 {
        writer.write(std::mem::take(&mut jobs)).await;
    }
}

type Answers = Vec<Result<Vec<Document>, StoreError>>;

struct Writer {
    backend: Arc<dyn Backend>,
    /// Nothing is begun on it. None before the first write and after a failure.
    connection: Option<Box<dyn Connection>>,
}

impl Writer {
    async fn write(&mut self, jobs: Vec<Job>) {
        match self.transaction(&jobs).await {
            Ok(answers) => {
                for (job, answer) in jobs.into_iter().zip(answers) {
                    job.note(&answer);
                    // Who no longer waits has its document written all the same.
                    let _ = job.reply.send(answer.map_err(Problem::Refused));
                }
            }
            // The others have done nothing wrong.
            Err(failed) if jobs.len() > 1 && self.is_of_one(&failed) => {
                for job in jobs {
                    let answer = self.transaction(slice::from_ref(&job)).await;
                    let answer = match answer.map(|mut answers| answers.pop()) {
                        Ok(Some(answer)) => {
                            job.note(&answer);
                            answer.map_err(Problem::Refused)
                        }
                        // One was given, so one is there.
                        Ok(None) => Ok(vec![]),
                        Err(failed) => Err(Problem::Failed(failed.into())),
                    };
                    let _ = job.reply.send(answer);
                }
            }
            Err(failed) => {
                let problem = Problem::Failed(failed.into());
                for job in jobs {
                    let _ = job.reply.send(Err(problem.clone()));
                }
            }
        }
    }

    /// Whether a failure is that of one write, and not that of the database.
    fn is_of_one(&self, failed: &Failed) -> bool {
        matches!(fault(&*self.backend, failed), Fault::Full | Fault::Refused)
    }

    /// Does all that is asked for or nothing of it. A connection that anything failed on is dropped, which undoes what was begun.
    async fn transaction(&mut self, jobs: &[Job]) -> Result<Answers, Failed> {
        let mut connection = self.begun().await?;
        let written = timeout(ANSWERS_WITHIN, write_all(&*self.backend, &mut *connection, jobs)).await;
        let answers = written.unwrap_or_else(|_| Err(timed_out()))?;
        self.connection = Some(connection);
        Ok(answers)
    }

    /// A connection with a transaction. One that is gone is replaced: nothing was done on it yet.
    async fn begun(&mut self) -> Result<Box<dyn Connection>, Failed> {
        if let Some(mut connection) = self.connection.take() {
            match timeout(ANSWERS_WITHIN, connection.say(self.backend.begin())).await {
                Ok(Ok(())) => return Ok(connection),
                Ok(Err(failed)) if fault(&*self.backend, &failed) != Fault::Lost => return Err(failed),
                Ok(Err(_)) | Err(_) => {}
            }
        }
        let mut connection = timeout(CONNECTS_WITHIN, self.backend.connect()).await.map_err(|_| timed_out())??;
        timeout(ANSWERS_WITHIN, connection.say(self.backend.begin())).await.map_err(|_| timed_out())??;
        Ok(connection)
    }
}

async fn write_all(backend: &dyn Backend, connection: &mut dyn Connection, jobs: &[Job]) -> Result<Answers, Failed> {
    let mut transaction = Transaction::new(backend, connection);
    let writes = jobs.iter().filter(|job| !matches!(job.work, Work::Errand(_)));
    transaction.lock(writes.map(|job| &*job.table)).await?;
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.push(transaction.write(&job.table, &job.work).await?);
    }
    transaction.commit().await?;
    Ok(answers)
}

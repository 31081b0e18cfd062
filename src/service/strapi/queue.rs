//! What is to be done, in the order in which it happened: events of entries, and changes of who may be told of them. One line for
//! both, so that no event behind a change is sent under the rights before it.
use super::content::ContentType;
use crate::types::ReplyError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait, and the bytes of the entries in them, as JSON. Events beyond that are dropped and counted: a service does not
/// wait for its clients.
const JOBS: usize = 10_000;
const BYTES: usize = 64 * 1024 * 1024;

/// Something to be done.
pub enum Job {
    /// Tell of an entry.
    Event(EntryEvent),
    /// Heed a change, and tell who waits for it.
    Change(Change, Cause, Option<oneshot::Sender<()>>),
}

/// An event of an entry, for the roles and tokens that permit it.
pub struct EntryEvent {
    /// Its content type.
    pub of: Arc<ContentType>,
    /// Its name behind that of the content type, which is also the last part of the permission.
    pub action: String,
    /// The entry.
    pub entry: Map<String, Value>,
    /// Told whether it was sent, where somebody wants to know.
    pub told: Option<oneshot::Sender<Result<(), ReplyError>>>,
    /// Its bytes among those that wait.
    _held: Held,
}

/// What has changed of who may be told what. Nodes tell each other so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Roles, permissions or API tokens.
    pub rights: bool,
    /// Users, by their ids.
    pub users: Vec<String>,
    /// Any users.
    pub any_users: bool,
}

/// Why rights are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// They have changed: those before must not hold any more.
    Changed,
    /// Some time has passed.
    Routine,
}

/// The line of jobs.
pub struct Queue {
    sender: mpsc::Sender<Job>,
    bytes: Arc<AtomicUsize>,
}

/// Some bytes that wait, until this is dropped.
struct Held(Arc<AtomicUsize>, usize);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl Queue {
    /// An empty one, and its other end.
    pub fn new() -> (Self, mpsc::Receiver<Job>) {
        let (sender, jobs) = mpsc::channel(JOBS);
        (Queue { sender, bytes: Arc::default() }, jobs)
    }

    /// Has an event follow what is waiting; false where too much is.
    pub fn event(
        &self,
        of: &Arc<ContentType>,
        action: &str,
        entry: Map<String, Value>,
        told: Option<oneshot::Sender<Result<(), ReplyError>>>,
    ) -> bool {
        let size = size(&entry);
        let held = Held(self.bytes.clone(), size);
        if self.bytes.fetch_add(size, Ordering::Relaxed).saturating_add(size) > BYTES {
            return false;
        }
        let event = EntryEvent { of: of.clone(), action: action.to_owned(), entry, told, _held: held };
        self.sender.try_send(Job::Event(event)).is_ok()
    }

    /// Has a change heeded behind what is waiting; done when it is, or when nobody is there to heed it.
    pub async fn change(&self, change: Change, cause: Cause) {
        let (done, heeded) = oneshot::channel();
        if self.sender.send(Job::Change(change, cause, Some(done))).await.is_ok() {
            // Without an answer the broker stops.
            let _ = heeded.await;
        }
    }

    /// The same where nobody waits; false where too much is waiting.
    pub fn note_change(&self, change: Change) -> bool {
        self.sender.try_send(Job::Change(change, Cause::Changed, None)).is_ok()
    }
}

/// How long an entry is as JSON.
fn size(entry: &Map<String, Value>) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value always has a JSON form, and counting does not fail.
    let _ = serde_json::to_writer(&mut count, entry);
    count.0
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::super::content::ContentTypes;
    use super::*;

    fn article() -> Arc<ContentType> {
        let config: Config =
            toml::from_str("roles = 'r'\n[[content_type]]\nuid = 'a.b'\nservice = 's'").expect("a section");
        ContentTypes::new(&config, |_| true).expect("content types").of("a.b").expect("it is there").clone()
    }

    #[test]
    fn no_more_waits_than_there_is_room_for_and_what_is_taken_out_makes_room() {
        let ((queue, mut jobs), of) = (Queue::new(), article());
        let large = |size: usize| Map::from_iter([("text".to_owned(), Value::from("x".repeat(size)))]);
        assert!(queue.event(&of, "create", large(BYTES - 100), None));
        assert!(!queue.event(&of, "create", large(200), None));
        assert!(queue.event(&of, "create", large(10), None));
        drop(jobs.try_recv());
        assert!(queue.event(&of, "create", large(200), None));
        let more = (0..2 * JOBS).filter(|_| queue.event(&of, "create", Map::new(), None)).count();
        assert_eq!(more, JOBS - 2);
        drop(jobs);
        assert_eq!(queue.bytes.load(Ordering::Relaxed), 0);
    }
}

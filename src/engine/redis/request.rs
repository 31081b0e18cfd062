//! Commands on their way to a server: in the order of arrival, bounded in number, bytes and time.
use super::lanes::Place;
use super::publish::Publisher;
use super::thread_inbox::{self, ThreadInbox};
use crate::engine::{EngineAnswer, Error};
use crate::metrics::Metrics;
use crate::types::Answer;
use redis::{Cmd, ServerError, Value};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Duration, Instant};

/// Names the bound of the queue to a server.
pub(super) const QUEUE: &str = "redis_commands";
/// Commands that may wait for a server that is away, and their bytes.
const MOST: usize = 65_536;
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What leaves in one write, so that an answer is not kept waiting by a long one.
const BATCH: usize = 1_024;
const BATCH_BYTES: usize = 1024 * 1024;

/// Codes of refusals that are logged; there are fewer, but a server may make up its own.
const CODES: usize = 32;

/// What a command is answered.
pub(super) type Outcome = Result<Value, Error>;

/// A command and who waits for its answer.
pub(super) struct Request {
    pub command: Cmd,
    /// A script: the server's replication id is its last argument, as it is when it leaves.
    pub stamped: bool,
    /// The hash slot of its keys, for a cluster.
    pub slot: u16,
    /// Sent to where a slot is moving to, before it has moved.
    pub asking: bool,
    bytes: usize,
    came: Instant,
    pub waiting: Waiting,
    pub inbox: Option<Arc<ThreadInbox>>,
    /// Its place among those of its slot, in a cluster.
    pub place: Option<Place>,
}

/// Who waits for an answer. Dropped without one, the outcome is unknown to it.
pub(super) enum Waiting {
    Asker(oneshot::Sender<Outcome>),
    Publisher(Publisher),
}

impl Waiting {
    pub fn asked() -> (Self, Asked) {
        let (answer, outcome) = oneshot::channel();
        (Waiting::Asker(answer), Asked(outcome))
    }

    pub fn give(self, outcome: Outcome) {
        match self {
            // It may have given up.
            Waiting::Asker(answer) => drop(answer.send(outcome)),
            Waiting::Publisher(publisher) => publisher.tell(outcome),
        }
    }

    fn has_given_up(&self) -> bool {
        matches!(self, Waiting::Asker(answer) if answer.is_closed())
    }
}

/// Waits for the answer to a command.
pub(super) struct Asked(oneshot::Receiver<Outcome>);

impl Asked {
    pub async fn wait(self) -> Outcome {
        self.0.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Reads the answer.
    pub fn then<T>(self, read: impl FnOnce(Outcome) -> Result<T, Error> + Send + 'static) -> EngineAnswer<T> {
        Answer::Later(Box::pin(async move { read(self.wait().await) }))
    }
}

impl Request {
    pub fn new(command: Cmd, stamped: bool, slot: u16, waiting: Waiting) -> Self {
        let lengths = command.args_iter().map(|arg| if let redis::Arg::Simple(bytes) = arg { bytes.len() } else { 0 });
        let bytes = lengths.sum();
        let (came, inbox) = (Instant::now(), thread_inbox::here());
        Request { command, stamped, slot, asking: false, bytes, came, waiting, inbox, place: None }
    }

    /// Answers that there is no room for it. `bound` names the queue that is full.
    pub fn reject(self, metrics: &Metrics, bound: &str) {
        metrics.reached(bound);
        self.waiting.give(Err(Error::Unreachable("too many commands wait for Redis; nothing was done".into())));
    }

    /// Whether somebody may still wait for its answer.
    pub fn may_try_again(&self, timeout: Duration) -> bool {
        self.came.elapsed() < timeout && !self.waiting.has_given_up()
    }

    /// Takes the command back from what was sent, without its stamp, to go again.
    pub fn regain(&mut self, sent: &Cmd) {
        let count = sent.args_iter().count() - usize::from(self.stamped);
        let mut command = Cmd::new();
        for arg in sent.args_iter().take(count) {
            if let redis::Arg::Simple(bytes) = arg {
                command.arg(bytes);
            }
        }
        self.command = command;
    }
}

/// What came of asking.
pub(super) fn lost() -> Error {
    Error::Unreachable("the connection to Redis was lost; the outcome is unknown".into())
}

/// What a server's refusal of one command is to who asked: its code. The rest may name users and keys of the server, and is
/// for the log, once a code.
pub(super) fn refused(error: &ServerError) -> Error {
    static TOLD: Mutex<Vec<String>> = Mutex::new(vec![]);
    let code = error.code();
    // A poisoned list is whole: it is only ever pushed to.
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() < CODES && !told.iter().any(|known| known == code) {
        told.push(code.to_owned());
        let details = error.details().unwrap_or_default();
        log::error!("Redis rejected a command: {code} {details}; further {code} errors are not logged");
    }
    Error::Unreachable(format!("Redis rejected the command ({code})"))
}

/// The commands that wait.
#[derive(Default)]
pub(super) struct RequestQueue {
    commands: Mutex<Commands>,
    pub filled: Notify,
}

#[derive(Default)]
struct Commands {
    requests: VecDeque<Request>,
    bytes: usize,
}

impl RequestQueue {
    /// Adds a command; gives it back where there is no room. Who adds has the link told.
    pub fn push(&self, request: Request) -> Option<Request> {
        let bytes = request.bytes;
        let mut commands = self.lock();
        if commands.requests.len() >= MOST || commands.bytes + bytes > MOST_BYTES {
            return Some(request);
        }
        commands.bytes += bytes;
        commands.requests.push_back(request);
        None
    }

    /// Puts commands back that were not done, before all others.
    pub fn return_all(&self, requests: Vec<Request>) {
        let mut commands = self.lock();
        for request in requests.into_iter().rev() {
            commands.bytes += request.bytes;
            commands.requests.push_front(request);
        }
        drop(commands);
        self.filled.notify_one();
    }

    /// Takes what may leave together.
    pub fn take(&self) -> Vec<Request> {
        let mut commands = self.lock();
        let mut bytes = 0;
        let mut count = 0;
        for request in commands.requests.iter().take(BATCH) {
            bytes += request.bytes;
            count += 1;
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        commands.bytes = commands.bytes.saturating_sub(bytes);
        let batch = commands.requests.drain(..count).collect();
        // After an outage much room is left over.
        if commands.requests.capacity() > 2 * BATCH {
            commands.requests.shrink_to(BATCH);
        }
        batch
    }

    /// Answers those that have waited this long: nothing of them was done.
    pub fn expire(&self, age: Duration) {
        let now = Instant::now();
        loop {
            let mut commands = self.lock();
            if commands.requests.front().is_none_or(|request| now.duration_since(request.came) < age) {
                return;
            }
            let Some(request) = commands.requests.pop_front() else { return };
            commands.bytes = commands.bytes.saturating_sub(request.bytes);
            drop(commands);
            request.waiting.give(Err(Error::Unreachable("Redis is away; nothing was done".into())));
        }
    }

    /// Gives all that wait to another server.
    pub fn hand_over(&self, mut to: impl FnMut(Request)) {
        let requests = std::mem::take(&mut *self.lock()).requests;
        requests.into_iter().for_each(&mut to);
    }

    fn lock(&self) -> MutexGuard<'_, Commands> {
        // What panics here leaves at worst a count of bytes that is too high.
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One server: its connections, the commands on their way to it, and what comes of them.
use super::core::Core;
use super::envelope::Brought;
use super::request::{QUEUE, Request, RequestQueue, refused};
use super::server::{self, Pair, Source, Unusable};
use super::subscriptions::LinkSubscriptions;
use super::thread_inbox::{ChannelSink, InboxBatches, Landed, ThreadInbox};
use super::watchdog::{self, Watchdog};
use super::{pushes, scripts};
use crate::metrics::Metrics;
use futures_util::FutureExt;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{RedisError, ServerErrorKind, Value};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Before the first and the later attempts to connect again.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// One server.
pub(super) struct Link {
    /// Where it is, for a cluster; a name for logs otherwise.
    pub name: String,
    pub source: Source,
    pub queue: RequestQueue,
    pub subscriptions: LinkSubscriptions,
    /// What is handed over as soon as the thread has nothing more to add.
    batches: Mutex<InboxBatches>,
    laden: Notify,
    pub watchdog: Watchdog,
    broken: Notify,
    /// The server is no longer one of ours.
    closed: AtomicBool,
}

type Batch = (Vec<Request>, redis::Pipeline, Result<Vec<Value>, RedisError>);

impl Link {
    pub fn new(name: String, source: Source) -> Self {
        Link {
            name,
            source,
            queue: RequestQueue::default(),
            subscriptions: LinkSubscriptions::default(),
            batches: Mutex::default(),
            laden: Notify::new(),
            watchdog: Watchdog::default(),
            broken: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Adds a command, which leaves when its thread has nothing more to add.
    pub fn push(self: &Arc<Self>, request: Request, metrics: &Metrics) {
        if let Some(too_many) = self.offer(request) {
            too_many.reject(metrics, QUEUE);
        }
    }

    /// The same; gives the command back where there is no room.
    pub fn offer(self: &Arc<Self>, request: Request) -> Option<Request> {
        let inbox = request.inbox.clone();
        let too_many = self.queue.push(request);
        match inbox {
            Some(inbox) => inbox.wake_later(self),
            None => self.queue.filled.notify_one(),
        }
        too_many
    }

    /// Hands what the bus brings of a channel over to its inbox.
    pub fn bring(&self, route: Arc<ChannelSink>, brought: Brought, bytes: usize) {
        self.load(|batches| batches.bring(route, brought, bytes));
    }

    pub fn hand_over(&self, inbox: Option<&Arc<ThreadInbox>>, arrival: Landed) {
        self.load(|batches| batches.add(inbox, arrival));
    }

    fn load(&self, add: impl FnOnce(&mut InboxBatches)) {
        let mut batches = self.batches();
        let was_empty = batches.is_empty();
        add(&mut batches);
        drop(batches);
        // Once for all that come before it goes.
        if was_empty {
            self.laden.notify_one();
        }
    }

    fn batches(&self) -> MutexGuard<'_, InboxBatches> {
        // What panics between two additions leaves it whole.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what has come, behind what the thread is at: what comes with it goes with it.
    async fn carry(&self) -> Infallible {
        loop {
            self.laden.notified().await;
            self.send_off();
        }
    }

    fn send_off(&self) {
        let batches = std::mem::take(&mut *self.batches());
        batches.go();
    }

    /// Begins anew: what was connected is not what it was.
    pub fn break_off(&self) {
        self.broken.notify_one();
    }

    /// Ends for good.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.break_off();
    }

    /// Which server of a cluster has which slots, as this one knows. On a connection of its own, for the link may be the one
    /// that fails.
    pub async fn map_of(&self, core: &Core) -> Result<Value, Unusable> {
        server::ask_once(&self.source, core.patience(), redis::cmd("CLUSTER").arg("SLOTS")).await
    }

    /// Connects both ways.
    pub async fn connect(self: &Arc<Self>, core: &Arc<Core>) -> Result<Pair, Unusable> {
        // No cycle that lasts: what holds them is dropped with the connection.
        let (their_core, link) = (core.clone(), self.clone());
        let pushed = move |push: redis::PushInfo| {
            pushes::pushed(&their_core, &link, push);
            Ok::<_, redis::aio::SendError>(())
        };
        server::connect(&self.source, core.is_cluster(), core.patience(), Arc::new(pushed)).await
    }

    /// Serves until the engine ends or the server is no longer one of ours.
    pub async fn run(self: Arc<Self>, core: Arc<Core>, first: Option<Pair>) {
        let (mut pair, mut wait) = (first, BACKOFF.0);
        while !self.closed.load(Ordering::Relaxed) {
            let connected = match pair.take() {
                Some(pair) => Ok(pair),
                None => self.connect(&core).await,
            };
            match connected {
                Ok(pair) => {
                    log::debug!("connected to Redis at {}", pair.address);
                    let reason = self.serve(&core, pair).await;
                    if self.watchdog.is_well() {
                        wait = BACKOFF.0;
                    }
                    self.watchdog.fell_ill(&format!("lost Redis at {}: {reason}", self.name), reason);
                }
                Err(unusable) => {
                    self.watchdog.fell_ill(&format!("Redis cannot be used: {unusable}"), unusable.to_string());
                    core.look_at_slots_soon();
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }

    /// Serves until something fails; what it was.
    async fn serve(self: &Arc<Self>, core: &Arc<Core>, pair: Pair) -> String {
        let Pair { commands, pushes: push_connection, replid, address } = pair;
        // What the last connections left behind says nothing of these.
        let _ = self.broken.notified().now_or_never();
        let subscribing = pushes::drive(core, self, push_connection);
        let reason = tokio::select! {
            biased;
            reason = self.drive(core, commands, &replid) => reason,
            reason = subscribing => reason,
            reason = watchdog::probe(core, self, &replid, &address) => reason,
            () = self.broken.notified() => "the connection ended".into(),
            // Last, so that it carries what the others have just added.
            never = self.carry() => match never {},
        };
        self.send_off();
        reason
    }

    /// Sends commands as they come, what waits together in one write, and hands out the answers. One batch is under way at a
    /// time: what comes meanwhile leaves together, so that concurrent commands share round trips and system calls.
    async fn drive(&self, core: &Arc<Core>, mut connection: MultiplexedConnection, replid: &str) -> String {
        loop {
            let batch = self.queue.take();
            if batch.is_empty() {
                self.queue.filled.notified().await;
                continue;
            }
            let mut unknown = vec![];
            let answered = send(&mut connection, batch, replid).await;
            if let Err(reason) = self.settle(core, answered, &mut unknown) {
                return reason;
            }
            if unknown.is_empty() {
                continue;
            }
            // The server has lost the scripts.
            if let Err(error) = scripts::load(&mut connection).await {
                return error.to_string();
            }
            self.queue.return_all(unknown);
        }
    }

    /// Hands out the answers to a batch; those whose script is not there go into `unknown`. Fails where the connection is of
    /// no more use.
    fn settle(
        &self,
        core: &Arc<Core>,
        (batch, sent, outcome): Batch,
        unknown: &mut Vec<Request>,
    ) -> Result<(), String> {
        let mut end = Ok(());
        let mut batches = self.batches();
        let mut answers = outcome.map_err(|error| error.to_string())?.into_iter().zip(sent.cmd_iter());
        let mut moved = vec![];
        for mut request in batch {
            if request.asking {
                // The answer to ASKING.
                answers.next();
            }
            let (error, command) = match answers.next() {
                Some((Value::ServerError(error), command)) => (error, command),
                Some((value, _)) => {
                    batches.add(request.inbox.as_ref(), Landed::Answer(request.waiting, Ok(value)));
                    continue;
                }
                None => return Err("it answered fewer commands than it got".into()),
            };
            match error.kind() {
                Some(ServerErrorKind::NoScript) => {
                    request.regain(command);
                    unknown.push(request);
                }
                Some(ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain)
                    if core.is_cluster() =>
                {
                    request.regain(command);
                    moved.push((request, error));
                }
                kind => {
                    if matches!(kind, Some(ServerErrorKind::ReadOnly)) {
                        end = Err("it has become a read-only replica".into());
                    }
                    batches.add(request.inbox.as_ref(), Landed::Answer(request.waiting, Err(refused(&error))));
                }
            }
        }
        drop(batches);
        self.laden.notify_one();
        if !moved.is_empty() {
            core.redirect(moved);
        }
        end
    }
}

async fn send(connection: &mut MultiplexedConnection, mut batch: Vec<Request>, replid: &str) -> Batch {
    let mut pipeline = redis::Pipeline::with_capacity(batch.len());
    for request in &mut batch {
        if request.asking {
            pipeline.cmd("ASKING");
        }
        let mut command = std::mem::take(&mut request.command);
        if request.stamped {
            command.arg(replid);
        }
        pipeline.add_command(command);
    }
    let count = pipeline.len();
    let outcome = connection.req_packed_commands(&pipeline, 0, count).await;
    (batch, pipeline, outcome)
}

//! One server: its connections, the commands on their way to it, and whether what goes in comes out.
use super::core::Core;
use super::homes::Homeward;
use super::request::{Queue, Request, refused};
use super::server::{self, Pair, Source, Unusable};
use super::{pushes, scripts};
use crate::engine::Error;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, StreamExt};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{RedisError, ServerErrorKind, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Batches under way at once. What comes meanwhile leaves together with the next: few, so that concurrent commands share
/// round trips and system calls.
const FLYING: usize = 1;
/// Between two looks whether what goes in comes out.
const PROBE: Duration = Duration::from_secs(1);
/// Before the first and the later attempts to connect again.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// One server.
pub(super) struct Link {
    /// Where it is, for a cluster; a name for logs otherwise.
    pub name: String,
    source: Source,
    pub queue: Queue,
    pub subscriptions: pushes::Wishes,
    state: watch::Sender<State>,
    /// The canary's last number, and the last that came back.
    sung: AtomicU64,
    heard: AtomicU64,
    sang: Notify,
    broken: Notify,
    /// The server is no longer one of ours.
    closed: AtomicBool,
}

/// Whether the canary came back the last time.
#[derive(Clone)]
enum State {
    Untried,
    Well,
    /// With the first reason.
    Unwell(String),
}

type Batch = (Vec<Request>, redis::Pipeline, Result<Vec<Value>, RedisError>);

impl Link {
    pub fn new(name: String, source: Source) -> Self {
        Link {
            name,
            source,
            queue: Queue::default(),
            subscriptions: pushes::Wishes::default(),
            state: watch::Sender::new(State::Untried),
            sung: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            sang: Notify::new(),
            broken: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Whether events get through.
    pub fn is_well(&self) -> bool {
        matches!(*self.state.borrow(), State::Well)
    }

    /// Waits until the canary has come back once, or something fails: what is wrong is told before the first client comes.
    pub async fn first_try(&self, patience: Duration) -> Result<(), Unusable> {
        let mut state = self.state.subscribe();
        let tried = tokio::time::timeout(patience, state.wait_for(|state| !matches!(state, State::Untried)));
        let reason = match tried.await.map(|tried| tried.map(|state| state.clone())) {
            Ok(Ok(State::Well)) => return Ok(()),
            Ok(Ok(State::Unwell(reason))) => reason,
            _ => "what was published did not come back".into(),
        };
        Err(Unusable::Deaf(self.name.clone(), reason))
    }

    /// The canary came back.
    pub fn hear(&self, number: u64) {
        self.heard.fetch_max(number, Ordering::Relaxed);
        self.sang.notify_waiters();
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
        let (weak, link) = (Arc::downgrade(core), Arc::downgrade(self));
        let pushed = move |push: redis::PushInfo| {
            if let (Some(core), Some(link)) = (weak.upgrade(), link.upgrade()) {
                pushes::pushed(&core, &link, push);
            }
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
                    if self.is_well() {
                        wait = BACKOFF.0;
                    }
                    self.fell_ill(&format!("lost Redis at {}: {reason}", self.name), reason);
                }
                Err(unusable) => {
                    self.fell_ill(&format!("Redis cannot be used: {unusable}"), unusable.to_string());
                    core.look_at_slots_soon();
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }

    /// One warning a change of state, not one an attempt: a server that takes connections and delivers nothing is lost again
    /// and again.
    fn fell_ill(&self, text: &str, reason: String) {
        let is_new = self.state.send_if_modified(|state| {
            let was_unwell = matches!(state, State::Unwell(_));
            if !was_unwell {
                *state = State::Unwell(reason);
            }
            !was_unwell
        });
        log::log!(if is_new { log::Level::Warn } else { log::Level::Debug }, "{text}; trying again");
    }

    fn got_well(&self, address: &str) {
        if !matches!(self.state.send_replace(State::Well), State::Well) {
            log::info!("events get through Redis at {address}");
        }
    }

    /// Serves until something fails; what it was.
    async fn serve(self: &Arc<Self>, core: &Arc<Core>, pair: Pair) -> String {
        let Pair { commands, pushes: push_connection, replid, address } = pair;
        // What the last connections left behind says nothing of these.
        let _ = self.broken.notified().now_or_never();
        let subscribing = pushes::drive(core, self, push_connection);
        tokio::select! {
            reason = self.drive(core, commands, &replid) => reason,
            reason = subscribing => reason,
            reason = self.probe(core, &replid, &address) => reason,
            () = self.broken.notified() => "the connection ended".into(),
        }
    }

    /// Sends commands as they come, what waits together in one write, and hands out the answers.
    async fn drive(&self, core: &Arc<Core>, mut connection: MultiplexedConnection, replid: &str) -> String {
        let mut flying: FuturesOrdered<BoxFuture<'static, Batch>> = FuturesOrdered::new();
        loop {
            while flying.len() < FLYING {
                let batch = self.queue.take();
                if batch.is_empty() {
                    break;
                }
                flying.push_back(Box::pin(send(connection.clone(), batch, replid.to_owned())));
            }
            tokio::select! {
                biased;
                Some(batch) = flying.next(), if !flying.is_empty() => {
                    let mut unknown = vec![];
                    if let Err(reason) = self.settle(core, batch, &mut unknown) {
                        return reason;
                    }
                    if unknown.is_empty() {
                        continue;
                    }
                    // The server has lost the scripts. What was sent behind failed likewise: all of it goes again, in order.
                    while let Some(batch) = flying.next().await {
                        if let Err(reason) = self.settle(core, batch, &mut unknown) {
                            return reason;
                        }
                    }
                    if let Err(error) = scripts::load(&mut connection).await {
                        return error.to_string();
                    }
                    self.queue.return_all(unknown);
                }
                () = self.queue.filled.notified(), if flying.len() < FLYING => {}
            }
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
        let mut homeward = Homeward::default();
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
                    homeward.add(request.home, request.answer, Ok(value));
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
                    homeward.add(request.home, request.answer, Err(refused(&error)));
                }
            }
        }
        homeward.go();
        if !moved.is_empty() {
            core.redirect(moved);
        }
        end
    }

    /// Looks again and again whether what is published comes back, and whether the server is still the master it was.
    async fn probe(self: &Arc<Self>, core: &Arc<Core>, replid: &str, address: &str) -> String {
        pushes::settled(self).await;
        loop {
            let number = self.sung.fetch_add(1, Ordering::Relaxed) + 1;
            let outcome = tokio::time::timeout(core.patience(), self.look(core, number)).await;
            let told = match outcome {
                Ok(Ok(told)) => told,
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return "what was published did not come back".into(),
            };
            match server::master_id(&told) {
                Some(id) if id == replid => {}
                Some(_) => return "it is not the server that it was".into(),
                None => return "it has become a read-only replica".into(),
            }
            match self.source.find(core.patience()).await {
                Ok(info) if info.addr().to_string() != address => return "another server is the master now".into(),
                _ => {}
            }
            self.got_well(address);
            tokio::time::sleep(PROBE).await;
        }
    }

    /// Publishes the canary, waits until it comes back, and asks the server who it is.
    async fn look(&self, core: &Arc<Core>, number: u64) -> Result<String, Error> {
        let mut song = redis::cmd("PUBLISH");
        song.arg(&core.canary_of(self)[..]).arg(number.to_string());
        let mut info = redis::cmd("INFO");
        info.arg("replication");
        let ((song, sung), (info, told)) = (Request::new(song, false, 0), Request::new(info, false, 0));
        self.queue.push(song);
        self.queue.push(info);
        sung.await.map_err(|_| super::request::lost())??;
        let told = told.await.map_err(|_| super::request::lost())??;
        loop {
            let heard = self.sang.notified();
            if self.heard.load(Ordering::Relaxed) >= number {
                break;
            }
            heard.await;
        }
        redis::from_redis_value(told).map_err(|error| Error::Unreachable(error.to_string()))
    }
}

async fn send(mut connection: MultiplexedConnection, mut batch: Vec<Request>, replid: String) -> Batch {
    let mut pipeline = redis::Pipeline::with_capacity(batch.len());
    for request in &mut batch {
        if request.asking {
            pipeline.cmd("ASKING");
        }
        let mut command = std::mem::take(&mut request.command);
        if request.stamped {
            command.arg(&replid);
        }
        pipeline.add_command(command);
    }
    let count = pipeline.len();
    let outcome = connection.req_packed_commands(&pipeline, 0, count).await;
    (batch, pipeline, outcome)
}

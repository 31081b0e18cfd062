//! Engines: where history, positions, idempotency keys and presence live.
//!
//! # The contract
//! An engine gives each event of a channel with history its position and keeps it; `tests/engine` runs one suite over
//! every engine. The rules:
//!
//! * **One order.** Calls of [`Engine::publish`] for one channel take effect in the order they were made, even if
//!   their answers come later. Offsets of one epoch begin at 1 and have no gap.
//! * **An epoch is a promise.** As long as the epoch stays the same, no event that was given an offset has been lost or
//!   renumbered. An engine that cannot be sure must change the epoch.
//! * **Positions outlive events.** Events are dropped by size and age; the position stays for `meta_ttl` after the last
//!   publish, so a client that comes back late is told that it missed something. [`Engine::remove_history`] drops the
//!   events and keeps the offset.
//! * **A repeated publish is answered, not repeated.** The same idempotency key within its time gets the first answer
//!   again. A version that is not greater than the last one of the same version epoch gets the current position; nothing
//!   is kept or delivered.
//! * **Delivery.** [`Published::Deliver`] asks the calling channel to deliver the event itself, in the order of the
//!   answers. [`Published::OnBus`] says that the event comes back through the bus, to this node as to all others: to the
//!   [`Sink`] that the channel subscribed with, in the order of the positions.
//! * **The bus may be down.** Afterwards [`Sink::resumed`] is called; events published meanwhile did not arrive, and the
//!   channel reads them from the history.
//! * **History is bounded** in number, age and, over all channels, in bytes; events that do not fit are dropped oldest first, which
//!   shows as an unrecoverable position, never as a silent gap.
//! * **A claim is granted once.** Of all calls of [`Engine::claim`] that name an event and a claimant, on all nodes, one finds the event new.
//!   A claim that cannot be remembered is not granted.
//! * **Presence** entries expire unless they are added again.
//! * **Revocations** are reported in the order in which they were made or extended, each at least once; if some may have been
//!   lost, the epoch of the place changes. An engine for one node stores none: the node knows them.
//! * **Nothing blocks.** A method answers at once or with a future; none waits on a lock that is held across IO.
mod claim;
mod event_store;
pub mod memory;
pub mod redis;

pub use claim::{CLAIMANTS_PER_EVENT, Claim, Claimed};
pub use event_store::{Batch, BusEvent, EventBounds, EventStore, NewsSink};

use crate::metrics::Metrics;
use crate::types::{Answer, BoxFuture, ChannelName, ClientInfo, Epoch, Event, Position, Revocation, SessionId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What an engine answers.
pub type EngineAnswer<T> = Answer<T, Error>;

/// Why an engine could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The store behind the engine did not answer; trying again may help, and a publish may have been done.
    #[error("the engine is not reachable: {0}")]
    Unreachable(String),
    /// A bound was reached; `what` names the config key.
    #[error("the limit {0} is reached")]
    Limit(&'static str),
}

/// How long and how much of a channel is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How many events.
    pub size: usize,
    /// For how long each.
    pub ttl: Duration,
    /// For how long the position is kept after the last publish.
    pub meta_ttl: Duration,
}

/// How an event is to be published.
#[derive(Debug, Clone, Default)]
pub struct PublishOptions {
    /// Keep the event; none for a channel without history or for a publish that skips it.
    pub retention: Option<Retention>,
    /// Answer a repetition with the first answer.
    pub idempotency: Option<Idempotency>,
    /// Refuse to go back in versions.
    pub version: Option<Version>,
    /// For this node alone: an engine that nodes share answers [`Published::Deliver`], and nothing goes over its bus. Nor is
    /// anything kept or remembered there, whatever the others say: that is for all nodes.
    pub local: bool,
    /// Tells the publisher's channel that the event has come back to it over a bus: [`Sink::event`] is given this number, on this
    /// node alone.
    pub turn: Option<u64>,
}

/// Names a publish, so that it can be repeated safely.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The publisher's key, unique in the channel.
    pub key: Arc<str>,
    /// For how long the answer is remembered.
    pub ttl: Duration,
}

/// The version of the state that an event carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Grows with each change; only a greater one is accepted.
    pub version: u64,
    /// Names a life of the counter; a new one accepts any version. An empty one names none and is compared with the last
    /// version whatever its epoch, as Centrifugo does.
    pub epoch: Arc<str>,
}

/// What became of a publish.
#[derive(Debug, Clone)]
pub enum Published {
    /// Accepted: the channel delivers this event, whose position is set if it has one.
    Deliver(Arc<Event>),
    /// Accepted: the bus brings the event to every node.
    OnBus(Option<Position>),
    /// A repetition or an old version: nothing is delivered; the answer to give.
    Repeated(Option<Position>),
}

/// What became of a publish that the bus brings to all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The answer to give.
    pub position: Option<Position>,
    /// False for a repetition or an old version, of which nothing is delivered.
    pub is_new: bool,
}

impl From<Accepted> for Published {
    fn from(Accepted { position, is_new }: Accepted) -> Self {
        if is_new { Published::OnBus(position) } else { Published::Repeated(position) }
    }
}

/// Is told what became of a publish. Where an engine drops it instead, the outcome is unknown.
pub type PublishCallback = Box<dyn FnOnce(Result<Accepted, Error>) + Send>;

/// A part of a channel's history.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The events in the order asked for.
    pub events: Vec<Arc<Event>>,
    /// The newest position; offset 0 where nothing has been published.
    pub top: Position,
    /// Whether nothing is missing between the position asked from and the first event kept: same epoch (or none named),
    /// not ahead of the top, and everything after it still there. True where no position was asked from.
    pub complete: bool,
}

/// Which part of a history.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    /// Only events after it (before it, newest first, with `reverse`). An empty epoch matches any.
    pub since: Option<Position>,
    /// How many at most; 0 for the top position alone.
    pub limit: usize,
    /// Newest first.
    pub reverse: bool,
}

/// How many are present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PresenceStats {
    /// Sessions.
    pub clients: usize,
    /// Different users among them.
    pub users: usize,
}

/// A part of the revocations that an engine keeps.
#[derive(Debug, Clone)]
pub struct RevocationPage {
    /// Each with the time for which it is still kept.
    pub kept: Vec<(Revocation, Duration)>,
    /// The place to go on from.
    pub upto: Position,
    /// There are more by now.
    pub has_more: bool,
}

/// Which engine: the config key `engine`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One node, everything in its memory.
    #[default]
    Memory,
    /// Many nodes on one Redis.
    Redis,
}

/// Takes what the bus brings for one channel. Called on the thread that subscribed, where it has a runtime, and on the engine's
/// otherwise: it must not wait.
pub trait Sink: Send + Sync {
    /// An event, in the order of the bus; `turn` is that of its [`PublishOptions`], where this node has published it.
    fn event(&self, event: Event, turn: Option<u64>);

    /// Somebody joined, or left.
    fn notice(&self, joined: bool, info: Arc<ClientInfo>);

    /// The bus is back; what was published while it was away did not come.
    fn resumed(&self);

    /// Events did not fit on their way. In its place among those that did.
    fn lost(&self);
}

/// Takes what other nodes say to this one. Called on the engine's thread: it must not wait.
pub trait ControlSink: Send + Sync {
    /// Another node, or this one, said this.
    fn heard(&self, words: Bytes);
}

/// Takes what other programs publish. Called on the engine's thread: it must not wait.
pub trait Tap: Send + Sync {
    /// Somebody published this under a name.
    fn heard(&self, name: &[u8], payload: Bytes);

    /// The way to it was lost and is back: what was published meanwhile was not heard.
    fn resumed(&self);
}

/// The way to the other nodes that share an engine.
pub trait Peers: Send + Sync {
    /// Announces this node under its id, from now on until it leaves or the engine is dropped, and hears what is said to it.
    fn attend(&self, id: &str, sink: Arc<dyn ControlSink>);

    /// Takes the announcement back: the node stops, and the others need not wait for what it would answer.
    fn leave(&self, id: &str) -> EngineAnswer<()>;

    /// Says something to one node, or to all: this one hears it, too.
    fn say(&self, to: Option<&str>, words: Bytes) -> EngineAnswer<()>;

    /// Publishes as [`Engine::publish`] does, in one order with it, and never for this node alone; whoever is `told` may be so on
    /// another thread. No channel is needed where it is called: the bus brings the event to those that there are.
    fn publish(&self, event: &Event, options: PublishOptions, told: PublishCallback);

    /// Hears what other programs publish under names of this pattern, from now on until the engine is dropped.
    fn tap(&self, pattern: &str, tap: Arc<dyn Tap>);

    /// The ids of the nodes that are announced. While the store is away, those that were known last.
    fn nodes(&self) -> BoxFuture<Vec<String>>;
}

/// Opens the engine that the config names.
pub fn open(
    kind: Kind,
    memory: memory::Config,
    redis: &redis::Config,
    metrics: &Metrics,
) -> Result<Opened, redis::OpenError> {
    match kind {
        Kind::Memory => Ok(Opened::Memory(Arc::new(memory::MemoryEngine::new(memory)))),
        Kind::Redis => Ok(Opened::Shared(Arc::new(redis::RedisEngine::open(redis, metrics.clone())?))),
    }
}

/// An engine that has been opened.
pub enum Opened {
    /// The memory engine, which wants to be swept.
    Memory(Arc<memory::MemoryEngine>),
    /// One that nodes share, which looks after itself.
    Shared(Arc<dyn Engine>),
}

/// Where history, presence and the way between nodes live. See the module's text for the contract.
pub trait Engine: Send + Sync + 'static {
    /// The engine's name for logs and `info`.
    fn name(&self) -> &'static str;

    /// Whether several nodes share what it keeps, and hear each other's events through it.
    fn is_shared(&self) -> bool {
        false
    }

    /// Gives the event its position, keeps it as the options say, and hands it on.
    fn publish(&self, event: Event, options: PublishOptions) -> EngineAnswer<Published>;

    /// Begins to receive a channel's events from the bus; the answer comes when nothing published from then on is missed.
    /// There is one sink a channel: the last one given.
    fn subscribe(&self, channel: &ChannelName, sink: Arc<dyn Sink>) -> EngineAnswer<()>;

    /// Whether the bus brings a channel's events that is subscribed to: answers when nothing published from then on is missed,
    /// at once where the subscription stands.
    fn stands(&self, _channel: &ChannelName) -> EngineAnswer<()> {
        Answer::ok(())
    }

    /// Stops receiving a channel's events.
    fn unsubscribe(&self, channel: &ChannelName) -> EngineAnswer<()>;

    /// Reads history. `retention` makes the position of a channel that has none yet.
    fn history(&self, channel: &ChannelName, query: HistoryQuery, retention: Retention) -> EngineAnswer<HistoryPage>;

    /// Drops a channel's events and keeps its position.
    fn remove_history(&self, channel: &ChannelName) -> EngineAnswer<()>;

    /// Notes that claimants receive events of a channel, and tells which of these events are new to them.
    fn claim(&self, channel: &ChannelName, claim: Claim) -> EngineAnswer<Claimed>;

    /// Adds or renews a presence entry that ends by itself after `ttl`.
    fn add_presence(&self, channel: &ChannelName, info: Arc<ClientInfo>, ttl: Duration) -> EngineAnswer<()>;

    /// Removes a presence entry; nothing happens if there is none.
    fn remove_presence(&self, channel: &ChannelName, client: SessionId) -> EngineAnswer<()>;

    /// Who is present.
    fn presence(&self, channel: &ChannelName) -> EngineAnswer<Vec<Arc<ClientInfo>>>;

    /// How many are present.
    fn presence_stats(&self, channel: &ChannelName) -> EngineAnswer<PresenceStats>;

    /// Keeps a revocation for this long, for nodes that start later and for those that share the engine. One that is kept
    /// already is kept for the longer time, and reaches up to the later one.
    fn revoke(&self, _revocation: &Revocation, _ttl: Duration) -> EngineAnswer<()> {
        Answer::ok(())
    }

    /// What has been revoked after a place, or at all; from another epoch on, all. Asked once a second by every node that
    /// shares the engine, so where there is nothing new it must cost little.
    fn revocations(&self, _since: Option<&Position>) -> EngineAnswer<RevocationPage> {
        let upto = Position { offset: 0, epoch: Epoch::new("") };
        Answer::ok(RevocationPage { kept: vec![], upto, has_more: false })
    }

    /// Tells of a join or a leave over the bus, to this node as to all others. False where there is none: the channel tells
    /// those who listen here by itself.
    fn announce(&self, _channel: &ChannelName, _joined: bool, _info: &Arc<ClientInfo>) -> bool {
        false
    }

    /// A store of an events bus that the nodes share; none where the engine is this node's alone.
    fn event_store(&self, _bounds: EventBounds) -> Option<Arc<dyn EventStore>> {
        None
    }

    /// The other nodes that share this engine; none where it is this node's alone.
    fn peers(&self) -> Option<&dyn Peers> {
        None
    }

    /// Why events do not get through just now; none where they do.
    fn trouble(&self) -> Option<&'static str> {
        None
    }
}

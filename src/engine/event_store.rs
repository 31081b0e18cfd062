//! The store of an events bus: events, and how far each subscription has read.
//!
//! # The contract
//! * **Each event once per subscription**, whoever reads: [`EventStore::take`] hands events out and moves on, in one step. What has been
//!   handed out is not handed out again; what has not is kept within the bounds.
//! * **One order.** A subscription is handed its events in the order in which they were appended.
//! * **A subscription begins with the events that come after it.** Other topics, or a renewal, do not move it.
//! * **News comes after the event**: [`NewsSink::news`] names each subscription that an event is for, on every node that shares the store,
//!   once it can be taken there. Who registers for news first and takes then misses nothing.
//! * **Bounded**: the oldest events go first. A subscription that nobody uses for the idle time ends.
//!
//! `tests/engine/event_store.rs` runs one suite over every store.
use super::EngineAnswer;
use crate::types::Json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The config key of [`EventBounds::events`].
pub const EVENTS_KEY: &str = "backstage.bus_events";
/// The config key of [`EventBounds::bytes`].
pub const BYTES_KEY: &str = "backstage.bus_bytes";
/// The config key of [`EventBounds::subscriptions`].
pub const SUBSCRIPTIONS_KEY: &str = "backstage.bus_subscriptions";

/// An event of an events bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// What it is about.
    pub topic: Arc<str>,
    /// What it says.
    pub payload: Json,
}

/// The bounds of a store of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventBounds {
    /// Events that are kept; the oldest go.
    pub events: usize,
    /// Bytes of topics, payloads and ids of notified subscriptions that are kept; the oldest events go.
    pub bytes: usize,
    /// Subscriptions; one more is refused.
    pub subscriptions: usize,
    /// How long a subscription stays that is neither renewed nor read.
    pub idle: Duration,
}

/// How much is handed out at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Events.
    pub events: usize,
    /// Bytes of their topics and payloads; one event is handed out even if it is larger.
    pub bytes: usize,
}

/// Is told that there is something to take. Called on any thread: it must not wait.
pub trait NewsSink: Send + Sync {
    /// An event for this subscription can be taken, or its topics have changed.
    fn news(&self, subscription: &str);

    /// News may have been missed: there may be something for any subscription.
    fn resumed(&self);
}

/// Where the events of a bus live. See the module's text for the contract.
pub trait EventStore: Send + Sync + 'static {
    /// Tells this sink of news from now on. There is one: the last one given.
    fn attend(&self, sink: Arc<dyn NewsSink>);

    /// Makes a subscription, or gives one other topics and renews it. Fails with [`super::Error::Limit`] where there are as many as
    /// there may be.
    fn subscribe(&self, id: &str, topics: BTreeSet<String>) -> EngineAnswer<()>;

    /// Keeps an event if there is a subscription to its topic that is not among `notified`, for which it is no news; whether there is.
    fn append(&self, event: BusEvent, notified: BTreeSet<String>) -> EngineAnswer<bool>;

    /// Hands out the next events of a subscription, and renews it; none where there is no such subscription.
    fn take(&self, id: &str, most: Batch) -> EngineAnswer<Option<Vec<BusEvent>>>;
}

impl BusEvent {
    /// Bytes of topic and payload.
    pub(super) fn bytes(&self) -> usize {
        self.topic.len() + self.payload.bytes().len()
    }
}

//! The events bus of Backstage: plugins subscribe to topics under an id, and each event is handed out once per id.
//!
//! | file | what lives there |
//! |---|---|
//! | `subscription` | subscriptions of Rust code |
//! | `waiting` | the polls that wait for events |
//! | `signalling` | events on the topic `signals`, which are sent as signals |
//! | `error` | why something is not done |
//!
//! Where the events live is for the engine: [`EventStore`].
//!
//! Source: `createEventBusRouter` and `MemoryEventBusStore` of `@backstage/plugin-events-backend` 0.6.
mod error;
mod signalling;
mod subscription;
mod waiting;

pub use crate::engine::BusEvent;
pub use error::BusError;
pub use subscription::EventsSubscription;
pub use waiting::WaitingPoll;

use crate::broker::Node;
use crate::engine::{self, Batch, EventStore};
use crate::metrics::Metrics;
use crate::types::Json;
use std::sync::Arc;
use std::time::Duration;
use waiting::{NoPlace, WaitingPolls};

/// The most bytes of an id, and of a topic.
const MAX_NAME: usize = 255;
/// The most topics of a subscription.
const MAX_TOPICS: usize = 256;
/// The most ids of subscriptions that an event names because they have it already.
const MAX_NOTIFIED: usize = 1_000;
/// How much one poll is answered. Source for the number of events: `MAX_BATCH_SIZE` of the original, which does not bound their bytes.
const BATCH: Batch = Batch { events: 10, bytes: 1024 * 1024 };
/// The config key of [`BusTerms::polls`].
const POLLS_KEY: &str = "backstage.bus_polls";

/// What the config says of the bus beside the bounds of its store.
#[derive(Debug, Clone, Copy)]
pub struct BusTerms {
    /// Bytes of a topic and a payload together; more is refused.
    pub event_bytes: usize,
    /// Polls that may wait.
    pub polls: usize,
    /// How long each may wait.
    pub poll_timeout: Duration,
    /// Whether events on the topic `signals` are sent as signals.
    pub signals: bool,
}

/// What all handles of a bus share; an extension of the node's handlers.
pub(crate) struct Bus {
    store: Arc<dyn EventStore>,
    waiting: Arc<WaitingPolls>,
    terms: BusTerms,
}

impl Bus {
    /// A bus on this store.
    pub fn new(store: Arc<dyn EventStore>, terms: BusTerms, metrics: &Metrics) -> Arc<Self> {
        let waiting = WaitingPolls::new(terms.polls, metrics.clone());
        store.attend(waiting.clone());
        Arc::new(Bus { store, waiting, terms })
    }
}

/// The events bus of a broker. Cheap to clone.
#[derive(Clone)]
pub struct EventsBus {
    bus: Arc<Bus>,
    node: Node,
}

/// The answer to a poll.
pub enum Polled {
    /// The next events, at most ten.
    Events(Vec<BusEvent>),
    /// There is none; one may come while this waits.
    Waiting(WaitingPoll),
}

impl EventsBus {
    /// The bus of a broker; none where `backstage.bus` is off.
    pub fn of(node: &Node) -> Option<Self> {
        node.handlers().extension::<Bus>().map(|bus| EventsBus { bus, node: node.clone() })
    }

    /// Publishes an event to every subscription to its topic. True where it is kept for somebody, or was sent as a signal. Fails with
    /// [`BusError::Invalid`] where the topic is empty or longer than 255 bytes or the event is larger than `backstage.bus_body`.
    pub async fn publish(&self, topic: &str, payload: Json) -> Result<bool, BusError> {
        self.publish_beside(topic, payload, vec![]).await
    }

    /// The same, but for these subscriptions, which have it already: at most 1,000.
    pub async fn publish_beside(&self, topic: &str, payload: Json, notified: Vec<String>) -> Result<bool, BusError> {
        check_name("topic", topic)?;
        if notified.len() > MAX_NOTIFIED {
            return Err(BusError::Invalid(format!("notifiedSubscribers: there are more than {MAX_NOTIFIED}")));
        }
        if topic.len() + payload.bytes().len() > self.bus.terms.event_bytes {
            let most = self.bus.terms.event_bytes;
            return Err(BusError::Invalid(format!("the event is larger than {most} bytes (backstage.bus_body)")));
        }
        let is_signal = self.bus.terms.signals && topic == signalling::TOPIC;
        let is_sent = is_signal && signalling::send(&self.node, &payload).await;
        let event = BusEvent { topic: topic.into(), payload };
        let is_kept = self.bus.store.append(event, notified.into_iter().collect()).wait().await.map_err(of_engine)?;
        self.count(if is_kept { "kept" } else { "skipped" }, 1);
        Ok(is_kept || is_sent)
    }

    /// Makes a subscription, or gives one other topics. It gets the events that are published from then on. Fails with
    /// [`BusError::Invalid`] where the id, or a topic, is empty or longer than 255 bytes, or there are more than 256 topics; and with
    /// [`BusError::Full`] where there are as many subscriptions as `backstage.bus_subscriptions`.
    pub async fn put(&self, id: &str, topics: Vec<String>) -> Result<(), BusError> {
        check_name("the id of a subscription", id)?;
        if topics.len() > MAX_TOPICS {
            return Err(BusError::Invalid(format!("topics: there are more than {MAX_TOPICS}")));
        }
        topics.iter().try_for_each(|topic| check_name("topics: a topic", topic))?;
        self.bus.store.subscribe(id, topics.into_iter().collect()).wait().await.map_err(of_engine)
    }

    /// Takes the next events of a subscription, or a place to wait for them. Several may poll one subscription: each event goes to one of
    /// them. Fails with [`BusError::NoSubscription`] where there is none, [`BusError::Full`] where as many polls wait as
    /// `backstage.bus_polls`, and [`BusError::Stopping`].
    pub async fn poll(&self, id: &str) -> Result<Polled, BusError> {
        let place = self.bus.waiting.enter(&id.into()).map_err(|no_place| match no_place {
            NoPlace::Full => {
                self.node.metrics().reached(POLLS_KEY);
                BusError::Full(POLLS_KEY)
            }
            NoPlace::Closed => BusError::Stopping,
        })?;
        let taken = self.bus.store.take(id, BATCH).wait().await.map_err(of_engine)?;
        let events = taken.ok_or(BusError::NoSubscription)?;
        self.count("delivered", events.len());
        Ok(if events.is_empty() { Polled::Waiting(place) } else { Polled::Events(events) })
    }

    /// Makes a subscription for Rust code, as [`EventsBus::put`] does. By convention the id begins with the id of a plugin and a dot.
    pub async fn subscribe(&self, id: &str, topics: &[&str]) -> Result<EventsSubscription, BusError> {
        let topics: Vec<String> = topics.iter().map(|topic| (*topic).to_owned()).collect();
        self.put(id, topics.clone()).await?;
        Ok(EventsSubscription::new(self.clone(), id.into(), topics))
    }

    /// How long a poll may wait.
    pub fn poll_timeout(&self) -> Duration {
        self.bus.terms.poll_timeout
    }

    /// The broker that it is of.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Ends all polls that wait, and lets none wait from now on.
    pub(crate) fn close(&self) {
        self.bus.waiting.close();
    }

    fn count(&self, outcome: &str, events: usize) {
        (0..events).for_each(|_| Metrics::count(&self.node.metrics().bus, outcome));
    }
}

fn check_name(what: &str, name: &str) -> Result<(), BusError> {
    match name.len() {
        0 => Err(BusError::Invalid(format!("{what} is empty"))),
        1..=MAX_NAME => Ok(()),
        _ => Err(BusError::Invalid(format!("{what} is longer than {MAX_NAME} bytes"))),
    }
}

fn of_engine(error: engine::Error) -> BusError {
    match error {
        engine::Error::Limit(key) => BusError::Full(key),
        engine::Error::Unreachable(_) => BusError::Unreachable,
    }
}

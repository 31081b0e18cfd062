//! One channel with listeners in Rust: where its events come from, and who listens.
use super::queue::EventQueue;
use super::register::Register;
use super::{ListenerId, Loss};
use crate::broker::Node;
use crate::broker::channel::Membership;
use crate::delivery::{Body, Delivered, Delivery, Lag, ListenerKey, Naming, Outlet, Ticket, WhenFull};
use crate::filter::{View, chained};
use crate::metrics::Metrics;
use crate::protocol::{Push, Recovered, Reply};
use crate::types::{ChannelName, Disconnect, Event, Group, Position};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// The listeners of a channel have one place together; in a channel that shows another space each has its own, as each sees what its
/// session may see.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TopicKey {
    pub channel: ChannelName,
    pub guest: Option<ListenerId>,
}

/// Where a channel is heard, and what of it.
#[derive(Clone)]
pub(super) struct Place {
    /// Where its events come from: the channel, or what it shows.
    pub listened: ChannelName,
    /// Of a channel that shows another space: the room of which, if it is one.
    pub room: Option<Option<Group>>,
    pub view: Option<Rc<dyn View>>,
    pub listeners: Rc<Listeners>,
}

/// One channel that is listened to.
pub(super) struct Topic {
    pub place: Place,
    pub key: ListenerKey,
    /// Tells a join from those before it.
    pub turn: u64,
    /// None while the join is under way.
    pub membership: Option<Membership>,
    /// Listeners that hear nothing until it is done, or the bus brings again what is published: what is brought until then is
    /// older than they are.
    pub waiting: Vec<Register>,
    /// It stood before, and shall again.
    pub is_back: bool,
}

/// The listeners to one channel, in the order in which they came.
pub(super) struct Listeners {
    /// The name that the listeners know the channel by, where that shows another.
    pub shown_as: Option<ChannelName>,
    pub queues: RefCell<BTreeMap<ListenerId, Arc<EventQueue>>>,
    /// The last event that they were given, where events have positions.
    pub last: RefCell<Option<Position>>,
    metrics: Metrics,
}

impl Place {
    /// Where a listener will hear its channel, and what it will hear.
    pub fn of(register: &Register, node: &Node) -> Self {
        let channel = &register.channel;
        // Its name was looked at when it was asked for.
        match node.channels().source(channel).ok().flatten() {
            None => Place { listened: channel.clone(), room: None, view: None, listeners: Listeners::new(node, None) },
            Some(source) => {
                let view_of = &register.view_of;
                let view = source.view(chained(view_of(&source.channel), view_of(channel)));
                let listeners = Listeners::new(node, Some(channel.clone()));
                Place { listened: source.channel, room: Some(source.room), view: Some(view), listeners }
            }
        }
    }
}

impl Topic {
    /// Whether nobody listens or waits to.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.place.listeners.queues.borrow().is_empty()
    }
}

impl Listeners {
    fn new(node: &Node, shown_as: Option<ChannelName>) -> Rc<Self> {
        let metrics = node.metrics().clone();
        Rc::new(Listeners { shown_as, queues: RefCell::default(), last: RefCell::default(), metrics })
    }

    pub fn add(&self, register: Register) {
        self.queues.borrow_mut().insert(register.id, register.queue);
        let _ = register.answer.send(Ok(()));
    }

    fn hear(&self, event: &Arc<Event>) {
        if event.position.is_some() {
            self.last.borrow_mut().clone_from(&event.position);
        }
        let shown_as = self.shown_as.clone();
        let renamed = shown_as.map(|channel| Arc::new(Event { channel, ..(**event).clone() }));
        let event = renamed.as_ref().unwrap_or(event);
        for queue in self.queues.borrow().values() {
            if queue.push(event) {
                Metrics::count(&self.metrics.drops, "listener");
            }
        }
    }

    pub fn lose(&self, loss: Loss) {
        self.queues.borrow().values().for_each(|queue| queue.lose(loss));
    }
}

impl Outlet for Listeners {
    fn deliver(&self, delivery: &Delivery, _: Naming<'_>, _: WhenFull) -> Delivered {
        let Body::Event(event) = &delivery.body else { return Delivered::Skipped };
        self.hear(event);
        Delivered::Queued
    }

    fn push(&self, _: &Push) {}

    fn answer(&self, _: Ticket, _: Reply) {}

    fn done(&self, _: Ticket) {}

    fn lagged(&self, lag: &Lag) {
        self.lose(lag.loss);
    }

    fn close(&self, _: Disconnect) {}
}

impl Listeners {
    pub fn recover(&self, recovered: Recovered, top: Option<&Position>) {
        if recovered.complete {
            return recovered.events.iter().for_each(|event| self.hear(event));
        }
        let last = self.last.borrow().clone();
        let missed = last.zip(top).filter(|(last, top)| last.epoch == top.epoch);
        let count = missed.map(|(last, top)| top.offset.saturating_sub(last.offset));
        self.lose(count.map_or(Loss::UNKNOWN, |count| Loss { count, is_exact: true }));
    }
}

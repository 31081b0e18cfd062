//! What the sessions and connections of one worker thread share: its hub, its deadlines, the addresses of channels.
use super::Node;
use super::channel::{Join, Publish, Unsent};
use super::deadline::Deadlines;
use super::hub::{Bounds, Given, Hub, HubHandle, HubId, HubTable, Lagging};
use super::registry::Routed;
use crate::delivery::{Listener, ListenerKey, ListenerStatus, Since};
use crate::types::ChannelName;
use actix::prelude::*;
use foldhash::quality::RandomState;
use prometheus_client::metrics::counter::Counter;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tokio::sync::mpsc;

/// One worker thread of one broker.
pub struct Worker {
    node: Node,
    hub: HubHandle,
    table: Rc<RefCell<HubTable>>,
    deadlines: Rc<Deadlines>,
    outbox_bytes: Arc<AtomicI64>,
    pace: Cell<u64>,
    published: RefCell<HashMap<String, Counter, RandomState>>,
}

thread_local! {
    /// The worker of each broker that runs on this thread: an app may be made several times on one thread, once a socket.
    static HERE: RefCell<HashMap<String, Weak<Worker>>> = RefCell::default();
}

impl Worker {
    /// The worker of this thread, made at the first call. Needs an actix runtime.
    pub fn here(node: &Node) -> Rc<Self> {
        Self::on_this_thread(node, true)
    }

    /// The same on a thread that serves no clients: no channel is placed there.
    pub fn beside(node: &Node) -> Rc<Self> {
        Self::on_this_thread(node, false)
    }

    fn on_this_thread(node: &Node, serves_clients: bool) -> Rc<Self> {
        HERE.with(|here| {
            let mut here = here.borrow_mut();
            if let Some(worker) = here.get(node.id()).and_then(Weak::upgrade) {
                return worker;
            }
            here.retain(|_, worker| worker.strong_count() > 0);
            let worker = Rc::new(Self::start(node.clone(), serves_clients));
            worker.stay();
            here.insert(node.id().to_owned(), Rc::downgrade(&worker));
            worker
        })
    }

    /// Lives as long as its thread: the node knows its hub from now on, so a new one for each client that comes to a
    /// thread without clients would never be given back.
    fn stay(self: &Rc<Self>) {
        let worker = self.clone();
        actix_rt::spawn(async move { worker.hub.inlet.closed().await });
    }

    fn start(node: Node, is_worker: bool) -> Self {
        let limits = node.limits();
        let bounds =
            Bounds { join_buffer: limits.join_buffer, groups: limits.groups_per_session, lag_pace: limits.lag_pace };
        let given = Given::new(node.engine().clone(), node.metrics().clone());
        let table = HubTable::new(bounds, node.homes().rounds().clone(), given, node.metrics().clone());
        let table = Rc::new(RefCell::new(table));
        let (inlet, items) = mpsc::channel(limits.hub_queue);
        let addr = Hub::new(table.clone(), items).start().recipient();
        let arbiter = Arbiter::current();
        let hub = node.hubs().add(|id| HubHandle { id, arbiter, inlet, addr, is_worker });
        let outbox_bytes = node.metrics().outbox_of_worker();
        let (deadlines, published) = (Deadlines::start(), RefCell::default());
        Worker { node, hub, table, deadlines, outbox_bytes, pace: Cell::new(0), published }
    }

    /// The broker.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// The hub's name.
    pub fn hub(&self) -> HubId {
        self.hub.id
    }

    /// The deadlines of this thread.
    pub fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    /// The sum of what is queued on this thread.
    pub fn outbox_bytes(&self) -> &Arc<AtomicI64> {
        &self.outbox_bytes
    }

    /// A number that spreads what would otherwise happen at once, from 0 up to but not including 1.
    pub fn spread(&self) -> f64 {
        // Steps of the golden ratio fill the interval evenly, however many are asked for.
        const STEP: f64 = 0.618_033_988_749_895;
        let turn = self.pace.get();
        self.pace.set(turn + 1);
        (turn as f64 * STEP).fract()
    }

    /// Puts a listener in the hub.
    pub fn listen(&self, channel: &ChannelName, listener: Listener) -> ListenerKey {
        let key = self.table.borrow_mut().add(channel, listener);
        self.with_listener(channel, key, |listener| {
            if let Some(view) = &mut listener.view {
                view.on_decided(self.release_of(channel.clone(), key));
            }
        });
        key
    }

    /// Sends a listener what its view has decided about.
    fn release_of(&self, channel: ChannelName, key: ListenerKey) -> Rc<dyn Fn()> {
        let (table, hub) = (Rc::downgrade(&self.table), self.hub.addr.clone());
        Rc::new(move || {
            let is_cut = table.upgrade().is_some_and(|table| table.borrow_mut().release(&channel, key));
            if is_cut {
                hub.do_send(Lagging::Cut(channel.clone(), key));
            }
        })
    }

    /// Takes a listener out of the hub.
    pub fn unlisten(&self, channel: &ChannelName, key: ListenerKey) {
        self.table.borrow_mut().remove(channel, key);
    }

    /// Whether a listener has missed something, and has to be taken anew. One that has been meanwhile has not.
    pub fn is_cut(&self, channel: &ChannelName, key: ListenerKey) -> bool {
        self.table.borrow_mut().listener(channel, key).is_some_and(|listener| listener.is_cut())
    }

    /// A listener missed something while it joined: it is told to come back in its turn, now that its client knows of the join.
    pub fn come_back(&self, channel: &ChannelName, key: ListenerKey) {
        self.hub.addr.do_send(Lagging::Cut(channel.clone(), key));
    }

    /// Changes a listener; none where it is gone.
    pub fn with_listener<T>(
        &self,
        channel: &ChannelName,
        key: ListenerKey,
        change: impl FnOnce(&mut Listener) -> T,
    ) -> Option<T> {
        self.table.borrow_mut().listener(channel, key).map(change)
    }

    /// Where a listener stands; none where it is gone.
    pub fn status(&self, channel: &ChannelName, key: ListenerKey) -> Option<ListenerStatus> {
        self.table.borrow().status(channel, key)
    }

    /// The listener's reply is in its outbox: what was held back follows.
    pub fn go_live(&self, channel: &ChannelName, key: ListenerKey, since: Since) {
        self.table.borrow_mut().go_live(channel, key, since);
    }

    /// Sends a publish to the bus, or to its channel. Publishes sent from one thread to one channel arrive in this order.
    pub fn publish(&self, publish: Publish) {
        if let Some(bus) = self.node.channels().bus_for(&publish) {
            return bus.publish(publish, |namespace| self.published(namespace));
        }
        let channel = publish.channel.clone();
        let sent = match self.table.borrow().route(&channel) {
            Some(address) => address.publish(publish),
            None => Err(Unsent::Ended(Box::new(publish))),
        };
        match sent {
            Ok(()) => {}
            Err(Unsent::Full(publish)) => Routed::Publish(publish).refuse_full("channel_queue", self.node.metrics()),
            Err(Unsent::Ended(publish)) => self.ask_registry(&channel, Routed::Publish(publish)),
        }
    }

    /// Counts what is published in a namespace, of which there are as many as the config names.
    fn published(&self, namespace: &str) -> Counter {
        let mut published = self.published.borrow_mut();
        if let Some(counter) = published.get(namespace) {
            return counter.clone();
        }
        let counter = self.node.metrics().namespace(namespace).publishes;
        published.insert(namespace.to_owned(), counter.clone());
        counter
    }

    /// Sends a join to its channel.
    pub fn join(&self, join: Join) {
        let channel = join.channel.clone();
        let route = self.table.borrow().route(&channel).filter(|address| address.is_there()).cloned();
        match route {
            // Bounded by the session's joins under way.
            Some(address) => address.join(join),
            None => self.ask_registry(&channel, Routed::Join(join)),
        }
    }

    fn ask_registry(&self, channel: &ChannelName, what: Routed) {
        let passing = self.table.borrow_mut().pass(channel);
        self.node.channels().route(self.hub.id, what, passing);
    }
}

//! The hub of a worker: delivers each channel's events to the listeners on its thread.
use super::listener::{Listener, Offered, Since};
use super::message::{HubItem, Lagging, SessionOrder};
use super::{Body, Channel, Delivery, Seq};
use crate::metrics::{Metrics, NamespaceMetrics};
use crate::types::ChannelName;
use actix::prelude::*;
use foldhash::quality::RandomState;
use slab::Slab;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Names a hub among those of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HubId(pub usize);

/// Names a listener in its hub and channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerKey(usize);

/// The listeners and known channels of one worker. Sessions on the thread change it directly; the hub delivers.
pub struct HubTable {
    local: HashMap<ChannelName, Local, RandomState>,
    routes: HashMap<ChannelName, Addr<Channel>, RandomState>,
    join_buffer: usize,
    metrics: Metrics,
}

struct Local {
    listeners: Slab<Listener>,
    counted: NamespaceMetrics,
}

impl HubTable {
    /// An empty table. At most `join_buffer` deliveries are held back for a listener that joins.
    pub fn new(join_buffer: usize, metrics: Metrics) -> Self {
        HubTable { local: HashMap::default(), routes: HashMap::default(), join_buffer, metrics }
    }

    /// Puts a listener in.
    pub fn add(&mut self, channel: &ChannelName, listener: Listener) -> ListenerKey {
        let metrics = &self.metrics;
        let local = self
            .local
            .entry(channel.clone())
            .or_insert_with(|| Local { listeners: Slab::new(), counted: metrics.namespace(channel.namespace()) });
        self.metrics.listeners.inc();
        ListenerKey(local.listeners.insert(listener))
    }

    /// Takes a listener out.
    pub fn remove(&mut self, channel: &ChannelName, key: ListenerKey) {
        let Some(local) = self.local.get_mut(channel) else { return };
        if local.listeners.try_remove(key.0).is_some() {
            self.metrics.listeners.dec();
        }
        if local.listeners.is_empty() {
            self.local.remove(channel);
        }
    }

    /// Changes a listener.
    pub fn listener(&mut self, channel: &ChannelName, key: ListenerKey) -> Option<&mut Listener> {
        self.local.get_mut(channel)?.listeners.get_mut(key.0)
    }

    /// Ends a listener's join.
    pub fn go_live(&mut self, channel: &ChannelName, key: ListenerKey, since: Since) {
        let Some(local) = self.local.get_mut(channel) else { return };
        if let Some(listener) = local.listeners.get_mut(key.0) {
            listener.go_live(since);
        }
    }

    /// The address of a channel, if this worker has been told it.
    pub fn route(&self, channel: &ChannelName) -> Option<&Addr<Channel>> {
        self.routes.get(channel)
    }

    /// Forgets the address of a channel.
    pub fn forget(&mut self, channel: &ChannelName) {
        self.routes.remove(channel);
    }

    /// Hands a delivery to its listeners. `after` is the last one before it that this hub was sent.
    fn deliver(&mut self, delivery: &Arc<Delivery>, after: Seq) {
        let Some(local) = self.local.get_mut(&delivery.channel) else { return };
        if delivery.seq > after + 1 {
            local.lag(&delivery.channel, delivery.seq - 1, &self.metrics);
        }
        let mut sent = 0;
        for (_, listener) in &mut local.listeners {
            if listener.offer(delivery, self.join_buffer) == Offered::Sent {
                sent += 1;
            }
        }
        if matches!(delivery.body, Body::Event(_)) {
            local.counted.deliveries.inc_by(sent);
            self.metrics.delivery_seconds.observe(delivery.accepted.elapsed().as_secs_f64());
        }
    }

    fn lag(&mut self, channel: &ChannelName, upto: Seq) {
        if let Some(local) = self.local.get_mut(channel) {
            local.lag(channel, upto, &self.metrics);
        }
    }
}

impl Local {
    /// Deliveries up to `upto` never arrived: those who should have had them are told to come back (decision 23a).
    fn lag(&mut self, channel: &ChannelName, upto: Seq, metrics: &Metrics) {
        for (_, listener) in &mut self.listeners {
            if listener.missed(upto) {
                Metrics::count(&metrics.drops, "lagging");
                listener.session.do_send(SessionOrder::Resync(channel.clone()));
            }
        }
    }
}

/// The actor of one worker that turns channels' deliveries into outbox entries.
pub struct Hub {
    table: Rc<RefCell<HubTable>>,
    inlet: Option<mpsc::Receiver<HubItem>>,
}

impl Hub {
    /// A hub over the worker's table, fed through `inlet`.
    pub fn new(table: Rc<RefCell<HubTable>>, inlet: mpsc::Receiver<HubItem>) -> Self {
        Hub { table, inlet: Some(inlet) }
    }
}

impl Actor for Hub {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(mut inlet) = self.inlet.take() {
            // The receiver takes part in the runtime's budget, so a flood yields to the sockets (decision 30).
            ctx.add_stream(futures_util::stream::poll_fn(move |cx| inlet.poll_recv(cx)));
        }
    }
}

impl StreamHandler<HubItem> for Hub {
    fn handle(&mut self, item: HubItem, _: &mut Self::Context) {
        let mut table = self.table.borrow_mut();
        match item {
            HubItem::Delivery(delivery, after) => table.deliver(&delivery, after),
            HubItem::Route(channel, addr) => {
                table.routes.insert(channel, addr);
            }
            HubItem::Forget(channel, forget) => {
                if table.routes.get(&channel) == Some(forget.addr()) {
                    table.routes.remove(&channel);
                }
            }
        }
    }
}

impl Handler<Lagging> for Hub {
    type Result = ();

    fn handle(&mut self, lagging: Lagging, _: &mut Self::Context) {
        let mut table = self.table.borrow_mut();
        match lagging {
            Lagging::Behind(channel, seq) => table.lag(&channel, seq),
            // Who joined its successor in the meantime begins later than its last count. The address stays until it is
            // used: it may be the successor's.
            Lagging::ChannelLost(channel, last) => table.lag(&channel, last),
        }
    }
}

//! The hub of a worker: delivers each channel's events to the listeners on its thread.
use super::listener::{Listener, Offered, Since};
use super::message::{HubItem, Lagging, SessionOrder};
use super::{Body, Channel, Delivery, Instruct, Instruction, Rounds, Seq};
use crate::metrics::{Metrics, NamespaceMetrics};
use crate::types::{Audience, ChannelName, Group, Position, SessionId};
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
    bounds: Bounds,
    rounds: Rounds,
    metrics: Metrics,
}

/// The bounds of a listener.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Deliveries held back while it joins.
    pub join_buffer: usize,
    /// Groups it may be in, its own included.
    pub groups: usize,
}

struct Local {
    listeners: Slab<Listener>,
    /// Who is in which group, so that the cost of an event follows who is meant (decision 5).
    groups: HashMap<Group, Vec<usize>, RandomState>,
    /// The last position that came by.
    passed: Option<Position>,
    counted: NamespaceMetrics,
}

/// Where a listener stood when it was looked at.
pub struct Standing {
    /// The groups it was in.
    pub groups: Vec<Group>,
    /// The last event with a position that it was sent.
    pub sent: Option<Position>,
    /// The last position that came by its hub since it began, whomever that event was for.
    pub passed: Option<Position>,
}

impl HubTable {
    /// An empty table. Who was handed an event that asks for answers is reported to `rounds`.
    pub fn new(bounds: Bounds, rounds: Rounds, metrics: Metrics) -> Self {
        HubTable { local: HashMap::default(), routes: HashMap::default(), bounds, rounds, metrics }
    }

    /// Puts a listener in.
    pub fn add(&mut self, channel: &ChannelName, mut listener: Listener) -> ListenerKey {
        let metrics = &self.metrics;
        let local = self.local.entry(channel.clone()).or_insert_with(|| Local {
            listeners: Slab::new(),
            groups: HashMap::default(),
            passed: None,
            counted: metrics.namespace(channel.namespace()),
        });
        self.metrics.listeners.inc();
        let key = local.listeners.vacant_key();
        listener.key = key;
        for group in &listener.groups {
            local.groups.entry(group.clone()).or_default().push(key);
        }
        ListenerKey(local.listeners.insert(listener))
    }

    /// Takes a listener out.
    pub fn remove(&mut self, channel: &ChannelName, key: ListenerKey) {
        let Some(local) = self.local.get_mut(channel) else { return };
        if let Some(listener) = local.listeners.try_remove(key.0) {
            listener.groups.iter().for_each(|group| local.leave_group(group, key.0));
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

    /// Where a listener stands.
    pub fn standing(&self, channel: &ChannelName, key: ListenerKey) -> Option<Standing> {
        let local = self.local.get(channel)?;
        let listener = local.listeners.get(key.0)?;
        Some(Standing {
            groups: listener.groups.clone(),
            sent: listener.sent.clone(),
            passed: listener.latest(local.passed.as_ref()).cloned(),
        })
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
        let Some(local) = self.local.get_mut(&delivery.channel) else {
            // The last listener has left, and its channel does not know yet: nobody is asked here.
            return delivery.body.round().into_iter().for_each(|round| self.rounds.asked(round, []));
        };
        if delivery.seq > after + 1 {
            local.lag(&delivery.channel, delivery.seq - 1, &self.metrics);
        }
        match &delivery.body {
            Body::Event(_) => {
                let round = delivery.body.round();
                let mut asked = vec![];
                let sent = local.offer(delivery, self.bounds.join_buffer, &mut |who| {
                    if round.is_some() {
                        asked.extend(who);
                    }
                });
                if let Some(round) = round {
                    self.rounds.asked(round, asked);
                }
                local.counted.deliveries.inc_by(sent);
                self.metrics.delivery_seconds.observe(delivery.accepted.elapsed().as_secs_f64());
            }
            Body::Notice(_) => {
                for (_, listener) in &mut local.listeners {
                    listener.offer(delivery, self.bounds.join_buffer);
                }
            }
            Body::Instruction(instruction) => {
                let refused = local.obey(instruction, delivery.seq, self.bounds.groups);
                (0..refused).for_each(|_| Metrics::count(&self.metrics.refusals, "groups"));
            }
        }
        if let Some(position) = delivery.position() {
            local.passed = Some(position.clone());
        }
    }

    fn lag(&mut self, channel: &ChannelName, upto: Seq) {
        if let Some(local) = self.local.get_mut(channel) {
            local.lag(channel, upto, &self.metrics);
        }
    }
}

impl Local {
    /// Offers an event to the listeners that are meant, each once; `taken` is told of those who have taken it. How many it was
    /// sent to.
    fn offer(&mut self, delivery: &Arc<Delivery>, buffer: usize, taken: &mut dyn FnMut(Option<SessionId>)) -> u64 {
        let mut sent = 0;
        self.for_each_meant(delivery.audience(), delivery.seq, |listener| {
            let offered = listener.offer(delivery, buffer);
            sent += u64::from(offered == Offered::Sent);
            if offered != Offered::Skipped {
                taken(listener.who);
            }
        });
        sent
    }

    /// Does something with each listener that is meant, once.
    fn for_each_meant(&mut self, audience: Option<&Audience>, seq: Seq, mut act: impl FnMut(&mut Listener)) {
        let Some(audience) = audience.filter(|audience| !audience.is_everyone()) else {
            return self.listeners.iter_mut().for_each(|(_, listener)| act(listener));
        };
        if audience.to.is_empty() {
            let meant = self.listeners.iter_mut().filter(|(_, listener)| !listener.is_in_any(&audience.except));
            return meant.for_each(|(_, listener)| act(listener));
        }
        for group in &audience.to {
            for key in self.groups.get(group).map_or(&[][..], Vec::as_slice) {
                let Some(listener) = self.listeners.get_mut(*key) else { continue };
                // Who is in two of the groups has had its turn.
                if std::mem::replace(&mut listener.turn, seq) != seq && !listener.is_in_any(&audience.except) {
                    act(listener);
                }
            }
        }
    }

    /// Does to the listeners that are meant what is instructed; how many groups could not be entered.
    fn obey(&mut self, instruction: &Instruction, seq: Seq, most: usize) -> usize {
        let mut meant = vec![];
        self.for_each_meant(Some(&instruction.audience), seq, |listener| match &instruction.what {
            Instruct::Order(order) => listener.session.do_send(order.clone()),
            Instruct::Regroup { .. } => meant.push(listener.key),
            Instruct::Tell(telling) => telling.tell(&listener.groups),
        });
        let Instruct::Regroup { join, leave } = &instruction.what else { return 0 };
        let mut refused = 0;
        for key in meant {
            refused += join.iter().filter(|group| !self.join_group(group, key, most)).count();
            leave.iter().for_each(|group| self.quit_group(group, key));
        }
        refused
    }

    /// Whether the listener is in the group now: one that a handler lets join whatever it says must not take memory without
    /// an end.
    fn join_group(&mut self, group: &Group, key: usize, most: usize) -> bool {
        let Some(listener) = self.listeners.get_mut(key) else { return true };
        if listener.groups.contains(group) {
            return true;
        }
        if listener.groups.len() >= most {
            return false;
        }
        listener.groups.push(group.clone());
        self.groups.entry(group.clone()).or_default().push(key);
        true
    }

    fn quit_group(&mut self, group: &Group, key: usize) {
        let Some(listener) = self.listeners.get_mut(key) else { return };
        // The first is its own.
        if let Some(at) = listener.groups.iter().skip(1).position(|of| of == group) {
            listener.groups.swap_remove(at + 1);
            self.leave_group(group, key);
        }
    }

    fn leave_group(&mut self, group: &Group, key: usize) {
        let Some(keys) = self.groups.get_mut(group) else { return };
        keys.retain(|member| *member != key);
        if keys.is_empty() {
            self.groups.remove(group);
        }
    }

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
            HubItem::Gap(channel, seq) => table.lag(&channel, seq),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Envelope, Event, Json, Space};

    #[test]
    fn a_hub_whose_last_listener_has_left_asks_nobody_and_says_so() {
        let rounds = Rounds::new(1);
        let mut round = rounds.open().expect("there is room");
        rounds.sent(round.number, 1);
        let mut table = HubTable::new(Bounds { join_buffer: 1, groups: 1 }, rounds, Metrics::new());
        let channel = ChannelName::in_space(Space::SocketIo, "/", 255).expect("a valid name");
        let event = Event {
            channel: channel.clone(),
            data: Json::null(),
            tags: None,
            publisher: None,
            position: None,
            envelope: Some(Arc::new(Envelope { ack: Some(round.number), ..Envelope::PLAIN })),
        };
        table.deliver(&Arc::new(Delivery::new(channel, Body::Event(Arc::new(event)), 1)), 0);
        assert!(round.over.try_recv().is_ok(), "nobody is waited for");
    }
}

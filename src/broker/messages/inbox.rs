//! The post of the Rust listeners: all of one channel have one place in its hub, and from there each its queue.
use super::queue::EventQueue;
use super::register::{Register, Unregister};
use super::{ListenerId, Loss};
use crate::broker::channel::{Join, Joined, Member, Membership};
use crate::broker::{Node, Worker, fault};
use crate::delivery::{
    Body, Delivered, Delivery, Holder, Lag, Listener, ListenerKey, Naming, Outlet, SessionOrder, Settled, Since,
    Ticket, WhenFull,
};
use crate::engine::Error;
use crate::metrics::Metrics;
use crate::protocol::{Push, Recovered, Reply};
use crate::types::{Answer, ChannelName, ClientInfo, Disconnect, Event, Fault, Position, ReplyError, SessionId};
use actix::prelude::*;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Before a subscription that was lost, and could not be had again, is asked for once more.
const RETRY: Duration = Duration::from_secs(1);

/// The actor that has all Rust listeners of a node in the hub of its thread.
pub struct Inbox {
    worker: Rc<Worker>,
    topics: HashMap<ChannelName, Topic>,
    turns: u64,
}

/// One channel that is listened to.
struct Topic {
    listeners: Rc<Listeners>,
    key: ListenerKey,
    /// Tells a join from those before it.
    turn: u64,
    /// None while the join is under way.
    membership: Option<Membership>,
    /// Listeners that hear nothing until it is done, or the bus brings again what is published: what is brought until then is
    /// older than they are.
    waiting: Vec<Register>,
    /// It stood before, and shall again.
    is_back: bool,
}

/// The listeners to one channel, in the order in which they came.
struct Listeners {
    queues: RefCell<BTreeMap<ListenerId, Arc<EventQueue>>>,
    /// The last event that they were given, where events have positions.
    last: RefCell<Option<Position>>,
    metrics: Metrics,
}

impl Topic {
    /// Whether nobody listens or waits to.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.listeners.queues.borrow().is_empty()
    }
}

impl Listeners {
    fn add(&self, register: Register) {
        self.queues.borrow_mut().insert(register.id, register.queue);
        let _ = register.answer.send(Ok(()));
    }

    fn hear(&self, event: &Arc<Event>) {
        if event.position.is_some() {
            self.last.borrow_mut().clone_from(&event.position);
        }
        for queue in self.queues.borrow().values() {
            if queue.push(event) {
                Metrics::count(&self.metrics.drops, "listener");
            }
        }
    }

    fn lose(&self, loss: Loss) {
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

impl Inbox {
    /// The post of a node, for the thread that this is called on.
    pub fn new(node: &Node) -> Self {
        Inbox { worker: Worker::beside(node), topics: HashMap::new(), turns: 0 }
    }

    fn node(&self) -> &Node {
        self.worker.node()
    }

    /// Asks the channel for a place, from `since` on if that is known.
    fn join(
        &mut self,
        channel: &ChannelName,
        listeners: Rc<Listeners>,
        since: Option<Position>,
        ctx: &mut Context<Self>,
    ) -> (ListenerKey, u64) {
        let key = self.worker.listen(channel, Listener::joining(listeners, Arc::new(ctx.address())));
        self.turns += 1;
        let turn = self.turns;
        let (answer, joined) = oneshot::channel();
        let nobody = ClientInfo { user: "".into(), client: SessionId::random(), conn_info: None, chan_info: None };
        self.worker.join(Join {
            channel: channel.clone(),
            hub: self.worker.hub(),
            member: Member { info: Arc::new(nobody), presence: false, announced: false },
            // Where there are positions a gap can be filled.
            positioned: self.node().channels().namespace(channel).is_some_and(|namespace| namespace.has_history()),
            recover: since,
            aside: None,
            recover_max: self.node().limits().recover_max,
            answer,
        });
        let name = channel.clone();
        ctx.spawn(joined.into_actor(self).map(move |joined, inbox, ctx| {
            let joined = joined.unwrap_or(Err(ReplyError::INTERNAL.into()));
            inbox.joined(name, turn, joined, ctx);
        }));
        (key, turn)
    }

    fn joined(&mut self, channel: ChannelName, turn: u64, joined: Result<Joined, Fault>, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(&channel).filter(|topic| topic.turn == turn) else { return };
        match joined {
            Ok(joined) => self.settle(&channel, joined, ctx),
            Err(fault) => {
                let error = fault::without_connection(fault);
                topic.waiting.drain(..).for_each(|register| drop(register.answer.send(Err(error.clone()))));
                match topic.is_idle() {
                    true => self.hang_up(&channel),
                    false => drop(ctx.run_later(RETRY, move |inbox, ctx| inbox.join_again(&channel, turn, ctx))),
                }
            }
        }
    }

    fn settle(&mut self, channel: &ChannelName, joined: Joined, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(channel) else { return };
        let top = joined.since.top.clone().map(|top| top.position);
        if let Some(recovered) = joined.recovery {
            topic.listeners.recover(recovered, top.as_ref());
        } else if topic.is_back {
            topic.listeners.lose(Loss::UNKNOWN);
        }
        if top.is_some() {
            *topic.listeners.last.borrow_mut() = top;
        }
        topic.is_back = true;
        let since = match self.worker.with_listener(channel, topic.key, |listener| listener.settle(joined.since)) {
            Some(Settled::AsTold(since)) => since,
            Some(Settled::Later(since)) => {
                topic.listeners.lose(Loss::UNKNOWN);
                since
            }
            Some(Settled::Cut) => {
                self.worker.come_back(channel, topic.key);
                Since::default()
            }
            None => return self.resync(channel, ctx),
        };
        topic.membership = Some(joined.membership);
        topic.waiting.drain(..).for_each(|register| topic.listeners.add(register));
        self.worker.go_live(channel, topic.key, since);
    }

    /// Adds a listener where there are others, as soon as the bus brings events: while the way there is lost it would be told
    /// that it listens, and not hear what is posted elsewhere next.
    fn add_to_standing(&mut self, register: Register, ctx: &mut Context<Self>) {
        let stands = self.node().engine().stands(&register.channel);
        let Some(topic) = self.topics.get_mut(&register.channel) else { return };
        let stands = match stands {
            Answer::Ready(Ok(())) => return topic.listeners.add(register),
            stands => stands.wait(),
        };
        let (channel, id) = (register.channel.clone(), register.id);
        topic.waiting.push(register);
        ctx.spawn(stands.into_actor(self).map(move |stands, inbox, _| inbox.stood(&channel, id, stands)));
    }

    fn stood(&mut self, channel: &ChannelName, id: ListenerId, stands: Result<(), Error>) {
        let Some(topic) = self.topics.get_mut(channel) else { return };
        // It may be gone, or have been added when the place was taken anew.
        let Some(at) = topic.waiting.iter().position(|register| register.id == id) else { return };
        match stands {
            // The place is being taken anew: that tells.
            Ok(()) if topic.membership.is_none() => {}
            Ok(()) => topic.listeners.add(topic.waiting.swap_remove(at)),
            Err(error) => {
                let _ = topic.waiting.swap_remove(at).answer.send(Err(fault::of_engine(error)));
                if topic.is_idle() {
                    self.hang_up(channel);
                }
            }
        }
    }

    /// Something never arrived: the place is given up and taken anew, with what was missed where that is kept.
    fn resync(&mut self, channel: &ChannelName, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(channel) else { return };
        topic.membership = None;
        let turn = topic.turn;
        self.join_again(channel, turn, ctx);
    }

    fn join_again(&mut self, channel: &ChannelName, turn: u64, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get(channel).filter(|topic| topic.turn == turn) else { return };
        let (listeners, key) = (topic.listeners.clone(), topic.key);
        self.worker.unlisten(channel, key);
        let last = listeners.last.borrow().clone();
        let (key, turn) = self.join(channel, listeners, last, ctx);
        if let Some(topic) = self.topics.get_mut(channel) {
            (topic.key, topic.turn) = (key, turn);
        }
    }

    fn hang_up(&mut self, channel: &ChannelName) {
        if let Some(topic) = self.topics.remove(channel) {
            self.worker.unlisten(channel, topic.key);
        }
    }
}

impl Listeners {
    fn recover(&self, recovered: Recovered, top: Option<&Position>) {
        if recovered.complete {
            return recovered.events.iter().for_each(|event| self.hear(event));
        }
        let last = self.last.borrow().clone();
        let missed = last.zip(top).filter(|(last, top)| last.epoch == top.epoch);
        let count = missed.map(|(last, top)| top.offset.saturating_sub(last.offset));
        self.lose(count.map_or(Loss::UNKNOWN, |count| Loss { count, is_exact: true }));
    }
}

impl Actor for Inbox {
    type Context = Context<Self>;
}

impl Handler<Register> for Inbox {
    type Result = ();

    fn handle(&mut self, register: Register, ctx: &mut Self::Context) {
        if let Some(topic) = self.topics.get_mut(&register.channel) {
            return match topic.membership {
                Some(_) => self.add_to_standing(register, ctx),
                None => topic.waiting.push(register),
            };
        }
        let metrics = self.node().metrics().clone();
        let listeners = Rc::new(Listeners { queues: RefCell::default(), last: RefCell::default(), metrics });
        let (key, turn) = self.join(&register.channel, listeners.clone(), None, ctx);
        let channel = register.channel.clone();
        self.topics
            .insert(channel, Topic { listeners, key, turn, membership: None, waiting: vec![register], is_back: false });
    }
}

impl Handler<Unregister> for Inbox {
    type Result = ();

    fn handle(&mut self, Unregister(channel, id): Unregister, _: &mut Self::Context) {
        let Some(topic) = self.topics.get_mut(&channel) else { return };
        topic.listeners.queues.borrow_mut().remove(&id);
        topic.waiting.retain(|register| register.id != id);
        if topic.is_idle() {
            self.hang_up(&channel);
        }
    }
}

impl Holder for Addr<Inbox> {
    fn order(&self, order: SessionOrder) {
        self.do_send(order);
    }
}

impl Handler<SessionOrder> for Inbox {
    type Result = ();

    fn handle(&mut self, order: SessionOrder, ctx: &mut Self::Context) {
        // What else is done to listeners is done to those of clients.
        if let SessionOrder::Resync(channel) = order
            && self.topics.get(&channel).is_some_and(|topic| self.worker.is_cut(&channel, topic.key))
        {
            self.resync(&channel, ctx);
        }
    }
}

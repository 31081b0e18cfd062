//! The post of the Rust listeners: all of one channel have one place in its hub, and from there each its queue.
use super::queue::Queue;
use super::tune::{Tune, Untune};
use super::{ListenerId, Loss};
use crate::broker::channel::{Join, Joined, Member, Membership};
use crate::broker::{Node, Worker, fault};
use crate::delivery::{
    Body, Delivered, Delivery, Holder, Lag, Listener, ListenerKey, Naming, Outlet, SessionOrder, Settled, Since, Ticket,
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
pub struct Post {
    worker: Rc<Worker>,
    lines: HashMap<ChannelName, Line>,
    turns: u64,
}

/// One channel that is listened to.
struct Line {
    ears: Rc<Ears>,
    key: ListenerKey,
    /// Tells a join from those before it.
    turn: u64,
    /// None while the join is under way.
    membership: Option<Membership>,
    /// Listeners that hear nothing until it is done, or the bus brings again what is published: what is brought until then is
    /// older than they are.
    waiting: Vec<Tune>,
    /// It stood before, and shall again.
    is_back: bool,
}

/// The listeners to one channel, in the order in which they came.
struct Ears {
    queues: RefCell<BTreeMap<ListenerId, Arc<Queue>>>,
    /// The last event that they were given, where events have positions.
    last: RefCell<Option<Position>>,
    metrics: Metrics,
}

impl Line {
    /// Whether nobody listens or waits to.
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.ears.queues.borrow().is_empty()
    }
}

impl Ears {
    fn add(&self, tune: Tune) {
        self.queues.borrow_mut().insert(tune.id, tune.queue);
        let _ = tune.answer.send(Ok(()));
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

impl Outlet for Ears {
    fn deliver(&self, delivery: &Delivery, _: Naming<'_>) -> Delivered {
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

impl Post {
    /// The post of a node, for the thread that this is called on.
    pub fn new(node: &Node) -> Self {
        Post { worker: Worker::beside(node), lines: HashMap::new(), turns: 0 }
    }

    fn node(&self) -> &Node {
        self.worker.node()
    }

    /// Asks the channel for a place, from `since` on if that is known.
    fn join(
        &mut self,
        channel: &ChannelName,
        ears: Rc<Ears>,
        since: Option<Position>,
        ctx: &mut Context<Self>,
    ) -> (ListenerKey, u64) {
        let key = self.worker.listen(channel, Listener::joining(ears, Arc::new(ctx.address())));
        self.turns += 1;
        let turn = self.turns;
        let (answer, joined) = oneshot::channel();
        let nobody = ClientInfo { user: "".into(), client: SessionId::random(), conn_info: None, chan_info: None };
        self.worker.join(Join {
            channel: channel.clone(),
            hub: self.worker.hub(),
            member: Member { info: Arc::new(nobody), presence: false, announced: false },
            // Where there are positions a gap can be filled.
            positioned: self.node().namespace(channel).is_some_and(|namespace| namespace.has_history()),
            recover: since,
            aside: None,
            recover_max: self.node().limits().recover_max,
            answer,
        });
        let name = channel.clone();
        ctx.spawn(joined.into_actor(self).map(move |joined, post, ctx| {
            let joined = joined.unwrap_or(Err(ReplyError::INTERNAL.into()));
            post.joined(name, turn, joined, ctx);
        }));
        (key, turn)
    }

    fn joined(&mut self, channel: ChannelName, turn: u64, joined: Result<Joined, Fault>, ctx: &mut Context<Self>) {
        let Some(line) = self.lines.get_mut(&channel).filter(|line| line.turn == turn) else { return };
        match joined {
            Ok(joined) => self.settle(&channel, joined, ctx),
            Err(fault) => {
                let error = fault::without_connection(fault);
                line.waiting.drain(..).for_each(|tune| drop(tune.answer.send(Err(error.clone()))));
                match line.is_idle() {
                    true => self.hang_up(&channel),
                    false => drop(ctx.run_later(RETRY, move |post, ctx| post.join_again(&channel, turn, ctx))),
                }
            }
        }
    }

    fn settle(&mut self, channel: &ChannelName, joined: Joined, ctx: &mut Context<Self>) {
        let Some(line) = self.lines.get_mut(channel) else { return };
        let top = joined.since.top.clone().map(|top| top.position);
        if let Some(recovered) = joined.recovery {
            line.ears.recover(recovered, top.as_ref());
        } else if line.is_back {
            line.ears.lose(Loss::UNKNOWN);
        }
        if top.is_some() {
            *line.ears.last.borrow_mut() = top;
        }
        line.is_back = true;
        let since = match self.worker.with_listener(channel, line.key, |listener| listener.settle(joined.since)) {
            Some(Settled::AsTold(since)) => since,
            Some(Settled::Later(since)) => {
                line.ears.lose(Loss::UNKNOWN);
                since
            }
            Some(Settled::Cut) => {
                self.worker.come_back(channel, line.key);
                Since::default()
            }
            None => return self.resync(channel, ctx),
        };
        line.membership = Some(joined.membership);
        line.waiting.drain(..).for_each(|tune| line.ears.add(tune));
        self.worker.go_live(channel, line.key, since);
    }

    /// Adds a listener where there are others, as soon as the bus brings events: while the way there is lost it would be told
    /// that it listens, and not hear what is posted elsewhere next.
    fn add_to_standing(&mut self, tune: Tune, ctx: &mut Context<Self>) {
        let stands = self.node().engine().stands(&tune.channel);
        let Some(line) = self.lines.get_mut(&tune.channel) else { return };
        let stands = match stands {
            Answer::Ready(Ok(())) => return line.ears.add(tune),
            stands => stands.wait(),
        };
        let (channel, id) = (tune.channel.clone(), tune.id);
        line.waiting.push(tune);
        ctx.spawn(stands.into_actor(self).map(move |stands, post, _| post.stood(&channel, id, stands)));
    }

    fn stood(&mut self, channel: &ChannelName, id: ListenerId, stands: Result<(), Error>) {
        let Some(line) = self.lines.get_mut(channel) else { return };
        // It may be gone, or have been added when the place was taken anew.
        let Some(at) = line.waiting.iter().position(|tune| tune.id == id) else { return };
        match stands {
            // The place is being taken anew: that tells.
            Ok(()) if line.membership.is_none() => {}
            Ok(()) => line.ears.add(line.waiting.swap_remove(at)),
            Err(error) => {
                let _ = line.waiting.swap_remove(at).answer.send(Err(fault::of_engine(error)));
                if line.is_idle() {
                    self.hang_up(channel);
                }
            }
        }
    }

    /// Something never arrived: the place is given up and taken anew, with what was missed where that is kept.
    fn resync(&mut self, channel: &ChannelName, ctx: &mut Context<Self>) {
        let Some(line) = self.lines.get_mut(channel) else { return };
        line.membership = None;
        let turn = line.turn;
        self.join_again(channel, turn, ctx);
    }

    fn join_again(&mut self, channel: &ChannelName, turn: u64, ctx: &mut Context<Self>) {
        let Some(line) = self.lines.get(channel).filter(|line| line.turn == turn) else { return };
        let (ears, key) = (line.ears.clone(), line.key);
        self.worker.unlisten(channel, key);
        let last = ears.last.borrow().clone();
        let (key, turn) = self.join(channel, ears, last, ctx);
        if let Some(line) = self.lines.get_mut(channel) {
            (line.key, line.turn) = (key, turn);
        }
    }

    fn hang_up(&mut self, channel: &ChannelName) {
        if let Some(line) = self.lines.remove(channel) {
            self.worker.unlisten(channel, line.key);
        }
    }
}

impl Ears {
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

impl Actor for Post {
    type Context = Context<Self>;
}

impl Handler<Tune> for Post {
    type Result = ();

    fn handle(&mut self, tune: Tune, ctx: &mut Self::Context) {
        if let Some(line) = self.lines.get_mut(&tune.channel) {
            return match line.membership {
                Some(_) => self.add_to_standing(tune, ctx),
                None => line.waiting.push(tune),
            };
        }
        let metrics = self.node().metrics().clone();
        let ears = Rc::new(Ears { queues: RefCell::default(), last: RefCell::default(), metrics });
        let (key, turn) = self.join(&tune.channel, ears.clone(), None, ctx);
        let channel = tune.channel.clone();
        self.lines.insert(channel, Line { ears, key, turn, membership: None, waiting: vec![tune], is_back: false });
    }
}

impl Handler<Untune> for Post {
    type Result = ();

    fn handle(&mut self, Untune(channel, id): Untune, _: &mut Self::Context) {
        let Some(line) = self.lines.get_mut(&channel) else { return };
        line.ears.queues.borrow_mut().remove(&id);
        line.waiting.retain(|tune| tune.id != id);
        if line.is_idle() {
            self.hang_up(&channel);
        }
    }
}

impl Holder for Addr<Post> {
    fn order(&self, order: SessionOrder) {
        self.do_send(order);
    }
}

impl Handler<SessionOrder> for Post {
    type Result = ();

    fn handle(&mut self, order: SessionOrder, ctx: &mut Self::Context) {
        // What else is done to listeners is done to those of clients.
        if let SessionOrder::Resync(channel) = order
            && self.lines.get(&channel).is_some_and(|line| self.worker.is_cut(&channel, line.key))
        {
            self.resync(&channel, ctx);
        }
    }
}

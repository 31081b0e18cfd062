//! The inbox of the Rust listeners: all listeners of one channel share one place in its hub, and each has a queue behind it.
use super::register::{Register, Unregister};
use super::topic::{Place, Topic, TopicKey};
use super::{ListenerId, Loss};
use crate::broker::channel::{Join, Joined, Member};
use crate::broker::{Node, Worker, fault};
use crate::delivery::{GroupMember, Holder, Listener, ListenerKey, SessionOrder, Settled, Since, ViewBounds, Viewed};
use crate::engine::Error;
use crate::types::{Answer, ClientInfo, Fault, Position, ReplyError, SessionId};
use actix::prelude::*;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Before a subscription that was lost, and could not be had again, is asked for once more.
const RETRY: Duration = Duration::from_secs(1);

/// The actor that has all Rust listeners of a node in the hub of its thread.
pub struct Inbox {
    worker: Rc<Worker>,
    topics: HashMap<TopicKey, Topic>,
    turns: u64,
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
        key: &TopicKey,
        place: &Place,
        since: Option<Position>,
        ctx: &mut Context<Self>,
    ) -> (ListenerKey, u64) {
        let (channel, is_guest) = (&place.listened, key.guest.is_some());
        let listener_key = self.worker.listen(channel, self.listener(place, ctx));
        self.turns += 1;
        let turn = self.turns;
        let (answer, joined) = oneshot::channel();
        let nobody = ClientInfo { user: "".into(), client: SessionId::random(), conn_info: None, chan_info: None };
        self.worker.join(Join {
            channel: channel.clone(),
            hub: self.worker.hub(),
            member: Member { info: Arc::new(nobody), presence: false, announced: false },
            // Where there are positions a gap can be filled; but not with what no view of a guest has looked at.
            positioned: !is_guest
                && self.node().channels().namespace(channel).is_some_and(|namespace| namespace.has_history()),
            recover: since.filter(|_| !is_guest),
            aside: None,
            recover_max: self.node().limits().recover_max,
            kept: false,
            answer,
        });
        let name = key.clone();
        ctx.spawn(joined.into_actor(self).map(move |joined, inbox, ctx| {
            let joined = joined.unwrap_or(Err(ReplyError::INTERNAL.into()));
            inbox.joined(name, turn, joined, ctx);
        }));
        (listener_key, turn)
    }

    fn listener(&self, place: &Place, ctx: &Context<Self>) -> Listener {
        let mut listener = Listener::joining(place.listeners.clone(), Arc::new(ctx.address()));
        listener.shown_as = place.listeners.shown_as.clone().map(Box::new);
        listener.member = place.room.as_ref().and_then(|room| GroupMember::of(SessionId::random(), room.as_slice()));
        let limits = self.node().limits();
        let bounds = ViewBounds { queue: limits.view_queue, time: limits.view_timeout };
        let metrics = self.node().metrics();
        listener.view = place.view.clone().map(|view| Viewed::new(view, bounds, metrics.clone()));
        listener
    }

    fn joined(&mut self, key: TopicKey, turn: u64, joined: Result<Joined, Fault>, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(&key).filter(|topic| topic.turn == turn) else { return };
        match joined {
            Ok(joined) => self.settle(&key, joined, ctx),
            Err(fault) => {
                let error = fault::without_connection(fault);
                topic.waiting.drain(..).for_each(|register| drop(register.answer.send(Err(error.clone()))));
                match topic.is_idle() {
                    true => self.hang_up(&key),
                    false => drop(ctx.run_later(RETRY, move |inbox, ctx| inbox.join_again(&key, turn, ctx))),
                }
            }
        }
    }

    fn settle(&mut self, key: &TopicKey, joined: Joined, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(key) else { return };
        let channel = &topic.place.listened;
        let top = joined.since.top.clone().map(|top| top.position);
        if let Some(recovered) = joined.recovery {
            topic.place.listeners.recover(recovered, top.as_ref());
        } else if topic.is_back {
            topic.place.listeners.lose(Loss::UNKNOWN);
        }
        if top.is_some() {
            *topic.place.listeners.last.borrow_mut() = top;
        }
        topic.is_back = true;
        let since = match self.worker.with_listener(channel, topic.key, |listener| listener.settle(joined.since)) {
            Some(Settled::AsTold(since)) => since,
            Some(Settled::Later(since)) => {
                topic.place.listeners.lose(Loss::UNKNOWN);
                since
            }
            Some(Settled::Cut) => {
                self.worker.come_back(channel, topic.key);
                Since::default()
            }
            None => return self.resync(key, ctx),
        };
        topic.membership = Some(joined.membership);
        topic.waiting.drain(..).for_each(|register| topic.place.listeners.add(register));
        self.worker.go_live(channel, topic.key, since);
    }

    /// Adds a listener where there are others, as soon as the bus brings events: while the way there is lost it would be told
    /// that it listens, and not hear what is posted elsewhere next.
    fn add_to_standing(&mut self, key: TopicKey, register: Register, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(&key) else { return };
        let stands = match self.worker.node().engine().stands(&topic.place.listened) {
            Answer::Ready(Ok(())) => return topic.place.listeners.add(register),
            stands => stands.wait(),
        };
        let id = register.id;
        topic.waiting.push(register);
        ctx.spawn(stands.into_actor(self).map(move |stands, inbox, _| inbox.stood(&key, id, stands)));
    }

    fn stood(&mut self, key: &TopicKey, id: ListenerId, stands: Result<(), Error>) {
        let Some(topic) = self.topics.get_mut(key) else { return };
        // It may be gone, or have been added when the place was taken anew.
        let Some(at) = topic.waiting.iter().position(|register| register.id == id) else { return };
        match stands {
            // The place is being taken anew: that tells.
            Ok(()) if topic.membership.is_none() => {}
            Ok(()) => topic.place.listeners.add(topic.waiting.swap_remove(at)),
            Err(error) => {
                let _ = topic.waiting.swap_remove(at).answer.send(Err(fault::of_engine(error)));
                if topic.is_idle() {
                    self.hang_up(key);
                }
            }
        }
    }

    /// Something never arrived: the place is given up and taken anew, with what was missed where that is kept.
    fn resync(&mut self, key: &TopicKey, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get_mut(key) else { return };
        topic.membership = None;
        let turn = topic.turn;
        self.join_again(key, turn, ctx);
    }

    fn join_again(&mut self, key: &TopicKey, turn: u64, ctx: &mut Context<Self>) {
        let Some(topic) = self.topics.get(key).filter(|topic| topic.turn == turn) else { return };
        let (place, listener) = (topic.place.clone(), topic.key);
        self.worker.unlisten(&place.listened, listener);
        let last = place.listeners.last.borrow().clone();
        let (listener, turn) = self.join(key, &place, last, ctx);
        if let Some(topic) = self.topics.get_mut(key) {
            (topic.key, topic.turn) = (listener, turn);
        }
    }

    fn hang_up(&mut self, key: &TopicKey) {
        if let Some(topic) = self.topics.remove(key) {
            self.worker.unlisten(&topic.place.listened, topic.key);
        }
    }
}

impl Actor for Inbox {
    type Context = Context<Self>;
}

impl Handler<Register> for Inbox {
    type Result = ();

    fn handle(&mut self, register: Register, ctx: &mut Self::Context) {
        let mut key = TopicKey { channel: register.channel.clone(), guest: None };
        if let Some(topic) = self.topics.get_mut(&key) {
            return match topic.membership {
                Some(_) => self.add_to_standing(key, register, ctx),
                None => topic.waiting.push(register),
            };
        }
        let place = Place::of(&register, self.node());
        key.guest = place.view.is_some().then_some(register.id);
        let (listener, turn) = self.join(&key, &place, None, ctx);
        let waiting = vec![register];
        self.topics.insert(key, Topic { place, key: listener, turn, membership: None, waiting, is_back: false });
    }
}

impl Handler<Unregister> for Inbox {
    type Result = ();

    fn handle(&mut self, Unregister(channel, id): Unregister, _: &mut Self::Context) {
        let mine = TopicKey { channel, guest: Some(id) };
        if self.topics.contains_key(&mine) {
            return self.hang_up(&mine);
        }
        let shared = TopicKey { guest: None, ..mine };
        let Some(topic) = self.topics.get_mut(&shared) else { return };
        topic.place.listeners.queues.borrow_mut().remove(&id);
        topic.waiting.retain(|register| register.id != id);
        if topic.is_idle() {
            self.hang_up(&shared);
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
        let SessionOrder::Resync(channel) = order else { return };
        let is_cut = |(key, topic): &(&TopicKey, &Topic)| {
            key.channel == channel && self.worker.is_cut(&topic.place.listened, topic.key)
        };
        let cut: Vec<TopicKey> = self.topics.iter().filter(is_cut).map(|(key, _)| key.clone()).collect();
        cut.iter().for_each(|key| self.resync(key, ctx));
    }
}

//! A channel: gives each event its position, keeps the order, and knows which hubs listen.
mod abroad;
mod aside;
mod following;
mod joining;
mod retirement;

use super::message::{Backlog, HubHandle, HubItem, Lagging, Publish, PublishAnswer, Routed};
use super::{Body, Delivery, Instruction, Node, Seq};
use crate::broker::query;
use crate::engine::{EngineAnswer, Error, Published};
use crate::metrics::NamespaceMetrics;
use crate::types::{Answer, ChannelName, Place, ReplyError};
use abroad::Abroad;
use actix::prelude::*;
use following::Following;
pub(super) use joining::PRESENCE_TTL;
use retirement::Phase;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{self, Poll, ready};
use tokio::sync::mpsc::error::TrySendError;

/// The actor of one channel.
pub struct Channel {
    node: Node,
    name: ChannelName,
    number: u32,
    /// Most channels are listened to by few: the first stands here itself.
    hubs: SmallVec<[Listening; 1]>,
    /// Sessions that listen, all hubs together; read by the registry.
    listeners: Arc<AtomicUsize>,
    life: u64,
    /// The count of the last delivery.
    seq: Seq,
    /// Publishes that wait for the engine, in the order they came: so they are delivered and answered, too.
    publishing: VecDeque<Pending>,
    /// Joins that wait for the engine.
    joining: usize,
    following: Following,
    abroad: Abroad,
    /// Where listeners stand that have got all that was sent, in a home with history; none until that is known.
    stands: Option<Place>,
    phase: Phase,
    idle_check: bool,
    counted: NamespaceMetrics,
}

/// What waits in the order of publishes. The engine goes on with each by itself, so that only the first is looked at.
enum Pending {
    Publish(Awaited, EngineAnswer<Published>),
    /// Waits for nothing of its own.
    Instruction(Instruction),
}

/// A publish that the engine has been asked for.
struct Awaited {
    answer: PublishAnswer,
    /// Its turn, where it may go over the bus.
    turn: Option<u64>,
}

struct Listening {
    handle: HubHandle,
    listeners: usize,
    /// The last delivery that the hub was sent, or that it need not have.
    sent: Seq,
    /// What did not fit into its queue.
    backlog: Arc<Backlog>,
    /// Among what did not fit since the last delivery was something that was to be done to listeners.
    is_undone: bool,
}

impl Channel {
    /// A channel nobody listens to yet. `listeners` is shared with the registry; `number` is unique on the node, and `life`
    /// greater than that of any earlier channel.
    pub fn new(node: Node, name: ChannelName, number: u32, life: u64, listeners: Arc<AtomicUsize>) -> Self {
        let counted = node.metrics().namespace(name.namespace());
        node.metrics().channels.inc();
        Channel {
            node,
            name,
            number,
            hubs: SmallVec::new(),
            listeners,
            life,
            seq: Seq::from(life) << 64,
            publishing: VecDeque::new(),
            joining: 0,
            following: Following::default(),
            abroad: Abroad::default(),
            stands: None,
            phase: Phase::Active,
            idle_check: false,
            counted,
        }
    }

    fn fan_out(&mut self, body: Body) {
        self.seq += 1;
        let stands = self.stand(&body);
        let round = body.round();
        if let Some(round) = round {
            self.node.rounds().sent(round, self.hubs.len());
        }
        if self.hubs.is_empty() {
            return;
        }
        let mut delivery = Delivery::new(self.name.clone(), body, self.seq);
        delivery.stands = stands;
        let delivery = Arc::new(delivery);
        for hub in &mut self.hubs {
            let is_taken = hub.offer(&delivery);
            // A hub that does not get the event asks nobody.
            if let Some(round) = round.filter(|_| !is_taken) {
                self.node.rounds().asked(round, []);
            }
        }
    }

    fn accept(&mut self, awaited: Awaited, outcome: Result<Published, Error>, ctx: &mut Context<Self>) {
        let Awaited { answer, turn } = awaited;
        let position = match outcome {
            Ok(Published::Deliver(event)) => {
                self.counted.publishes.inc();
                self.deliver_here(event, ctx)
            }
            Ok(Published::OnBus(position)) => {
                self.counted.publishes.inc();
                self.went_abroad(turn);
                position
            }
            Ok(Published::Repeated(position)) => position,
            Err(error) => return answer.give(Err(query::refusal(error))),
        };
        answer.give(Ok(position));
    }
}

impl Listening {
    /// Whether the hub has taken it.
    fn offer(&mut self, delivery: &Arc<Delivery>) -> bool {
        match self.handle.inlet.try_send(HubItem::Delivery(delivery.clone(), self.sent, self.is_undone)) {
            Ok(()) => {
                (self.sent, self.is_undone) = (delivery.seq, false);
                true
            }
            Err(TrySendError::Full(_)) => {
                let is_undone = delivery.body.changes_listeners();
                self.is_undone |= is_undone;
                self.fall_behind(&delivery.channel, delivery.seq, is_undone);
                false
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }

    /// Something did not fit: those who listen now are told, also where nothing more comes.
    fn fall_behind(&self, channel: &ChannelName, seq: Seq, is_undone: bool) {
        if self.backlog.add(seq, is_undone) {
            self.handle.addr.do_send(Lagging::Behind(channel.clone(), self.backlog.clone()));
        }
    }
}

/// Sees to it that a step of the engine is done, which nobody waits for.
pub(super) fn drive(answer: EngineAnswer<()>) {
    if let Answer::Later(step) = answer {
        actix_rt::spawn(step);
    }
}

impl Actor for Channel {
    type Context = Context<Self>;
}

impl Handler<Publish> for Channel {
    type Result = ();

    fn handle(&mut self, publish: Publish, ctx: &mut Self::Context) {
        if !matches!(self.phase, Phase::Active) {
            return self.put_off(Routed::Publish(Box::new(publish)));
        }
        let Some(namespace) = self.node.namespace(&self.name) else {
            self.check_idle_later(ctx);
            return publish.answer.give(Err(ReplyError::UNKNOWN_CHANNEL));
        };
        let (event, mut options, answer) = publish.split(namespace.retention());
        let turn = self.next_turn();
        options.turn = turn;
        let awaited = Awaited { answer, turn };
        match self.node.engine().publish(event, options) {
            Answer::Ready(outcome) if self.publishing.is_empty() => {
                self.accept(awaited, outcome, ctx);
                self.check_idle_later(ctx);
            }
            outcome => self.await_publish(awaited, outcome, ctx),
        }
    }
}

impl Handler<Instruction> for Channel {
    type Result = ();

    fn handle(&mut self, instruction: Instruction, ctx: &mut Self::Context) {
        if !matches!(self.phase, Phase::Active) {
            return self.put_off(Routed::Instruction(instruction));
        }
        match self.publishing.is_empty() {
            true => {
                self.instruct(instruction, ctx);
                self.check_idle_later(ctx);
            }
            false => self.publishing.push_back(Pending::Instruction(instruction)),
        }
    }
}

/// Takes the outcomes of publishes in the order of the publishes, until none waits.
struct Outcomes;

impl ActorFuture<Channel> for Outcomes {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        channel: &mut Channel,
        ctx: &mut Context<Channel>,
        task: &mut task::Context<'_>,
    ) -> Poll<()> {
        while let Some(first) = channel.publishing.front_mut() {
            if let Pending::Publish(_, outcome) = first {
                ready!(outcome.poll_ready(task));
            }
            match channel.publishing.pop_front() {
                Some(Pending::Publish(awaited, Answer::Ready(outcome))) => channel.accept(awaited, outcome, ctx),
                Some(Pending::Instruction(instruction)) => channel.instruct(instruction, ctx),
                // It has just been ready.
                Some(Pending::Publish(_, Answer::Later(_))) | None => {}
            }
        }
        channel.check_idle_later(ctx);
        Poll::Ready(())
    }
}

impl Channel {
    /// Waits for the engine without losing the order. Everything an actor has spawned is looked at in whatever order, so
    /// one task looks at all that wait.
    fn await_publish(&mut self, awaited: Awaited, outcome: EngineAnswer<Published>, ctx: &mut Context<Self>) {
        let idle = self.publishing.is_empty();
        self.publishing.push_back(Pending::Publish(awaited, outcome));
        if idle {
            ctx.spawn(Outcomes);
        }
    }
}

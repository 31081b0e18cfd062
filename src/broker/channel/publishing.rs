//! Publishes that wait for the engine: they are answered in the order in which they arrived, and local instructions take their turn
//! among them.
use super::abroad::Here;
use super::{Channel, Publish, PublishAnswer};
use crate::broker::fault;
use crate::delivery::Instruction;
use crate::engine::{Accepted, EngineAnswer, Error, Published};
use crate::types::{Answer, ReplyError};
use actix::prelude::*;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{self, Poll, ready};

/// What waits, in the order in which it came.
#[derive(Default)]
pub(super) struct Publishing {
    queue: VecDeque<Pending>,
    /// How many of them are done here alone.
    here: usize,
}

/// The engine goes on with each by itself, so that only the first is looked at.
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

impl Pending {
    /// Whether it is done on this node alone, and waits for what came before it only.
    fn is_here(&self) -> bool {
        matches!(self, Pending::Instruction(_) | Pending::Publish(_, Answer::Ready(Ok(Published::Deliver(_)))))
    }

    /// Whether nothing of it comes after this turn: the bus has brought it back, or never will.
    fn is_past(&self, back: u64) -> bool {
        match self {
            Pending::Publish(awaited, Answer::Later(_) | Answer::Ready(Ok(Published::OnBus(_)))) => {
                awaited.turn.is_some_and(|turn| turn <= back)
            }
            Pending::Publish(_, Answer::Ready(_)) | Pending::Instruction(_) => true,
        }
    }
}

impl Publishing {
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn push(&mut self, pending: Pending) {
        self.here += usize::from(pending.is_here());
        self.queue.push_back(pending);
    }

    fn take(&mut self, at: usize) -> Option<Pending> {
        let pending = self.queue.remove(at)?;
        self.here -= usize::from(pending.is_here());
        Some(pending)
    }

    /// The first that is done here alone, where all before it are back from the bus.
    fn take_overdue(&mut self, back: u64) -> Option<Pending> {
        if self.here == 0 {
            return None;
        }
        let at = self.queue.iter().take_while(|pending| pending.is_past(back)).position(Pending::is_here)?;
        self.take(at)
    }
}

impl Handler<Publish> for Channel {
    type Result = ();

    fn handle(&mut self, publish: Publish, ctx: &mut Self::Context) {
        if !self.is_active() {
            return self.put_off(publish);
        }
        let Some(namespace) = self.node.channels().namespace(&self.name) else {
            self.check_idle_later(ctx);
            return publish.answer.give(Err(ReplyError::UNKNOWN_CHANNEL));
        };
        let (event, mut options, answer) = publish.split(&namespace);
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
        if !self.is_active() {
            return self.put_off(instruction);
        }
        match self.publishing.is_empty() {
            true => {
                self.instruct(instruction, ctx);
                self.check_idle_later(ctx);
            }
            false => self.publishing.push(Pending::Instruction(instruction)),
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
        while let Some(first) = channel.publishing.queue.front_mut() {
            if let Pending::Publish(_, outcome) = first
                && let Answer::Later(_) = outcome
            {
                ready!(outcome.poll_ready(task));
                // Only now is it known to be one of those, if it is.
                channel.publishing.here += usize::from(first.is_here());
            }
            match channel.publishing.take(0) {
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
        self.publishing.push(Pending::Publish(awaited, outcome));
        if idle {
            ctx.spawn(Outcomes);
        }
    }

    fn accept(&mut self, awaited: Awaited, outcome: Result<Published, Error>, ctx: &mut Context<Self>) {
        let Awaited { answer, turn } = awaited;
        let (position, is_new) = match outcome {
            Ok(Published::Deliver(event)) => {
                self.counted.publishes.inc();
                (self.deliver_here(event, ctx), true)
            }
            Ok(Published::OnBus(position)) => {
                self.counted.publishes.inc();
                self.went_abroad(turn);
                (position, true)
            }
            Ok(Published::Repeated(position)) => (position, false),
            Err(error) => return answer.give(Err(fault::of_engine(error))),
        };
        answer.give(Ok(Accepted { position, is_new }));
    }

    /// The bus may bring an event back before it has answered its publish. What waits behind such events alone is done now: the
    /// next event that comes back is behind it.
    pub(super) fn do_overdue(&mut self, back: u64) {
        while let Some(pending) = self.publishing.take_overdue(back) {
            match pending {
                Pending::Instruction(instruction) => drop(self.act(Here::Instruction(instruction))),
                Pending::Publish(awaited, Answer::Ready(Ok(Published::Deliver(event)))) => {
                    self.counted.publishes.inc();
                    let position = self.act(Here::Event(event));
                    awaited.answer.give(Ok(Accepted { position, is_new: true }));
                }
                // Only what is done here alone is overdue.
                Pending::Publish(..) => {}
            }
        }
    }
}

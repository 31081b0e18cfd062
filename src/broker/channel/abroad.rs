//! An event that goes over the bus returns to this node later than it was accepted, and on another connection. Instructions and events
//! for this node alone wait for the events before them, so that a session that leaves a room or ends gets what was emitted before.
use super::Channel;
use crate::delivery::{Body, Instruction};
use crate::types::{Event, Position};
use actix::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long is waited for an event that does not come back: as long as a command may take, about.
const PATIENCE: Duration = Duration::from_secs(3);

/// Which of the channel's own publishes have come back. Each has a turn; they come back in the order of their turns.
#[derive(Default)]
pub(super) struct Abroad {
    /// The last turn that was given.
    given: u64,
    /// The last turn that the bus has accepted.
    sent: u64,
    /// The last turn that has come back.
    back: u64,
    /// In order.
    waiting: VecDeque<Waiting>,
    /// The first listener is on its way in, and the node may not be subscribed yet.
    is_new: bool,
    is_timed: bool,
}

struct Waiting {
    turn: u64,
    since: Instant,
    what: Here,
}

/// What is done here alone.
pub(super) enum Here {
    Event(Arc<Event>),
    Instruction(Instruction),
}

impl Channel {
    /// The turn of a publish that may go over the bus; none where nothing is done in order with events.
    pub(super) fn next_turn(&mut self) -> Option<u64> {
        if !self.is_home() || self.node.engine().peers().is_none() {
            return None;
        }
        self.abroad.given += 1;
        Some(self.abroad.given)
    }

    /// The bus has accepted the publish of this turn.
    pub(super) fn went_abroad(&mut self, turn: Option<u64>) {
        let Some(turn) = turn else { return };
        self.abroad.sent = self.abroad.sent.max(turn);
        if self.hubs.is_empty() {
            // Nobody listens, so the node may not be subscribed.
            self.all_are_back();
        }
    }

    /// The event of this turn has been delivered here, or is known to be lost.
    pub(super) fn came_back(&mut self, turn: Option<u64>) {
        let Some(turn) = turn else { return };
        self.abroad.back = self.abroad.back.max(turn);
        while self.abroad.waiting.front().is_some_and(|waiting| waiting.turn <= self.abroad.back) {
            self.do_first();
        }
        self.do_overdue(self.abroad.back);
    }

    /// The event of this turn is here, and is delivered next: those of all turns before it have come back, or never will.
    pub(super) fn comes_back(&mut self, turn: Option<u64>) {
        self.came_back(turn.and_then(|turn| turn.checked_sub(1)));
    }

    /// The first listener comes: what was published before the node is subscribed does not come back.
    pub(super) fn begin_to_follow(&mut self) {
        self.abroad.is_new = true;
    }

    /// The node is subscribed.
    pub(super) fn follows(&mut self) {
        if std::mem::take(&mut self.abroad.is_new) {
            self.all_are_back();
        }
    }

    /// Nothing more is waited for: what has not come back so far is lost.
    pub(super) fn all_are_back(&mut self) {
        self.came_back(Some(self.abroad.sent));
    }

    /// The last turn that the bus has accepted.
    pub(super) fn last_sent(&self) -> u64 {
        self.abroad.sent
    }

    /// Does what is instructed, behind the events that are on their way back.
    pub(super) fn instruct(&mut self, instruction: Instruction, ctx: &mut Context<Self>) {
        self.do_here(Here::Instruction(instruction), ctx);
    }

    /// Delivers an event of this node alone, behind the events that are on their way back; its position, if it is delivered at
    /// once and has one.
    pub(super) fn deliver_here(&mut self, event: Arc<Event>, ctx: &mut Context<Self>) -> Option<Position> {
        self.do_here(Here::Event(event), ctx)
    }

    fn do_here(&mut self, what: Here, ctx: &mut Context<Self>) -> Option<Position> {
        if self.abroad.sent <= self.abroad.back || self.hubs.is_empty() {
            return self.act(what);
        }
        if self.abroad.waiting.len() >= self.node.limits().channel_queue {
            // Out of order is better than not at all.
            self.node.metrics().reached("channel_queue");
            self.do_first();
        }
        let waiting = Waiting { turn: self.abroad.sent, since: Instant::now(), what };
        self.abroad.waiting.push_back(waiting);
        self.give_up_later(PATIENCE, ctx);
        None
    }

    fn give_up_later(&mut self, time: Duration, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.abroad.is_timed, true) {
            return;
        }
        ctx.run_later(time, |channel, ctx| {
            channel.abroad.is_timed = false;
            while channel.abroad.waiting.front().is_some_and(|waiting| waiting.since.elapsed() >= PATIENCE) {
                channel.do_first();
            }
            if let Some(first) = channel.abroad.waiting.front() {
                let left = PATIENCE.saturating_sub(first.since.elapsed());
                channel.give_up_later(left, ctx);
            }
        });
    }

    fn do_first(&mut self) {
        if let Some(first) = self.abroad.waiting.pop_front() {
            self.act(first.what);
        }
    }

    pub(super) fn act(&mut self, what: Here) -> Option<Position> {
        match what {
            Here::Event(event) => {
                let event = self.keep_aside(event);
                let position = event.position.clone();
                self.fan_out(Body::Event(event));
                position
            }
            Here::Instruction(instruction) => {
                self.fan_out(Body::Instruction(instruction));
                None
            }
        }
    }
}

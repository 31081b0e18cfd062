//! A join in progress, and where it ends.
use crate::delivery::{Body, Delivery, Loss, Seq};
use crate::types::{Place, Position};
use std::sync::Arc;

/// What came while a listener joins.
#[derive(Default)]
pub(super) struct Joining {
    pub held: Vec<Arc<Delivery>>,
    /// More came than could be held back; up to here it is of no use.
    pub lost: Option<Since>,
    /// Deliveries up to this count never arrived.
    pub gap: Option<Seq>,
    /// The last count before the first of them.
    pub first: Option<Seq>,
    /// How many of them are known, for who goes on without them.
    pub missed: Loss,
    /// Whatever it could go on without, it cannot go on.
    pub must_return: bool,
}

/// Where a join ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Where the channel said.
    AsTold(Since),
    /// Later than the channel said: more came than could be held back.
    Later(Since),
    /// Something never arrived: the listener has to come back (decision 23a).
    Cut,
}

/// Where a listener begins: what came before it is in the reply to its subscribe, or before its time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// The channel's count of deliveries when the join began.
    pub seq: Seq,
    /// The top of the history that the reply tells of; none without positions.
    pub top: Option<Place>,
    /// Events that come with the reply, and may still be on their way to the listener.
    pub brought: Box<[Position]>,
}

impl Since {
    pub(super) fn precedes(&self, delivery: &Delivery) -> bool {
        if delivery.seq <= self.seq {
            return false;
        }
        match (&self.top, &delivery.body) {
            (Some(top), Body::Event(event)) => match &event.position {
                Some(at) => at.epoch != top.position.epoch || at.offset > top.position.offset,
                None => true,
            },
            (None, Body::Event(event)) if !self.brought.is_empty() => {
                event.position.as_ref().is_none_or(|at| !self.brought.contains(at))
            }
            _ => true,
        }
    }
}

impl Joining {
    pub(super) fn hold(&mut self, delivery: &Arc<Delivery>, buffer: usize) {
        if self.lost.is_none() && self.held.len() < buffer {
            return self.held.push(delivery.clone());
        }
        // A join or a leave has no position: the last event's is still where the client stands.
        let before = self.lost.take().and_then(|lost| lost.top);
        let before = before.or_else(|| self.held.iter().rev().find_map(|held| held.place()));
        // What was held is of no use without what follows it. Nobody counts it any more.
        let unheld = self.held.drain(..).chain([delivery.clone()]);
        unheld.for_each(|delivery| delivery.tally.iter().for_each(|tally| tally.leave_out()));
        self.lost = Some(Since { seq: delivery.seq, top: delivery.place().or(before), ..Since::default() });
    }
}

/// How many deliveries there are after the first count up to the second.
pub(super) fn between(after: Seq, upto: Seq) -> u64 {
    u64::try_from(upto.saturating_sub(after)).unwrap_or(u64::MAX)
}

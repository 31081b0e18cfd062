//! One session's interest in one channel, as its hub keeps it.
use super::{Body, Delivery, Outlet, Session};
use crate::filter::TagsFilter;
use crate::types::Position;
use actix::Addr;
use std::rc::Rc;
use std::sync::Arc;

/// What a listener wants.
pub struct Listener {
    /// The way to its client.
    pub outlet: Rc<dyn Outlet>,
    /// Its session.
    pub session: Addr<Session>,
    /// Passes only events whose tags match.
    pub filter: Option<Rc<TagsFilter>>,
    /// Wants joins and leaves.
    pub notices: bool,
    /// Keeps positions, so that a gap matters.
    pub positioned: bool,
    /// The number that stands for the channel's name.
    pub number: Option<u32>,
    state: State,
}

enum State {
    /// The channel has not said yet where this listener begins: what comes is held back (decision 28).
    Joining { held: Vec<Arc<Delivery>>, lost: Option<Since> },
    /// Gets everything after this place.
    Live { since: Since },
}

/// Where a listener begins: what came before it is in the reply to its subscribe, or before its time.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// The channel's count of deliveries when the join began.
    pub seq: u64,
    /// The top of the history that the reply tells of; none without positions.
    pub top: Option<Position>,
}

impl Since {
    fn precedes(&self, delivery: &Delivery) -> bool {
        if delivery.seq <= self.seq {
            return false;
        }
        match (&self.top, &delivery.body) {
            (Some(top), Body::Event(event)) => match &event.position {
                Some(position) => position.epoch != top.epoch || position.offset > top.offset,
                None => true,
            },
            _ => true,
        }
    }
}

/// What became of a delivery to one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is in the outbox.
    Sent,
    /// It is held back until the join is done.
    Held,
    /// The listener does not want it.
    Skipped,
}

impl Listener {
    /// A listener whose join is under way.
    pub fn joining(outlet: Rc<dyn Outlet>, session: Addr<Session>) -> Self {
        Listener {
            outlet,
            session,
            filter: None,
            notices: false,
            positioned: false,
            number: None,
            state: State::Joining { held: vec![], lost: None },
        }
    }

    /// Hands a delivery to the listener. At most `buffer` are held back while it joins.
    pub fn offer(&mut self, delivery: &Arc<Delivery>, buffer: usize) -> Offered {
        match &mut self.state {
            State::Live { since } => match since.precedes(delivery) && self.wants(delivery) {
                true => {
                    self.outlet.deliver(delivery, self.number);
                    Offered::Sent
                }
                false => Offered::Skipped,
            },
            State::Joining { held, lost } => {
                if lost.is_none() && held.len() < buffer {
                    held.push(delivery.clone());
                } else {
                    // What was held is of no use without what follows it.
                    held.clear();
                    *lost = Some(Since { seq: delivery.seq, top: delivery.position().cloned() });
                }
                Offered::Held
            }
        }
    }

    /// Whether deliveries up to `seq` that never arrived belonged to this listener.
    pub fn missed(&mut self, seq: u64) -> bool {
        match &mut self.state {
            State::Live { since } => since.seq < seq,
            // It is not known yet where it begins; to say that it missed something is always safe.
            State::Joining { held, lost } => {
                held.clear();
                *lost = Some(Since { seq, top: None });
                false
            }
        }
    }

    /// Where the listener really begins, and whether it lost something since the channel's answer: more came than could be
    /// held back.
    pub fn settle(&self, since: Since) -> (Since, bool) {
        match &self.state {
            State::Joining { lost: Some(lost), .. } if lost.seq > since.seq => {
                let top = lost.top.clone().or(since.top);
                (Since { seq: lost.seq, top }, true)
            }
            _ => (since, false),
        }
    }

    /// The join is done, its reply is in the outbox: what was held back follows, and from now on everything.
    pub fn go_live(&mut self, since: Since) {
        let State::Joining { held, .. } = std::mem::replace(&mut self.state, State::Live { since }) else {
            return;
        };
        for delivery in held {
            self.offer(&delivery, 0);
        }
    }

    fn wants(&self, delivery: &Delivery) -> bool {
        match &delivery.body {
            Body::Event(event) => self.filter.as_ref().is_none_or(|filter| filter.matches(event.tags.as_deref())),
            Body::Notice(_) => self.notices,
        }
    }
}

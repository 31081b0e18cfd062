//! One session's interest in one channel, as its hub keeps it.
use super::messages::Post;
use super::{Body, Delivery, Outlet, Seq, SessionAddr, SessionOrder};
use crate::filter::TagsFilter;
use crate::types::{Group, Position, SessionId};
use actix::Addr;
use std::rc::Rc;
use std::sync::Arc;

/// Who is told what is done to a listener.
pub enum Holder {
    /// The session of a client.
    Session(SessionAddr),
    /// The post of the Rust listeners.
    Post(Addr<Post>),
}

impl Holder {
    /// Tells it.
    pub fn do_send(&self, order: SessionOrder) {
        match self {
            Holder::Session(session) => session.do_send(order),
            Holder::Post(post) => post.do_send(order),
        }
    }
}

impl From<SessionAddr> for Holder {
    fn from(session: SessionAddr) -> Self {
        Holder::Session(session)
    }
}

impl From<Addr<Post>> for Holder {
    fn from(post: Addr<Post>) -> Self {
        Holder::Post(post)
    }
}

/// What a listener wants.
pub struct Listener {
    /// The way to its client.
    pub outlet: Rc<dyn Outlet>,
    /// Its session.
    pub session: Holder,
    /// Passes only events whose tags match.
    pub filter: Option<Rc<TagsFilter>>,
    /// Wants joins and leaves.
    pub notices: bool,
    /// The number that stands for the channel's name.
    pub number: Option<u32>,
    /// The session's id, where it may be asked to acknowledge.
    pub who: Option<SessionId>,
    /// The groups it is in, its own first; none in a channel whose events go to everybody.
    pub groups: Vec<Group>,
    /// Its place in its hub.
    pub key: usize,
    /// The last event for groups that it was looked at for: an event for several groups reaches it once.
    pub turn: Seq,
    /// The last event with a position that it was sent.
    pub sent: Option<Position>,
    state: State,
}

enum State {
    /// The channel has not said yet where this listener begins: what comes is held back (decision 28).
    Joining {
        held: Vec<Arc<Delivery>>,
        /// More came than could be held back; up to here it is of no use.
        lost: Option<Since>,
        /// Deliveries up to this count never arrived.
        gap: Option<Seq>,
    },
    /// Gets everything after this place.
    Live { since: Since },
    /// Has missed something and gets nothing any more: an event after the gap would make its client believe that it knows
    /// all that came before it.
    Cut,
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
    pub fn joining(outlet: Rc<dyn Outlet>, session: impl Into<Holder>) -> Self {
        Listener {
            outlet,
            session: session.into(),
            filter: None,
            notices: false,
            number: None,
            who: None,
            groups: vec![],
            key: 0,
            turn: 0,
            sent: None,
            state: State::Joining { held: vec![], lost: None, gap: None },
        }
    }

    /// Hands a delivery to the listener. At most `buffer` are held back while it joins.
    pub fn offer(&mut self, delivery: &Arc<Delivery>, buffer: usize) -> Offered {
        match &mut self.state {
            State::Live { since } => match since.precedes(delivery) && self.wants(delivery) {
                true => {
                    self.outlet.deliver(delivery, self.number);
                    self.note(delivery);
                    Offered::Sent
                }
                false => Offered::Skipped,
            },
            State::Joining { held, lost, .. } => {
                if lost.is_none() && held.len() < buffer {
                    held.push(delivery.clone());
                } else {
                    // A join or a leave has no position: the last event's is still where the client stands.
                    let before = lost.take().and_then(|lost| lost.top);
                    let before = before.or_else(|| held.iter().rev().find_map(|held| held.position().cloned()));
                    // What was held is of no use without what follows it.
                    held.clear();
                    *lost = Some(Since { seq: delivery.seq, top: delivery.position().cloned().or(before) });
                }
                Offered::Held
            }
            State::Cut => Offered::Skipped,
        }
    }

    /// Whether deliveries up to `seq` that never arrived belonged to this listener, which then gets nothing any more.
    pub fn missed(&mut self, seq: Seq) -> bool {
        match &mut self.state {
            State::Live { since } if since.seq < seq => {
                self.state = State::Cut;
                true
            }
            State::Live { .. } | State::Cut => false,
            // It is not known yet where it begins.
            State::Joining { gap, .. } => {
                *gap = (*gap).max(Some(seq));
                false
            }
        }
    }

    /// Where the listener really begins, now that the channel has answered.
    pub fn settle(&mut self, since: Since) -> Settled {
        let State::Joining { lost, gap, .. } = &self.state else { return Settled::Cut };
        if gap.is_some_and(|gap| gap > since.seq) {
            self.state = State::Cut;
            return Settled::Cut;
        }
        match lost {
            Some(lost) if lost.seq > since.seq => {
                Settled::Later(Since { seq: lost.seq, top: lost.top.clone().or(since.top) })
            }
            _ => Settled::AsTold(since),
        }
    }

    /// The join is done, its reply is in the outbox: what was held back follows, and from now on everything.
    pub fn go_live(&mut self, since: Since) {
        let State::Joining { held, .. } = &mut self.state else { return };
        let held = std::mem::take(held);
        self.state = State::Live { since };
        for delivery in held {
            self.offer(&delivery, 0);
        }
    }

    fn wants(&self, delivery: &Delivery) -> bool {
        match &delivery.body {
            Body::Event(event) => self.filter.as_ref().is_none_or(|filter| filter.matches(event.tags.as_deref())),
            Body::Notice(_) => self.notices,
            Body::Instruction(_) => false,
        }
    }

    /// Whether it is in any of these groups.
    pub fn is_in_any(&self, groups: &[Group]) -> bool {
        groups.iter().any(|group| self.groups.contains(group))
    }

    /// How far its channel was when it was looked at; `passed` is the last position that came by its hub.
    pub fn latest<'a>(&'a self, passed: Option<&'a Position>) -> Option<&'a Position> {
        let State::Live { since } = &self.state else { return None };
        let top = since.top.as_ref()?;
        // Another epoch is that of a time before it joined: one that came later would have cut it.
        passed.filter(|passed| passed.epoch == top.epoch && passed.offset > top.offset).or(Some(top))
    }

    /// Only who is in groups comes back by what it was sent; others are spared the count.
    fn note(&mut self, delivery: &Delivery) {
        if !self.groups.is_empty()
            && let Some(position) = delivery.position()
        {
            self.sent = Some(position.clone());
        }
    }
}

#[cfg(test)]
mod tests;

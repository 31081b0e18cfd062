//! Events lost because a hub cannot keep up or the bus was down, and how listeners are told.
use super::{Body, Delivery, Instruct, Seq};
use crate::protocol::Push;
use crate::types::ChannelName;
use std::fmt;

/// How much was lost at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many events; about, where it is not exact.
    pub count: u64,
    /// Whether it is known how many. It is not where a lost connection hides it, where a listener came in the middle, and where
    /// a filter or an audience would have kept some of them away.
    pub is_exact: bool,
}

impl Loss {
    /// Nothing.
    pub const NONE: Loss = Loss { count: 0, is_exact: true };
    /// It is not known how much, or whether anything at all.
    pub const UNKNOWN: Loss = Loss { count: 0, is_exact: false };

    /// Whether nothing was lost.
    pub fn is_none(&self) -> bool {
        *self == Loss::NONE
    }

    /// Both together.
    pub(crate) fn and(self, other: Loss) -> Loss {
        Loss { count: self.count + other.count, is_exact: self.is_exact && other.is_exact }
    }
}

impl Default for Loss {
    fn default() -> Self {
        Loss::NONE
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.count, self.is_exact) {
            (count, true) => write!(f, "{count} events were lost here"),
            (0, false) => f.write_str("events may have been lost here"),
            (count, false) => write!(f, "about {count} events were lost here"),
        }
    }
}

/// What a hub was not sent before something that it was, as its queue was full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// How many deliveries.
    pub deliveries: u64,
    /// How many of them were events.
    pub events: u32,
    /// How many were joins or leaves.
    pub notices: u32,
    /// Among them was something that was to be done to listeners.
    pub is_undone: bool,
}

impl Skipped {
    /// One more.
    pub fn add(&mut self, body: &Body) {
        self.deliveries += 1;
        match body {
            Body::Event(_) => self.events = self.events.saturating_add(1),
            Body::Notice(_) => self.notices = self.notices.saturating_add(1),
            Body::Instruction(instruction) => {
                let what = &instruction.what;
                self.is_undone |= matches!(what, Instruct::Regroup { .. } | Instruct::Order(_));
            }
        }
    }

    /// One more, of which nothing is known but that it was an event.
    pub fn add_unknown(&mut self) {
        self.deliveries += 1;
        self.events = self.events.saturating_add(1);
    }
}

/// What it is known by that deliveries never arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// The hub's queue is full. The next delivery shows what is missing.
    Behind,
    /// A delivery came, and these before it were not sent.
    Before(Skipped),
    /// The channel itself has missed something, beside what was not sent before.
    Elsewhere(Skipped),
    /// Something was to be done to listeners: whoever goes on could hear what is not meant for it any more.
    Undone,
    /// The channel has died: who listens has no place any more.
    Orphaned,
}

impl Gap {
    /// Whether nobody can go on after it.
    pub fn ends_all(self) -> bool {
        matches!(self, Gap::Undone | Gap::Orphaned)
    }
}

/// The news that events of a channel were lost, encoded at most once for each encoding.
pub struct Lag {
    /// How many.
    pub loss: Loss,
    told: Delivery,
}

impl Lag {
    /// Of this channel.
    pub fn new(channel: &ChannelName, loss: Loss) -> Self {
        let push = Push::Lagged { channel: channel.clone(), count: loss.count };
        let nowhere: Seq = 0;
        Lag { loss, told: Delivery::new(channel.clone(), Body::Notice(push), nowhere) }
    }

    /// The channel.
    pub(super) fn channel(&self) -> &ChannelName {
        &self.told.channel
    }

    /// As clients are told. None where it is not known whether anything was lost: they have no word for that.
    pub fn told(&self) -> Option<&Delivery> {
        (self.loss.count > 0).then_some(&self.told)
    }
}

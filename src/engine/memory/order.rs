//! The order in which a shard's streams are dropped.
use super::agenda::{Agenda, Slot};
use super::ledger::Ledger;
use super::stream::Stream;
use crate::types::ChannelName;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// How many streams are filed again in search of the first end; a bound on what one look costs.
pub(super) const LOOKS: usize = 16;

/// Where a stream is filed.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// Not yet, or just taken out.
    Nowhere,
    /// It keeps events. The slot is no later than the end of the first one; it moves when it is looked at and not at
    /// each publish.
    Live(Slot),
    /// It keeps no events: by its last use, and by the end of its position.
    Idle {
        /// The number of its last use.
        used: u64,
        /// The end of its position.
        slot: Slot,
    },
}

/// The streams of a shard in the orders in which they are let go.
pub(super) struct Order {
    live: Agenda<ChannelName>,
    idle: BTreeMap<u64, ChannelName>,
    metas: Agenda<ChannelName>,
}

impl Order {
    pub fn new() -> Self {
        Order { live: Agenda::new(), idle: BTreeMap::new(), metas: Agenda::new() }
    }

    /// Files a stream that was used or has changed.
    pub fn settle(&mut self, channel: &ChannelName, stream: &mut Stream, ledger: &Ledger) {
        let end = stream.first_end();
        if let (Some(end), Place::Live(slot)) = (end, stream.place)
            && slot.at() <= end
        {
            return;
        }
        self.leave(stream.place);
        stream.place = match end {
            Some(end) => Place::Live(self.live.insert(end, channel.clone())),
            None => self.rest(channel, stream.meta_ends, ledger.next_use()),
        };
    }

    fn rest(&mut self, channel: &ChannelName, meta_ends: Instant, used: u64) -> Place {
        self.idle.insert(used, channel.clone());
        Place::Idle { used, slot: self.metas.insert(meta_ends, channel.clone()) }
    }

    /// Takes a stream out.
    pub fn leave(&mut self, place: Place) {
        match place {
            Place::Nowhere => {}
            Place::Live(slot) => self.live.remove(slot),
            Place::Idle { used, slot } => {
                self.idle.remove(&used);
                self.metas.remove(slot);
            }
        }
    }

    /// Takes the stream that is first to lose an event; its place must be set to [`Place::Nowhere`] or filed again.
    pub fn take_live(&mut self) -> Option<ChannelName> {
        self.live.pop()
    }

    /// The same, if the event may have ended.
    pub fn take_due(&mut self, now: Instant) -> Option<ChannelName> {
        self.live.pop_due(now)
    }

    /// Takes a stream without events whose position has ended. It must be removed.
    pub fn take_ended(&mut self, now: Instant) -> Option<ChannelName> {
        self.metas.pop_due(now)
    }

    /// Takes the stream without events that was used least recently. It must be removed.
    pub fn take_least_used(&mut self) -> Option<ChannelName> {
        self.idle.pop_first().map(|(_, channel)| channel)
    }

    /// When the first event may end.
    pub fn next_end(&self) -> Option<Instant> {
        self.live.next()
    }

    /// The number of the least recent use of a stream without events.
    pub fn least_used(&self) -> Option<u64> {
        self.idle.first_key_value().map(|(used, _)| *used)
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.live.is_due(now) || self.metas.is_due(now)
    }
}

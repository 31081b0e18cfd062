//! One channel's history: its position, its last version and the events still kept.
use super::agenda::after;
use super::ledger::Ledger;
use super::order::Place;
use crate::engine::{HistoryPage, HistoryQuery, Retention, Version};
use crate::types::{Epoch, Event, Position};
use rand::distr::{Alphanumeric, SampleString};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::Instant;

/// Characters of an epoch: 62^8 values, so that two lives of a channel are told apart.
const EPOCH_LENGTH: usize = 8;
/// What an event costs beside what it carries: itself, its place in the queue, and what the allocator adds.
const EVENT_BYTES: usize = size_of::<Event>() + size_of::<Retained>() + 64;
/// Queues up to this capacity keep it.
const SMALL_QUEUE: usize = 16;

/// An event with its end.
struct Retained {
    event: Arc<Event>,
    ends: Instant,
    bytes: usize,
}

/// One channel's history. The kept events are the newest ones, without a gap, up to the top.
pub(super) struct Stream {
    epoch: Epoch,
    top: u64,
    events: VecDeque<Retained>,
    version: Option<Version>,
    /// When the position is forgotten, unless events live longer.
    pub meta_ends: Instant,
    /// Where the order has it filed.
    pub place: Place,
}

impl Stream {
    pub fn new(meta_ends: Instant) -> Self {
        let epoch = Epoch::new(Alphanumeric.sample_string(&mut rand::rng(), EPOCH_LENGTH));
        Stream { epoch, top: 0, events: VecDeque::new(), version: None, meta_ends, place: Place::Nowhere }
    }

    pub fn position(&self) -> Position {
        Position { offset: self.top, epoch: self.epoch.clone() }
    }

    /// When the first event ends; none where nothing is kept.
    pub fn first_end(&self) -> Option<Instant> {
        self.events.front().map(|kept| kept.ends)
    }

    /// Whether nothing of it is needed any more. Expired events must have been dropped.
    pub fn is_over(&self, now: Instant) -> bool {
        self.events.is_empty() && self.meta_ends <= now
    }

    /// Takes over a version unless it goes back.
    pub fn accept(&mut self, version: Version) -> bool {
        let is_old = self.version.as_ref().is_some_and(|last| {
            (version.epoch.is_empty() || version.epoch == last.epoch) && version.version <= last.version
        });
        if !is_old {
            self.version = Some(version);
        }
        !is_old
    }

    /// Gives the event the next position and keeps it.
    pub fn push(&mut self, mut event: Event, retention: Retention, now: Instant, ledger: &Ledger) -> Arc<Event> {
        self.top += 1;
        event.position = Some(self.position());
        let event = Arc::new(event);
        let ends = after(now, retention.ttl);
        self.outlive_none(ends);
        let bytes = EVENT_BYTES + event.bytes();
        ledger.add_event(bytes);
        self.events.push_back(Retained { event: event.clone(), ends, bytes });
        while self.events.len() > retention.size {
            self.drop_first(ledger);
        }
        let fits = ledger.can_ever_hold(bytes);
        while ledger.is_over_bytes() && (self.events.len() > 1 || !fits) && self.drop_first(ledger) {}
        event
    }

    /// An event that stayed longer than a newer one would leave a gap behind it: it ends with the newer one.
    fn outlive_none(&mut self, ends: Instant) {
        for kept in self.events.iter_mut().rev().take_while(|kept| kept.ends > ends) {
            kept.ends = ends;
        }
    }

    /// Drops the oldest event; false where nothing is kept.
    pub fn drop_first(&mut self, ledger: &Ledger) -> bool {
        let Some(kept) = self.events.pop_front() else { return false };
        ledger.remove_event(kept.bytes);
        if self.events.capacity() > SMALL_QUEUE && self.events.len() * 4 < self.events.capacity() {
            self.events.shrink_to(self.events.len() * 2);
        }
        true
    }

    /// Drops expired events, at most `budget`; how many.
    pub fn expire(&mut self, now: Instant, budget: usize, ledger: &Ledger) -> usize {
        let mut dropped = 0;
        while dropped < budget && self.first_end().is_some_and(|end| end <= now) {
            self.drop_first(ledger);
            dropped += 1;
        }
        dropped
    }

    /// Answers a query. Expired events must have been dropped.
    pub fn read(&self, query: &HistoryQuery) -> HistoryPage {
        let Some(since) = &query.since else {
            let all = 0..self.events.len();
            return self.page(all, query, true);
        };
        if !since.epoch.is_empty() && since.epoch != self.epoch {
            return self.page(0..0, query, false);
        }
        let is_ahead = since.offset > self.top;
        // How many of the events up to the top, kept or not, come after the position asked from.
        let newer = self.top.saturating_sub(since.offset);
        let kept = self.events.len();
        if query.reverse {
            let not_before = newer.saturating_add(u64::from(!is_ahead));
            return self.page(0..kept - count(not_before, kept), query, !is_ahead);
        }
        self.page(kept - count(newer, kept)..kept, query, !is_ahead && newer <= kept as u64)
    }

    fn page(&self, range: std::ops::Range<usize>, query: &HistoryQuery, complete: bool) -> HistoryPage {
        let events = self.events.range(range).map(|kept| kept.event.clone());
        let events = match query.reverse {
            true => events.rev().take(query.limit).collect(),
            false => events.take(query.limit).collect(),
        };
        HistoryPage { events, top: self.position(), complete }
    }
}

/// `n`, at most `kept`.
fn count(n: u64, kept: usize) -> usize {
    usize::try_from(n).map_or(kept, |n| n.min(kept))
}

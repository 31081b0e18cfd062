//! When entries expire.
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;
use tokio::time::Instant;

/// Stands for "never": an instant has a last value, and adding a configured duration must not pass it.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// The instant `ttl` after `now`, at most some decades away.
pub(super) fn after(now: Instant, ttl: Duration) -> Instant {
    now + ttl.min(FAR)
}

/// Things filed by the instant at which they are due.
pub(super) struct Agenda<V> {
    entries: BTreeMap<Slot, V>,
    next: u64,
}

/// Where a thing is filed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    at: Instant,
    id: u64,
}

impl Slot {
    pub fn at(self) -> Instant {
        self.at
    }
}

impl<V> Agenda<V> {
    pub fn new() -> Self {
        Agenda { entries: BTreeMap::new(), next: 0 }
    }

    pub fn insert(&mut self, at: Instant, value: V) -> Slot {
        let slot = Slot { at, id: self.next };
        self.next += 1;
        self.entries.insert(slot, value);
        slot
    }

    pub fn remove(&mut self, slot: Slot) {
        self.entries.remove(&slot);
    }

    /// When the first thing is due.
    pub fn next(&self) -> Option<Instant> {
        self.entries.first_key_value().map(|(slot, _)| slot.at)
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.next().is_some_and(|at| at <= now)
    }

    pub fn pop(&mut self) -> Option<V> {
        self.entries.pop_first().map(|(_, value)| value)
    }

    pub fn pop_due(&mut self, now: Instant) -> Option<V> {
        if self.is_due(now) { self.pop() } else { None }
    }
}

/// Gives a table's memory back once it is mostly empty. A table of this size halves at least before the next time, so
/// what is paid for moving the rest was saved by the removals before.
pub(super) fn give_back<K: Eq + Hash, V>(table: &mut HashMap<K, V>) {
    const SMALL: usize = 64;
    if table.capacity() > SMALL && table.len() * 8 < table.capacity() {
        table.shrink_to(table.len() * 2);
    }
}

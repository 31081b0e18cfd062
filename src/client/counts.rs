//! What a client counts.
use std::sync::atomic::{AtomicU64, Ordering};

/// What a client has now, and what it counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientCounts {
    /// Publishes that are kept: the socket has not taken them yet.
    pub kept: usize,
    /// Publishes that were dropped for newer ones.
    pub dropped: u64,
    /// Publishes that the socket had when the connection ended, before it said that it had passed them on: they may not have arrived.
    /// Those that it had passed on may not have arrived either, and are not counted, since the wire confirms none.
    pub lost: u64,
    /// Commands that the broker refused.
    pub refused: u64,
    /// Calls of callbacks that panicked, or whose type does not match the data.
    pub failed_callbacks: u64,
    /// Messages of the broker that make no sense.
    pub unreadable: u64,
}

/// The numbers that only grow.
#[derive(Default)]
pub(super) struct Tallies {
    pub(super) dropped: Tally,
    pub(super) lost: Tally,
    pub(super) refused: Tally,
    pub(super) failed_callbacks: Tally,
    pub(super) unreadable: Tally,
}

#[derive(Default)]
pub(super) struct Tally(AtomicU64);

impl Tally {
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tallies {
    pub(super) fn counts(&self, kept: usize) -> ClientCounts {
        ClientCounts {
            kept,
            dropped: self.dropped.read(),
            lost: self.lost.read(),
            refused: self.refused.read(),
            failed_callbacks: self.failed_callbacks.read(),
            unreadable: self.unreadable.read(),
        }
    }
}

//! The engine's limits and how much of each is used, over all shards.
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many claims of kept events a memory engine remembers, over all channels: as many users as may be connected, some times over.
const CLAIMS: usize = 1_000_000;

/// How much a memory engine may keep. These are keys of the config section `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Bytes of all histories together: payloads, attachments, audiences, tags and publisher infos, and a fixed amount for
    /// each event.
    pub history_bytes: usize,
    /// How many idempotency keys are remembered.
    pub idempotency_keys: usize,
    /// How many presence entries there may be, over all channels.
    pub presence_entries: usize,
    /// How many channels have a position or a version remembered.
    pub positions: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            history_bytes: 256 * 1024 * 1024,
            idempotency_keys: 100_000,
            presence_entries: 100_000,
            positions: 1_000_000,
        }
    }
}

/// What a memory engine keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of all histories together, as `limits.history_bytes` counts them.
    pub history_bytes: usize,
    /// Events in histories.
    pub events: usize,
    /// Channels whose position or version is remembered.
    pub positions: usize,
    /// Idempotency keys.
    pub idempotency_keys: usize,
    /// Presence entries.
    pub presence_entries: usize,
    /// Claims of kept events.
    pub claims: usize,
}

/// Counts what the shards keep. The counters guard no other memory, so their order among each other does not matter.
pub(super) struct Ledger {
    config: Config,
    bytes: AtomicUsize,
    events: AtomicUsize,
    positions: AtomicUsize,
    keys: AtomicUsize,
    presence: AtomicUsize,
    claims: AtomicUsize,
    uses: AtomicU64,
}

impl Ledger {
    pub fn new(config: Config) -> Self {
        Ledger {
            config,
            bytes: AtomicUsize::new(0),
            events: AtomicUsize::new(0),
            positions: AtomicUsize::new(0),
            keys: AtomicUsize::new(0),
            presence: AtomicUsize::new(0),
            claims: AtomicUsize::new(0),
            uses: AtomicU64::new(0),
        }
    }

    pub fn usage(&self) -> Usage {
        Usage {
            history_bytes: self.bytes.load(Relaxed),
            events: self.events.load(Relaxed),
            positions: self.positions.load(Relaxed),
            idempotency_keys: self.keys.load(Relaxed),
            presence_entries: self.presence.load(Relaxed),
            claims: self.claims.load(Relaxed),
        }
    }

    pub fn add_event(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Relaxed);
        self.events.fetch_add(1, Relaxed);
    }

    pub fn remove_event(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
        self.events.fetch_sub(1, Relaxed);
    }

    pub fn is_over_bytes(&self) -> bool {
        self.bytes.load(Relaxed) > self.config.history_bytes
    }

    /// Whether an event of this size fits where nothing else is kept.
    pub fn can_ever_hold(&self, bytes: usize) -> bool {
        bytes <= self.config.history_bytes
    }

    pub fn add_position(&self) {
        self.positions.fetch_add(1, Relaxed);
    }

    pub fn remove_position(&self) {
        self.positions.fetch_sub(1, Relaxed);
    }

    pub fn is_over_positions(&self) -> bool {
        self.positions.load(Relaxed) > self.config.positions
    }

    pub fn add_key(&self) {
        self.keys.fetch_add(1, Relaxed);
    }

    pub fn remove_key(&self) {
        self.keys.fetch_sub(1, Relaxed);
    }

    pub fn is_over_keys(&self) -> bool {
        self.keys.load(Relaxed) > self.config.idempotency_keys
    }

    /// Counts one more presence entry; false, and nothing counted, if it does not fit.
    pub fn admit_presence(&self) -> bool {
        let admit = |count| (count < self.config.presence_entries).then_some(count + 1);
        self.presence.fetch_update(Relaxed, Relaxed, admit).is_ok()
    }

    pub fn remove_presence(&self) {
        self.presence.fetch_sub(1, Relaxed);
    }

    /// Counts one more claim; false, and nothing counted, if it does not fit.
    pub fn admit_claim(&self) -> bool {
        let admit = |count| (count < CLAIMS).then_some(count + 1);
        self.claims.fetch_update(Relaxed, Relaxed, admit).is_ok()
    }

    pub fn remove_claims(&self, count: usize) {
        self.claims.fetch_sub(count, Relaxed);
    }

    /// A number greater than all before it, to order uses over all shards.
    pub fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Relaxed)
    }
}

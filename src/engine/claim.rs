//! Which users have received which kept events, so that each user receives a kept event once.
use crate::types::Epoch;
use std::sync::Arc;
use std::time::Duration;

/// How many claimants of one event an engine remembers. Beyond that the event counts as received by everybody: an engine that forgot a
/// claimant would have the event brought to it twice.
pub const CLAIMANTS_PER_EVENT: usize = 100_000;

/// Events of one channel that are to be given to claimants, unless the claimants have received them already.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which life of the channel's history the offsets count in.
    pub epoch: Epoch,
    /// The offsets of the events.
    pub offsets: Vec<u64>,
    /// The names of the claimants: users, and sessions that belong to no user. A name means the same on all nodes.
    pub claimants: Vec<Arc<str>>,
    /// How long the claims of an event are remembered at least, from the first one on: as long as the event is kept.
    pub ttl: Duration,
}

/// The outcome of a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The offsets of the events that none of the claimants had received, in the order of the claim.
    pub new: Vec<u64>,
    /// A claimant of an event could not be remembered, so that the event counts as received by everybody.
    pub is_full: bool,
}

//! Which users have got which events, so that an event that is brought to users who come later is brought to each of them once.
use crate::types::Epoch;
use std::sync::Arc;
use std::time::Duration;

/// How many claimants of one event an engine remembers. The event is brought to nobody else once there are so many: an engine that
/// forgot one of them would have it brought twice.
pub const CLAIMANTS_PER_EVENT: usize = 100_000;

/// Events of one channel that are given to claimants, unless they have them already.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which life of the channel's history the offsets count in.
    pub epoch: Epoch,
    /// The offsets of the events.
    pub offsets: Vec<u64>,
    /// The names of the claimants: users, and sessions that are no user's. They mean the same in all channels and on all nodes.
    pub claimants: Vec<Arc<str>>,
    /// For how long the claims of an event are remembered at least, from the first one on: as long as the event is kept.
    pub ttl: Duration,
}

/// What became of a claim.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claimed {
    /// The offsets of the events that none of the claimants had, in the order asked for.
    pub new: Vec<u64>,
    /// There was no room to remember some claimant of some event, which is brought to nobody else from now on.
    pub is_full: bool,
}

//! What the stories came by, all together: a net that never meets an overflow says nothing of one.
use super::client::Said;
use std::sync::atomic::{AtomicU64, Ordering};

/// Something that stories have to come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    Recovered,
    NotRecovered,
    Lagged,
    CameBack,
    /// A connection ended that nobody had cut: its client was too slow, or silent.
    SentAway,
    InRoom,
    /// A connection is not shown an event.
    Hidden,
    /// It is not, since its client has asked for others.
    Unasked,
    /// A filter showed a connection other data.
    Replaced,
    /// A publisher did.
    Masked,
    /// A call was acknowledged behind its events.
    AnsweredBehind,
    /// It was ahead of events that waited for a filter.
    Overtaken,
    /// A connection was told of an event before its handlers were told of it.
    HeardEarly,
    /// What decides about what a connection is shown has changed.
    Moved,
    NotFound,
    /// An event was lost to a connection, where that may be.
    LostEvent,
    ServiceClientSentAway,
}

/// What stories of all wires come by.
pub const OF_WIRES: [Met; 6] =
    [Met::Recovered, Met::NotRecovered, Met::Lagged, Met::CameBack, Met::SentAway, Met::InRoom];

/// What stories of services come by.
pub const OF_SERVICES: [Met; 11] = [
    Met::Hidden,
    Met::Unasked,
    Met::Replaced,
    Met::Masked,
    Met::AnsweredBehind,
    Met::Overtaken,
    Met::HeardEarly,
    Met::Moved,
    Met::NotFound,
    Met::LostEvent,
    Met::ServiceClientSentAway,
];

static COUNTS: [AtomicU64; OF_WIRES.len() + OF_SERVICES.len()] =
    [const { AtomicU64::new(0) }; OF_WIRES.len() + OF_SERVICES.len()];

/// Stories came by this.
pub fn met(what: Met) {
    COUNTS[what as usize].fetch_add(1, Ordering::Relaxed);
}

/// Stories came by what a client was told.
pub fn heard(said: &Said) {
    match said {
        Said::Subscribed { recovered: Some(true), .. } => met(Met::Recovered),
        Said::Subscribed { recovered: Some(false), .. } => met(Met::NotRecovered),
        Said::Lagged { .. } => met(Met::Lagged),
        Said::Unsubscribed { .. } => met(Met::CameBack),
        _ => {}
    }
}

/// Fails where stories have not come by something of these often enough.
pub fn assert_all_met(all: &[Met], times: u64) {
    for what in all {
        let count = COUNTS[*what as usize].load(Ordering::Relaxed);
        assert!(count >= times, "only {count} times the stories came by {what:?}");
    }
}

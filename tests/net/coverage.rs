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
}

const ALL: [Met; 6] = [Met::Recovered, Met::NotRecovered, Met::Lagged, Met::CameBack, Met::SentAway, Met::InRoom];

static COUNTS: [AtomicU64; ALL.len()] = [const { AtomicU64::new(0) }; ALL.len()];

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

/// Fails where stories have not come by something often enough.
pub fn assert_all_met(times: u64) {
    for what in ALL {
        let count = COUNTS[what as usize].load(Ordering::Relaxed);
        assert!(count >= times, "only {count} times the stories came by {what:?}");
    }
}

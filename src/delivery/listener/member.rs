//! What a listener is in a channel whose events may be for some groups only.
use crate::delivery::{Delivery, Seq};
use crate::types::{Group, Place, SessionId};
use std::sync::Arc;
use std::time::Duration;

/// What a listener is in a channel whose events may be for some groups only.
pub struct GroupMember {
    /// Its session, which may be asked to acknowledge.
    pub who: SessionId,
    /// The groups it is in, its own first.
    pub groups: Vec<Group>,
    /// Its place in its hub.
    pub key: usize,
    /// The last event for groups that it was looked at for: an event for several groups reaches it once.
    turn: Seq,
    /// Where it stood with the last event that it was sent and that can be brought again.
    pub sent: Option<Place>,
    /// For whom kept events are claimed that it gets; none in a channel that does not keep on request.
    pub claimant: Option<Arc<Claimant>>,
}

/// Who gets each kept event of a channel once, whichever sessions are theirs.
#[derive(Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The user, or a session that is no user's.
    pub name: Arc<str>,
    /// For how long the channel keeps events.
    pub ttl: Duration,
}

impl GroupMember {
    /// A session's listener in these groups; none where there are none.
    pub fn of(who: SessionId, groups: &[Group]) -> Option<Box<Self>> {
        let groups = groups.to_vec();
        let member = || GroupMember { who, groups, key: 0, turn: 0, sent: None, claimant: None };
        Some(member()).filter(|member| !member.groups.is_empty()).map(Box::new)
    }

    /// It was sent this. Only what has a position of its own is brought again.
    pub(super) fn note(&mut self, delivery: &Delivery) {
        if delivery.position().is_some() {
            self.sent = delivery.place();
        }
    }

    /// Whether an event for groups has not been looked at for it yet.
    pub(super) fn takes_turn(&mut self, seq: Seq) -> bool {
        std::mem::replace(&mut self.turn, seq) != seq
    }
}

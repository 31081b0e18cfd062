//! Which sessions are queried, and those that fit into one answer.
use crate::delivery::SessionDescription;
use crate::types::{SessionId, Space};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which sessions are asked for: those that match every field that is set. Nodes send it to each other in this form.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Inspection {
    /// Only those of this user.
    pub user: Option<String>,
    /// Only the session of this id.
    pub session: Option<SessionId>,
    /// Only those subscribed to this channel: a space, and a name there.
    pub channel: Option<(Space, String)>,
    /// How many are described; the others are counted.
    pub limit: usize,
}

/// The sessions that were asked for, by user and id, as far as they go into one answer.
#[derive(Debug, Clone)]
pub struct Inspected {
    listed: BTreeMap<Place, Listed>,
    /// How many there are, with those that are not listed. Of those that did not answer in time it counts the ones that are asked
    /// for whatever they are subscribed to; where a channel is named, nobody knows whether they are meant.
    pub total: usize,
    /// Some did not answer in time.
    pub(super) is_late: bool,
    limit: usize,
    /// The bytes of descriptions that may be listed, and those that are.
    room: usize,
    bytes: usize,
    /// The first that is not listed for want of room; none behind it is.
    end: Option<Place>,
    /// The room that was wanting is that of bytes.
    pub(in crate::broker) is_full: bool,
}

/// What one node tells another of the sessions that it was asked for.
#[derive(Serialize, Deserialize)]
pub(in crate::broker) struct NodeSessions {
    listed: Vec<SessionDescription>,
    total: usize,
    is_late: bool,
    end: Option<(Arc<str>, SessionId)>,
}

/// User, session and node.
type Place = (Arc<str>, SessionId, Arc<str>);

#[derive(Debug, Clone)]
struct Listed {
    description: SessionDescription,
    bytes: usize,
}

impl Inspected {
    /// Nothing yet; at most so many sessions, and bytes of their descriptions.
    pub(super) fn new(limit: usize, room: usize) -> Self {
        let (total, is_late, bytes, is_full) = (0, false, 0, false);
        Inspected { listed: BTreeMap::new(), total, is_late, limit, room, bytes, end: None, is_full }
    }

    /// Whether there are more than are listed, or may be: because of the limit, the size of the answer, or since some did not
    /// answer in time.
    pub fn is_truncated(&self) -> bool {
        self.is_late || self.total > self.listed.len()
    }

    /// What is listed, by user and id, each with the id of its node.
    pub fn into_sessions(self) -> impl Iterator<Item = (Arc<str>, SessionDescription)> {
        self.listed.into_iter().map(|((_, _, node), listed)| (node, listed.description))
    }

    /// Lists a session of a node if it is one of the first. Whichever comes first, the same are listed in the end: all that are
    /// before the first without room.
    pub(super) fn list(&mut self, node: &Arc<str>, description: SessionDescription) {
        let place = (description.user.clone(), description.client, node.clone());
        if self.end.as_ref().is_some_and(|end| *end <= place) {
            return;
        }
        let bytes = serde_json::to_vec(&description).map_or(0, |json| json.len());
        self.bytes += bytes;
        if let Some(old) = self.listed.insert(place, Listed { description, bytes }) {
            self.bytes -= old.bytes;
        }
        while self.listed.len() > self.limit || self.bytes > self.room && self.listed.len() > 1 {
            self.is_full |= self.listed.len() <= self.limit;
            self.drop_last();
        }
    }

    fn drop_last(&mut self) {
        if let Some((place, last)) = self.listed.pop_last() {
            self.bytes -= last.bytes;
            self.end = Some(place);
        }
    }

    /// Adds what another node tells.
    pub(in crate::broker) fn add(&mut self, node: &str, told: NodeSessions) {
        let node: Arc<str> = node.into();
        self.total = self.total.saturating_add(told.total);
        self.is_late |= told.is_late;
        if let Some((user, session)) = told.end {
            let end = (user, session, node.clone());
            while self.listed.last_key_value().is_some_and(|(last, _)| *last >= end) {
                self.drop_last();
            }
            self.end = self.end.take().into_iter().chain([end]).min();
        }
        told.listed.into_iter().for_each(|session| self.list(&node, session));
    }
}

impl From<Inspected> for NodeSessions {
    fn from(inspected: Inspected) -> Self {
        let Inspected { total, is_late, .. } = inspected;
        let end = inspected.end.clone().map(|(user, session, _)| (user, session));
        NodeSessions { listed: inspected.into_sessions().map(|(_, session)| session).collect(), total, is_late, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::IdentityKind;
    use proptest::prelude::*;

    const ROOM: usize = 10_000;

    fn session(user: u8, bytes: usize) -> SessionDescription {
        SessionDescription {
            client: SessionId::random(),
            user: user.to_string().into(),
            kind: IdentityKind::User,
            realm: "".into(),
            registered: None,
            groups: vec!["g".repeat(bytes)],
            subscriptions: vec![],
            transport: None,
        }
    }

    /// What shall be listed: the first, as many as may be and as fit, and one at least.
    fn first(mut all: Vec<SessionDescription>, limit: usize) -> Vec<SessionId> {
        all.sort_by_key(|session| (session.user.clone(), session.client));
        let mut bytes = 0;
        let fits = |(at, session): &(usize, SessionDescription)| {
            bytes += serde_json::to_vec(session).unwrap().len();
            *at == 0 || bytes <= ROOM
        };
        all.into_iter().enumerate().take(limit).take_while(fits).map(|(_, session)| session.client).collect()
    }

    proptest! {
        #[test]
        fn the_first_that_fit_are_listed_whichever_node_has_them_and_whichever_comes_first(
            sizes in proptest::collection::vec((0u8..5, 0usize..3, 1usize..12_000), 0..12),
            limit in 0usize..12,
        ) {
            let sessions: Vec<_> = sizes.iter().map(|(user, on, size)| (*on, session(*user, *size))).collect();
            let mut nodes = [(); 3].map(|()| Inspected::new(limit, ROOM));
            for (on, session) in &sessions {
                nodes[*on].list(&on.to_string().into(), session.clone());
                nodes[*on].total += 1;
            }
            let [mut all, second, third] = nodes;
            for (name, told) in [("1", second), ("2", third)] {
                let json = serde_json::to_vec(&NodeSessions::from(told)).unwrap();
                all.add(name, serde_json::from_slice(&json).unwrap());
            }
            let expected = first(sessions.iter().map(|(_, session)| session.clone()).collect(), limit);
            prop_assert_eq!((all.total, all.is_truncated()), (sessions.len(), sessions.len() > expected.len()));
            let listed: Vec<_> = all.into_sessions().map(|(_, session)| session.client).collect();
            prop_assert_eq!(listed, expected);
        }
    }
}

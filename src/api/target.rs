//! The sessions that a command applies to.
use crate::broker::{Reached, Target};
use crate::types::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

/// The result of an order: nobody there is no error.
#[derive(Serialize, ToSchema)]
pub struct Done {}

/// The result of an order to all nodes.
#[derive(Serialize, ToSchema)]
pub struct Ordered {
    /// The ids of nodes that could not be told; left out where all were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

impl<T> From<Reached<T>> for Ordered {
    fn from(reached: Reached<T>) -> Self {
        Ordered { missing: reached.missing }
    }
}

/// Out of a user, and the id of one session, which is told to clients as `client` and, on some transports, as `session`.
/// Where both name one they must agree. An id that is none, or no user and no id, means nobody.
pub fn target(user: Option<String>, client: Option<String>, session: Option<String>) -> Target {
    let mut target = Target { user: user.unwrap_or_default(), ..Target::default() };
    for id in [client, session].into_iter().flatten().filter(|id| !id.is_empty()) {
        match SessionId::parse(&id) {
            Some(id) if target.session.is_none_or(|other| other == id) => target.session = Some(id),
            _ => return Target::default(),
        }
    }
    target
}

/// The sessions that an order spares; what is no id spares nobody.
pub fn spared(ids: Option<Vec<String>>) -> Vec<SessionId> {
    ids.unwrap_or_default().iter().filter_map(|id| SessionId::parse(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_none_or_disagree_mean_nobody() {
        let (one, other) = (SessionId::random().to_string(), SessionId::random().to_string());
        let of = |client: &str, session: &str| target(Some("42".into()), Some(client.into()), Some(session.into()));
        assert!(of(&one, &one).session.is_some());
        assert_eq!(of("", "").user, "42");
        for nobody in [of(&one, &other), of("c1", ""), of("", "c1")] {
            assert_eq!((nobody.user.as_str(), nobody.session), ("", None));
        }
    }
}

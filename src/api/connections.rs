//! `connections`: who is connected, to what, and how.
use super::method::Method;
use crate::broker::{Inspection, Node};
use crate::delivery::SessionDescription;
use crate::types::{ReplyError, SessionId, Space};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// How many connections are listed where the request does not say.
const LISTED: usize = 100;
/// The most connections that one answer lists.
const MAX_LISTED: usize = 1_000;

/// Asks who is connected: the sessions that match every field that is set.
#[derive(Deserialize, ToSchema)]
pub struct Connections {
    /// Only those of this user. Left out or empty: of all users, anonymous ones too.
    user: Option<String>,
    /// Only the session of this id.
    client: Option<String>,
    /// Only those subscribed to this channel.
    channel: Option<String>,
    /// The space of `channel`; left out: `user`, the channels that clients name. `socketio` names a namespace, `service` a service
    /// by its path, `plugin` a plugin by its id.
    #[schema(value_type = Option<String>)]
    space: Option<Space>,
    /// How many are listed, at most 1,000; left out: 100. 0: none, they are only counted.
    limit: Option<usize>,
}

/// Who is connected.
#[derive(Serialize, ToSchema)]
pub struct ConnectionList {
    /// By user, then by client. At most 1 MiB of them, but for what `node` takes.
    connections: Vec<Connection>,
    /// How many there are, with those that are not listed. Where some did not answer in time it counts them, too; but not with
    /// `channel`, for then nobody knows whether they are meant.
    total: usize,
    /// Not all are listed: there are more than `limit`, or than go into one answer; or some did not answer in time.
    truncated: bool,
    /// The ids of nodes that did not answer; left out where all did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// A session, and where it is.
#[derive(Serialize, ToSchema)]
pub struct Connection {
    #[serde(flatten)]
    session: SessionDescription,
    /// The id of its node.
    #[schema(value_type = String)]
    node: Arc<str>,
}

impl Connections {
    /// Fails with 106 where more are to be listed than one answer lists, and with 107 where the id is none or a space stands
    /// without a channel.
    fn inspection(self) -> Result<Inspection, ReplyError> {
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let session = named(self.client);
        let session = session.map(|id| SessionId::parse(&id).ok_or_else(no_session)).transpose()?;
        let channel = match (self.space, named(self.channel)) {
            (space, Some(channel)) => Some((space.unwrap_or(Space::User), channel)),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ReplyError::bad_field("channel", "is missing, and \"space\" says where it is"));
            }
        };
        let limit = self.limit.unwrap_or(LISTED);
        if limit > MAX_LISTED {
            return Err(ReplyError::LIMIT_EXCEEDED);
        }
        Ok(Inspection { user: named(self.user), session, channel, limit })
    }
}

fn no_session() -> ReplyError {
    ReplyError::bad_field("client", "is not a session id, which is a UUID")
}

impl Method for Connections {
    type Result = ConnectionList;
    const NAME: &'static str = "connections";
    const SUMMARY: &'static str = "Lists who is connected, with groups, subscriptions, transport and queue";
    const REQUEST: &'static str = r#"{"user":"42","limit":10}"#;
    const RESULT: &'static str = r#"{"connections":[{"client":"c54ba4b8-5ba8-4d41-8a3b-3a6c5f6d0f3e","user":"42","kind":"user","realm":"","groups":["group:default/admins"],"subscriptions":[{"space":"user","channel":"news"}],"transport":{"wire":"centrifuge","carrier":"websocket","encoding":"json","encrypted":true,"queue":{"bytes":0,"messages":0,"limit":1048576}},"node":"6f1d4e7c-0f0e-4a55-9d3e-0c4f0a1b2c3d"}],"total":1,"truncated":false}"#;

    async fn answer(self, node: &Node) -> Result<ConnectionList, ReplyError> {
        let reached = node.everywhere().inspect(self.inspection()?).await?;
        let (total, truncated) = (reached.value.total, reached.value.is_truncated());
        let connections = reached.value.into_sessions().map(|(node, session)| Connection { session, node }).collect();
        Ok(ConnectionList { connections, total, truncated, missing: reached.missing })
    }
}

//! `refresh`: changes when sessions end.
use super::draft::{given, shown};
use super::method::Method;
use super::target::{Ordered, target};
use crate::broker::Node;
use crate::types::{Disconnect, Json, ReplyError};
use serde::Deserialize;
use utoipa::ToSchema;

/// Changes when the sessions of a user, or one session, end.
#[derive(Deserialize, ToSchema)]
pub struct Refresh {
    /// The user; may be left out where `client` names a session.
    user: Option<String>,
    /// Only the session of this id.
    client: Option<String>,
    /// The same as `client`.
    session: Option<String>,
    /// They end now, with 3005 "connection expired".
    expired: Option<bool>,
    /// When they end, in seconds since 1970; left out or 0: never.
    expire_at: Option<i64>,
    /// What others see of the user from now on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    info: Option<Json>,
}

impl Method for Refresh {
    type Result = Ordered;
    const NAME: &'static str = "refresh";
    const SUMMARY: &'static str = "Changes when sessions end";
    const REQUEST: &'static str = r#"{"user":"42","expire_at":1900000000}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Ordered, ReplyError> {
        let info = shown(self.info, None, "info")?;
        let target = target(self.user, self.client, self.session);
        let everywhere = node.everywhere();
        let reached = match self.expired {
            Some(true) => everywhere.disconnect(target, Disconnect::CONNECTION_EXPIRED).await?,
            _ => everywhere.refresh(target, self.expire_at.filter(|at| *at > 0), info).await?,
        };
        Ok(reached.into())
    }
}

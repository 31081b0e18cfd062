//! `unsubscribe`: ends subscriptions.
use super::method::Method;
use super::target::{Ordered, target};
use crate::broker::Node;
use crate::types::ReplyError;
use serde::Deserialize;
use utoipa::ToSchema;

/// Ends the subscription of a user's sessions, or of one session, to a channel.
#[derive(Deserialize, ToSchema)]
pub struct Unsubscribe {
    /// The user; may be left out where `client` names a session.
    user: Option<String>,
    /// The channel; left out or empty: every channel.
    channel: Option<String>,
    /// Only the session of this id.
    client: Option<String>,
    /// The same as `client`.
    session: Option<String>,
}

impl Method for Unsubscribe {
    type Result = Ordered;
    const NAME: &'static str = "unsubscribe";
    const SUMMARY: &'static str = "Ends subscriptions of sessions";
    const REQUEST: &'static str = r#"{"user":"42","channel":"news"}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Ordered, ReplyError> {
        let target = target(self.user, self.client, self.session);
        let channel = self.channel.as_deref().filter(|channel| !channel.is_empty());
        Ok(node.everywhere().unsubscribe(target, channel).await?.into())
    }
}

//! `subscribe`: a server-side subscription.
use super::draft::{given, payload, shown};
use super::method::Method;
use super::shapes::Since;
use super::target::{Ordered, target};
use crate::auth::Overrides;
use crate::broker::Node;
use crate::delivery::SubscribeOptions;
use crate::types::{Json, ReplyError};
use serde::Deserialize;
use utoipa::ToSchema;

/// Subscribes the sessions of a user, or one session, to a channel, whatever the channel's rule says.
#[derive(Deserialize, ToSchema)]
pub struct Subscribe {
    /// The user; may be left out where `client` names a session.
    user: Option<String>,
    /// The channel.
    channel: Option<String>,
    /// Only the session of this id.
    client: Option<String>,
    /// The same as `client`.
    session: Option<String>,
    /// Shown to others in the channel as `chan_info`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    info: Option<Json>,
    /// `info` in base64, where that is left out; it must be JSON too.
    b64info: Option<String>,
    /// Given to the client with the subscription.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Json>,
    /// `data` in base64, where that is left out; it must be JSON too.
    b64data: Option<String>,
    /// When the subscription ends, in seconds since 1970; 0 for never.
    expire_at: Option<i64>,
    /// Bring the events after this position.
    recover_since: Option<Since>,
    /// What differs from the channel's namespace.
    #[serde(rename = "override")]
    overrides: Option<Overrides>,
}

impl Method for Subscribe {
    type Result = Ordered;
    const NAME: &'static str = "subscribe";
    const SUMMARY: &'static str = "Subscribes sessions to a channel";
    const REQUEST: &'static str = r#"{"user":"42","channel":"news"}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Ordered, ReplyError> {
        let options = SubscribeOptions {
            info: shown(self.info, self.b64info, "b64info")?,
            data: payload(self.data, self.b64data, "b64data")?,
            overrides: self.overrides.unwrap_or_default(),
            expire_at: self.expire_at.filter(|at| *at > 0),
            recover: self.recover_since.map(Since::into),
        };
        let target = target(self.user, self.client, self.session);
        Ok(node.everywhere().subscribe(target, &self.channel.unwrap_or_default(), options).await?.into())
    }
}

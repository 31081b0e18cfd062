//! `presence` and `presence_stats`: who is in a channel.
use super::method::Method;
use super::shapes::Client;
use crate::broker::Node;
use crate::types::ReplyError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Asks who is in a channel.
#[derive(Deserialize, ToSchema)]
pub struct Presence {
    /// The channel.
    channel: Option<String>,
}

/// Who is in a channel.
#[derive(Serialize, ToSchema)]
pub struct Present {
    /// By session id.
    presence: BTreeMap<String, Client>,
    /// The ids of nodes that did not answer; left out where all did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

/// Asks how many are in a channel.
#[derive(Deserialize, ToSchema)]
pub struct PresenceStats {
    /// The channel.
    channel: Option<String>,
}

/// How many are in a channel.
#[derive(Serialize, ToSchema)]
pub struct PresentNumbers {
    /// Sessions.
    num_clients: usize,
    /// Different users among them.
    num_users: usize,
    /// The ids of nodes that did not answer; left out where all did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

impl Method for Presence {
    type Result = Present;
    const NAME: &'static str = "presence";
    const SUMMARY: &'static str = "Tells who is in a channel";
    const REQUEST: &'static str = r#"{"channel":"news"}"#;
    const RESULT: &'static str = r#"{"presence":{"c54ba4b8-5ba8-4d41-8a3b-3a6c5f6d0f3e":{"user":"42","client":"c54ba4b8-5ba8-4d41-8a3b-3a6c5f6d0f3e"}}}"#;

    async fn answer(self, node: &Node) -> Result<Present, ReplyError> {
        let present = node.everywhere().presence(&self.channel.unwrap_or_default()).await?;
        let presence = present.value.iter().map(|info| (info.client.to_string(), (&**info).into())).collect();
        Ok(Present { presence, missing: present.missing })
    }
}

impl Method for PresenceStats {
    type Result = PresentNumbers;
    const NAME: &'static str = "presence_stats";
    const SUMMARY: &'static str = "Tells how many are in a channel";
    const REQUEST: &'static str = r#"{"channel":"news"}"#;
    const RESULT: &'static str = r#"{"num_clients":2,"num_users":1}"#;

    async fn answer(self, node: &Node) -> Result<PresentNumbers, ReplyError> {
        let stats = node.everywhere().presence_stats(&self.channel.unwrap_or_default()).await?;
        let (num_clients, num_users) = (stats.value.clients, stats.value.users);
        Ok(PresentNumbers { num_clients, num_users, missing: stats.missing })
    }
}

//! What a token grants.
use crate::types::{Identity, Json};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a connection token grants.
#[derive(Debug, Clone)]
pub struct ConnectionGrant {
    /// Whom the token stands for.
    pub identity: Identity,
    /// Server-side subscriptions from the claims `channels` and `subs`, by channel name as the token wrote it: not yet
    /// parsed, each name once, in the order of the names.
    pub subs: Vec<(String, SubscriptionOptions)>,
}

/// What a subscription token grants. The caller compares [`user`](Self::user) and [`channel`](Self::channel) with the
/// connection and the command.
#[derive(Debug, Clone)]
pub struct SubscriptionGrant {
    /// The claim `sub`; empty for an anonymous user.
    pub user: Arc<str>,
    /// The claim `channel`; empty where the token names none, which then fits no subscription.
    pub channel: String,
    /// The claim `client` of old libraries: where it is there, only that session may use the token.
    pub client: Option<String>,
    /// The claim `info` or `b64info`, shown to others as `chan_info`.
    pub info: Option<Json>,
    /// From the claim `scope`, separated by spaces.
    pub scopes: BTreeSet<String>,
    /// The claim `jti`.
    pub token_id: Option<Arc<str>>,
    /// When the token was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// When the subscription ends, in seconds since 1970; none for never.
    pub expires_at: Option<i64>,
    /// The claim `override`.
    pub overrides: Overrides,
}

/// How a server-side subscription differs from what its namespace says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubscriptionOptions {
    /// Shown to others as `chan_info`.
    pub info: Option<Json>,
    /// Given to the client with the subscription.
    pub data: Option<Json>,
    /// Settings of the namespace that do not hold here.
    pub overrides: Overrides,
}

/// Settings of a namespace that one subscription turns on or off; what is left out holds as the namespace says.
///
/// Source: Centrifugo's `override` of connection tokens, subscription tokens and the HTTP API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Overrides {
    /// Whether the session counts as present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Flag>,
    /// Whether its join and leave are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_leave: Option<Flag>,
    /// Whether it is told of others' joins and leaves without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_push_join_leave: Option<Flag>,
    /// Whether it can recover without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_recovery: Option<Flag>,
    /// Whether it has positions without asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_positioning: Option<Flag>,
}

/// A boolean in an object of its own, so that `false` can be told from absent: `{"value": true}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, utoipa::ToSchema)]
pub struct Flag {
    /// The boolean; left out, or null, it is false.
    #[serde(default, deserialize_with = "or_false")]
    pub value: bool,
}

fn or_false<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

//! Clients, events and positions as the API writes them.
use crate::protocol::Recover;
use crate::types::{ClientInfo, Epoch, Event, Json, Tags};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A position in a channel's history.
#[derive(Deserialize, ToSchema)]
#[schema(as = StreamPosition)]
pub struct Since {
    /// The last offset that was seen.
    offset: Option<u64>,
    /// Which life of the history it counts in; left out: any.
    epoch: Option<String>,
}

impl From<Since> for Recover {
    fn from(since: Since) -> Self {
        Recover { offset: since.offset.unwrap_or_default(), epoch: Epoch::new(since.epoch.unwrap_or_default()) }
    }
}

/// A session as others see it.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientInfo)]
pub struct Client {
    /// The user; empty for an anonymous session.
    #[schema(value_type = String)]
    user: Arc<str>,
    /// The session's id.
    client: String,
    /// What the connection token says of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    conn_info: Option<Json>,
    /// What the subscription says of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    chan_info: Option<Json>,
}

impl From<&ClientInfo> for Client {
    fn from(info: &ClientInfo) -> Self {
        Client {
            user: info.user.clone(),
            client: info.client.to_string(),
            conn_info: info.conn_info.clone(),
            chan_info: info.chan_info.clone(),
        }
    }
}

/// An event out of a channel's history.
#[derive(Serialize, ToSchema)]
pub struct Publication {
    /// The payload.
    #[schema(value_type = serde_json::Value)]
    data: Json,
    /// Its place in the history, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    tags: Option<Arc<Tags>>,
    /// Who published it; left out where it was not a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<Client>,
}

impl From<&Event> for Publication {
    fn from(event: &Event) -> Self {
        Publication {
            data: event.data.clone(),
            offset: event.position.as_ref().map(|at| at.offset),
            tags: event.tags.clone(),
            info: event.publisher.as_deref().map(Client::from),
        }
    }
}

//! `history` and `history_remove`: what was published in a channel.
use super::method::Method;
use super::shapes::{Publication, Since};
use super::target::Done;
use crate::broker::{HistoryRequest, Node};
use crate::types::ReplyError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for a part of a channel's history.
#[derive(Deserialize, ToSchema)]
pub struct History {
    /// The channel.
    channel: Option<String>,
    /// How many events; left out or 0: the position alone; negative: as many as one answer may hold.
    limit: Option<i32>,
    /// Only events after this position; before it, with `reverse`.
    since: Option<Since>,
    /// Newest first.
    reverse: Option<bool>,
}

/// A part of a channel's history.
#[derive(Serialize, ToSchema)]
pub struct HistoryPart {
    /// The events, in the order asked for.
    publications: Vec<Publication>,
    /// The newest offset of the channel; 0 before the first event.
    offset: u64,
    /// Which life of the history it counts in.
    epoch: String,
}

/// Drops a channel's history; its position stays.
#[derive(Deserialize, ToSchema)]
pub struct HistoryRemove {
    /// The channel.
    channel: Option<String>,
}

impl Method for History {
    type Result = HistoryPart;
    const NAME: &'static str = "history";
    const SUMMARY: &'static str = "Reads a channel's history";
    const REQUEST: &'static str = r#"{"channel":"news","limit":10}"#;
    const RESULT: &'static str =
        r#"{"publications":[{"data":{"text":"hello"},"offset":1}],"offset":1,"epoch":"AbCdEfGh"}"#;

    async fn answer(self, node: &Node) -> Result<HistoryPart, ReplyError> {
        let request = HistoryRequest {
            since: self.since.map(Since::into),
            limit: self.limit.unwrap_or_default(),
            reverse: self.reverse.unwrap_or_default(),
        };
        let page = node.channels().history(&self.channel.unwrap_or_default(), request).await?;
        let publications = page.events.iter().map(|event| (&**event).into()).collect();
        Ok(HistoryPart { publications, offset: page.offset, epoch: page.epoch.as_str().to_owned() })
    }
}

impl Method for HistoryRemove {
    type Result = Done;
    const NAME: &'static str = "history_remove";
    const SUMMARY: &'static str = "Drops a channel's history";
    const REQUEST: &'static str = r#"{"channel":"news"}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Done, ReplyError> {
        node.channels().remove_history(&self.channel.unwrap_or_default()).await?;
        Ok(Done {})
    }
}

//! `publish`: an event into one channel.
use super::draft::draft;
use super::method::Method;
use crate::broker::Node;
use crate::types::{Position, ReplyError};
use serde::Serialize;
use utoipa::ToSchema;

draft! {
    /// Publishes an event into a channel.
    pub struct Publish {
        /// The channel.
        channel: String
    }
}

/// Where the event stands; both fields are left out where it is not kept.
#[derive(Serialize, ToSchema)]
pub struct Published {
    /// Its place in the channel's history, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Which life of the history the offset counts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
}

impl From<Option<Position>> for Published {
    fn from(position: Option<Position>) -> Self {
        let (offset, epoch) = position.map(|at| (at.offset, at.epoch.as_str().to_owned())).unzip();
        Published { offset, epoch }
    }
}

impl Method for Publish {
    type Result = Published;
    const NAME: &'static str = "publish";
    const SUMMARY: &'static str = "Publishes an event into a channel";
    const REQUEST: &'static str = r#"{"channel":"news","data":{"text":"hello"}}"#;
    const RESULT: &'static str = r#"{"offset":1,"epoch":"AbCdEfGh"}"#;

    async fn answer(mut self, node: &Node) -> Result<Published, ReplyError> {
        let channel = self.channel.take().unwrap_or_default();
        Ok(node.channels().publish(&channel, self.request()?).await?.into())
    }
}

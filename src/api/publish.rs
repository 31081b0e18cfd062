//! `publish`: an event into one channel.
use super::account::Account;
use super::draft::draft;
use super::method::Method;
use crate::broker::{Accounted, Node, PublishRequest};
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

/// Where the event stands; `offset` and `epoch` are left out where it is not kept.
#[derive(Serialize, ToSchema)]
pub struct Published {
    /// Its place in the channel's history, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    /// Which life of the history the offset counts in.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    /// What became of the event, where the request asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
}

/// Publishes, and answers what became of the event if `with_account` says so.
pub async fn publish(
    node: &Node,
    channel: &str,
    request: PublishRequest,
    with_account: bool,
) -> Result<Published, ReplyError> {
    match with_account {
        true => node.channels().publish_with_account(channel, request).await.map(Published::from),
        false => node.channels().publish(channel, request).await.map(Published::from),
    }
}

impl From<Option<Position>> for Published {
    fn from(position: Option<Position>) -> Self {
        let (offset, epoch) = position.map(|at| (at.offset, at.epoch.as_str().to_owned())).unzip();
        Published { offset, epoch, account: None }
    }
}

impl From<Accounted> for Published {
    fn from(Accounted { position, account }: Accounted) -> Self {
        Published { account: Some(account.into()), ..position.into() }
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
        let with_account = self.account.unwrap_or_default();
        publish(node, &channel, self.request()?, with_account).await
    }
}

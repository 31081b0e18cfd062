//! The account of a publish: what became of its event on all nodes.
use super::Everywhere;
use super::words::{Ask, NodeAnswer};
use crate::broker::{Channels, Node, PublishRequest};
use crate::engine::Accepted;
use crate::types::{Account, ChannelName, Position, ReplyError};
use std::sync::Arc;
use std::time::Duration;

/// How long a node waits for its own numbers: less than the node that asks waits for them, so that a slow view does not look like a
/// node that is away.
const TIME: Duration = Duration::from_millis(1_500);

/// A publish that was accepted, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounted {
    /// Its position, if the channel has history.
    pub position: Option<Position>,
    /// What became of the event.
    pub account: Account,
}

impl Channels<'_> {
    /// As [`Channels::publish`], and answers what became of the event, on all nodes. Waits 2 s at most for nodes and listeners' views;
    /// past that the account is [partial](Account::partial).
    pub async fn publish_with_account(self, channel: &str, request: PublishRequest) -> Result<Accounted, ReplyError> {
        let (channel, _) = self.own(channel)?;
        self.publish_into_with_account(channel, request).await
    }

    /// The same into a channel of whatever space, by its whole name. Fails as [`Channels::publish_into`] does.
    pub async fn publish_into_with_account(
        self,
        channel: ChannelName,
        request: PublishRequest,
    ) -> Result<Accounted, ReplyError> {
        self.may_take(&channel, &request)?;
        let name = self.0.accounts().name(self.0.id());
        let outcome = self.hand_on(channel.clone(), request, false, Some(name.clone()));
        let accepted = outcome.await.unwrap_or(Err(ReplyError::INTERNAL))?;
        let account = self.0.everywhere().account(&channel, &name, &accepted).await;
        Ok(Accounted { position: accepted.position, account })
    }
}

impl Everywhere<'_> {
    /// What became of the publish of this name, which the channel or the bus has accepted.
    pub(in crate::broker) async fn account(
        &self,
        channel: &ChannelName,
        name: &Arc<str>,
        Accepted { position, is_new }: &Accepted,
    ) -> Account {
        let kept = position.is_some();
        if !is_new {
            return Account::of_repetition(kept);
        }
        let ask = Ask::Account {
            space: channel.space().clone(),
            channel: channel.as_str().to_owned(),
            name: name.to_string(),
        };
        let (own, others) = futures_util::join!(counted(self.node(), channel, name), self.ask(ask));
        let mut account = Account { kept, ..own };
        for (_, answer) in others.value {
            match answer {
                NodeAnswer::Account(told) => account.add(told),
                // It has understood something else.
                _ => account.partial = true,
            }
        }
        account.partial |= !others.missing.is_empty();
        account
    }
}

/// What became of an event on this node. Where the bus brings it, it may be yet to come; a channel that nobody listens to here is not
/// waited for.
pub(super) async fn counted(node: &Node, channel: &ChannelName, name: &Arc<str>) -> Account {
    let Some(count) = node.accounts().wait(name) else { return Account { partial: true, ..Account::default() } };
    // The last listener may leave while the registry is asked, after the event has come.
    if !count.has_begun() && !is_listened_to(node, channel).await && !count.has_begun() {
        return Account::default();
    }
    // What is missing then the account says.
    let _ = tokio::time::timeout(TIME, count.done()).await;
    count.account()
}

async fn is_listened_to(node: &Node, channel: &ChannelName) -> bool {
    // A registry that is gone has no channels.
    node.registry().listeners(channel).await.is_ok_and(|listeners| listeners > 0)
}

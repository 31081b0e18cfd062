//! The other nodes that share the engine: queries to all of them, and which did not answer; revocations on all of them; the bus
//! that delivers events.
//!
//! A question goes to all nodes over the engine's bus; each replies to the asking node. Each node answers with what
//! its own [`Node`] does. A new question is a variant of [`Ask`] and an arm in `answering`; a node of an earlier version rejects
//! questions that it does not know, and so counts as missing.
mod account;
mod answering;
mod bus;
mod follow;
mod inspect;
mod questions;
mod revoke;
mod words;

pub use account::Accounted;
pub use questions::Questions;
pub use revoke::{Revoke, RevokeError};

use super::census::{Census, NodeInfo};
use super::{Node, Target};
use crate::delivery::SubscribeOptions;
use crate::engine::{Peers, PresenceStats};
use crate::types::{ChannelName, ClientInfo, Disconnect, Json, ReplyError, Space};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use words::{Ask, NodeAnswer, Options, Who, Words, say};

/// How long the others may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What all nodes did, or those that could be reached.
#[derive(Debug, Clone, Default)]
pub struct Reached<T> {
    /// What came of it.
    pub value: T,
    /// The ids of nodes that did not answer.
    pub missing: Vec<String>,
}

/// Announces the node to the others, if the engine is shared, and answers what they ask; learns what has been revoked.
pub(super) fn attend(node: &Node) {
    answering::attend(node);
    follow::attend(node);
}

/// Asks every node, this one included.
pub struct Everywhere<'a>(&'a Node);

impl Node {
    /// What all nodes together do and know. Alone, or with an engine that is not shared, it is the same as this node.
    pub fn everywhere(&self) -> Everywhere<'_> {
        Everywhere(self)
    }
}

impl Everywhere<'_> {
    /// The nodes and their numbers.
    pub async fn info(&self) -> Result<Reached<Vec<NodeInfo>>, ReplyError> {
        let (own, others) = futures_util::join!(self.0.info(), self.ask(Ask::Info));
        let mut nodes = own?;
        for (uid, answer) in others.value {
            if let NodeAnswer::Info { clients, users, channels, subscriptions, seconds } = answer {
                let uptime = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                nodes.push(NodeInfo { uid, census: Census { clients, users, channels, subscriptions }, uptime });
            }
        }
        Ok(Reached { value: nodes, missing: others.missing })
    }

    /// The channels of the user space that have listeners, with how many they have.
    pub async fn channels(&self) -> Result<Reached<BTreeMap<String, usize>>, ReplyError> {
        let (own, others) = futures_util::join!(occupied(self.0), self.ask(Ask::Channels));
        let mut channels: BTreeMap<String, usize> = own?.into_iter().collect();
        for (_, answer) in others.value {
            let NodeAnswer::Channels(more) = answer else { continue };
            more.into_iter().for_each(|(name, listeners)| *channels.entry(name).or_default() += listeners);
        }
        Ok(Reached { value: channels, missing: others.missing })
    }

    /// As [`Sessions::subscribe`](crate::broker::Sessions::subscribe).
    pub async fn subscribe(
        &self,
        target: Target,
        channel: &str,
        options: SubscribeOptions,
    ) -> Result<Reached<usize>, ReplyError> {
        let SubscribeOptions { info, data, overrides, expire_at, recover } = options.clone();
        let recover = recover.map(|from| (from.offset, from.epoch.as_str().to_owned()));
        let options_told = Box::new(Options { info, data, overrides, expire_at, recover });
        let ask = Ask::Subscribe { who: Who::of(&target), channel: channel.to_owned(), options: options_told };
        self.order(self.0.sessions().subscribe(target, channel, options).await?, ask).await
    }

    /// As [`Sessions::unsubscribe`](crate::broker::Sessions::unsubscribe).
    pub async fn unsubscribe(&self, target: Target, channel: Option<&str>) -> Result<Reached<usize>, ReplyError> {
        let ask = Ask::Unsubscribe { who: Who::of(&target), channel: channel.map(str::to_owned) };
        self.order(self.0.sessions().unsubscribe(target, channel).await?, ask).await
    }

    /// As [`Sessions::disconnect`](crate::broker::Sessions::disconnect).
    pub async fn disconnect(&self, target: Target, reason: Disconnect) -> Result<Reached<usize>, ReplyError> {
        let who = Who::of(&target);
        let ask = Ask::Disconnect { who, code: reason.code, reason: reason.reason.clone().into_owned() };
        self.order(self.0.sessions().disconnect(target, reason).await?, ask).await
    }

    /// As [`Sessions::refresh`](crate::broker::Sessions::refresh).
    pub async fn refresh(
        &self,
        target: Target,
        expire_at: Option<i64>,
        info: Option<Json>,
    ) -> Result<Reached<usize>, ReplyError> {
        let ask = Ask::Refresh { who: Who::of(&target), expire_at, info: info.clone() };
        self.order(self.0.sessions().refresh(target, expire_at, info).await?, ask).await
    }

    /// As [`Channels::presence`](crate::broker::Channels::presence); where the engine's store is away, those of this node.
    pub async fn presence(&self, channel: &str) -> Result<Reached<Vec<Arc<ClientInfo>>>, ReplyError> {
        let value = self.0.channels().presence(channel).await?;
        Ok(Reached { value, missing: self.out_of_sight().await })
    }

    /// As [`Channels::presence_stats`](crate::broker::Channels::presence_stats); where the engine's store is away, those of this node.
    pub async fn presence_stats(&self, channel: &str) -> Result<Reached<PresenceStats>, ReplyError> {
        let value = self.0.channels().presence_stats(channel).await?;
        Ok(Reached { value, missing: self.out_of_sight().await })
    }

    /// Has the other nodes heed something under a name, and waits until those that could be reached have: how many they are.
    pub(crate) async fn tell(&self, name: &str, data: Json) -> Reached<usize> {
        let told = self.ask(Ask::Tell { name: name.to_owned(), data }).await;
        Reached { value: told.value.len(), missing: told.missing }
    }

    async fn order(&self, own: usize, ask: Ask) -> Result<Reached<usize>, ReplyError> {
        let others = self.ask(ask).await;
        let told = others.value.iter().map(|(_, answer)| if let NodeAnswer::Done(told) = answer { *told } else { 0 });
        Ok(Reached { value: own + told.sum::<usize>(), missing: others.missing })
    }

    /// The others, where what they know does not get here.
    async fn out_of_sight(&self) -> Vec<String> {
        match (self.0.engine().peers(), self.0.engine().trouble()) {
            (Some(peers), Some(_)) => self.others(peers).await,
            _ => vec![],
        }
    }

    async fn others(&self, peers: &dyn Peers) -> Vec<String> {
        let nodes = peers.nodes().await;
        nodes.into_iter().filter(|id| id != self.0.id()).collect()
    }

    /// The questions to other nodes that wait for answers.
    pub fn questions(&self) -> &Questions {
        &self.0.tables().questions
    }

    /// This node.
    pub(super) fn node(&self) -> &Node {
        self.0
    }

    /// Asks the other nodes and waits until all have answered, but not for ever.
    async fn ask(&self, ask: Ask) -> Reached<Vec<(String, NodeAnswer)>> {
        let Some(peers) = self.0.engine().peers() else { return Reached::default() };
        let mut waited_for = self.others(peers).await;
        if waited_for.is_empty() {
            return Reached::default();
        }
        let questions = self.questions();
        // Bounded by the nodes, each of which answers once.
        let (asked, mut answers) = mpsc::unbounded_channel();
        let open = questions.ask(asked);
        let words =
            Words { from: self.0.id().to_owned(), number: open.number, ask: Json::write(&ask).ok(), answer: None };
        let (mut value, mut missing) = (vec![], vec![]);
        let deadline = Instant::now() + PATIENCE;
        if say(peers, None, &words).await {
            while !waited_for.is_empty() {
                let Ok(Some((from, answer))) = timeout_at(deadline, answers.recv()).await else { break };
                let Some(at) = waited_for.iter().position(|id| *id == from) else { continue };
                let from = waited_for.swap_remove(at);
                match answer {
                    Some(answer) if !matches!(answer, NodeAnswer::Refused) => value.push((from, answer)),
                    // It will not answer otherwise, however long it is waited for.
                    _ => missing.push(from),
                }
            }
        }
        missing.extend(waited_for);
        Reached { value, missing }
    }
}

async fn occupied(node: &Node) -> Result<Vec<(String, usize)>, ReplyError> {
    let channels = node.channels().occupied().await?.into_iter();
    let user = channels.filter(|(name, _): &(ChannelName, usize)| *name.space() == Space::User);
    Ok(user.map(|(name, listeners)| (name.as_str().to_owned(), listeners)).collect())
}

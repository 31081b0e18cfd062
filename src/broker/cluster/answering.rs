//! How this node answers the questions of other nodes.
use super::account::counted;
use super::occupied;
use super::words::{Ask, NodeAnswer, Options, Words, say};
use crate::broker::Node;
use crate::broker::census::{Census, NodeInfo};
use crate::broker::node::WeakNode;
use crate::broker::revocations::Learned;
use crate::delivery::SubscribeOptions;
use crate::engine::ControlSink;
use crate::metrics::Metrics;
use crate::protocol::Recover;
use crate::types::{ChannelName, Disconnect, Epoch, Json};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Words of other nodes that wait; more are dropped and counted, and who asked is told that this node is missing.
const WAITING: usize = 1_024;

/// Does here what another node asks of all.
async fn answer(node: &Node, ask: Ask) -> Option<NodeAnswer> {
    let told = match ask {
        Ask::Info => {
            let NodeInfo { census, uptime, .. } = node.info().await.ok()?.pop()?;
            let Census { clients, users, channels, subscriptions } = census;
            return Some(NodeAnswer::Info { clients, users, channels, subscriptions, seconds: uptime.as_secs_f64() });
        }
        Ask::Channels => return occupied(node).await.ok().map(NodeAnswer::Channels),
        Ask::Inspect(wanted) => {
            let inspected = node.sessions().inspect(&wanted).await.ok()?;
            return Some(NodeAnswer::Inspected(inspected.into()));
        }
        Ask::Subscribe { who, channel, options } => {
            let Options { info, data, overrides, expire_at, recover } = *options;
            let recover = recover.map(|(offset, epoch)| Recover { offset, epoch: Epoch::new(epoch) });
            let options = SubscribeOptions { info, data, overrides, expire_at, recover };
            node.sessions().subscribe(who.target()?, &channel, options).await
        }
        Ask::Unsubscribe { who, channel } => node.sessions().unsubscribe(who.target()?, channel.as_deref()).await,
        Ask::Disconnect { who, code, reason } => {
            node.sessions().disconnect(who.target()?, Disconnect { code, reason: reason.into() }).await
        }
        Ask::Refresh { who, expire_at, info } => node.sessions().refresh(who.target()?, expire_at, info).await,
        Ask::Tell { name, data } => {
            node.handlers().heed(&name, data)?.await;
            return Some(NodeAnswer::Done(1));
        }
        Ask::Account { space, channel, name } => {
            let channel = ChannelName::in_space(space, &channel, usize::MAX).ok()?;
            return Some(NodeAnswer::Account(counted(node, &channel, &name.into()).await));
        }
        Ask::Revoke { revocation, seconds } => {
            // Who asks has just taken it back from all that were there.
            let learned = node.authentication().enforce(&revocation, Duration::from_secs(seconds), i64::MAX);
            return (learned != Learned::Full).then_some(NodeAnswer::Done(0));
        }
    };
    told.ok().map(NodeAnswer::Done)
}

/// Announces the node to the others, if the engine is shared, and answers what they ask.
pub(super) fn attend(node: &Node) {
    struct Inlet(mpsc::Sender<Bytes>, Metrics);
    impl ControlSink for Inlet {
        fn heard(&self, words: Bytes) {
            if self.0.try_send(words).is_err() {
                Metrics::count(&self.1.drops, "control");
            }
        }
    }
    let Some(peers) = node.engine().peers() else { return };
    let (inlet, mut heard) = mpsc::channel(WAITING);
    peers.attend(node.id(), Arc::new(Inlet(inlet, node.metrics().clone())));
    let node = node.downgrade();
    actix_rt::spawn(async move {
        while let Some(words) = heard.recv().await {
            let Some(node) = node.upgrade() else { return };
            match serde_json::from_slice::<Words>(&words) {
                Ok(words) => hear(&node, words),
                Err(error) => node.everywhere().questions().undecodable(node.metrics(), &error),
            }
        }
    });
}

fn hear(node: &Node, words: Words) {
    let Words { from, number, ask, answer: told } = words;
    if let Some(told) = told {
        let told =
            told.read().inspect_err(|error| node.everywhere().questions().undecodable(node.metrics(), error)).ok();
        if let Some(asked) = node.everywhere().questions().open().get(&number) {
            // Who asked may have stopped waiting.
            let _ = asked.send((from, told));
        }
        return;
    }
    let Some(ask) = ask.filter(|_| from != node.id()) else { return };
    let node: WeakNode = node.downgrade();
    // By itself, so that a slow answer keeps no other waiting.
    actix_rt::spawn(async move {
        let Some(node) = node.upgrade() else { return };
        let told = match ask.read() {
            Ok(ask) => answer(&node, ask).await.unwrap_or(NodeAnswer::Refused),
            Err(_) => NodeAnswer::Refused,
        };
        let words = Words { from: node.id().to_owned(), number, ask: None, answer: Json::write(&told).ok() };
        if let Some(peers) = node.engine().peers() {
            say(peers, Some(&from), &words).await;
        }
    });
}

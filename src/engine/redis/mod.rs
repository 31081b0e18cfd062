//! The engine of many nodes on one Redis (6.2 or newer, or Valkey): one server, the master that the sentinels name, or a cluster.
//!
//! Each server has a link: one connection for commands, which leave in order and in batches, and one for pushed
//! messages. One thread drives all links. What must happen in one step is a script
//! (`scripts/*.lua`).
//!
//! # When the epoch changes
//! Every server has a replication id, which is new after each restart and each change of the master. A connection reads it
//! when it opens and once a second; every script that appends to a stream, reads it or reports its position is stamped with
//! it; and an epoch ends when it changes. So a stream that may have lost its tail (by a restart, a failover to a replica that
//! lagged, a move to another server of a cluster) continues in a new epoch, whatever it kept.
//!
//! # When Redis is unavailable
//! Commands wait for half of `redis.timeout`, within a bound of number and bytes, and are then answered with an error; so are
//! those in progress. Once a second a watchdog message goes through each server and back. If it does not return, the link
//! reconnects, resubscribes in batches, and has each channel look for missed events.
mod claims;
mod config;
mod core;
mod envelope;
mod event_store;
mod keys;
mod lanes;
mod link;
mod nodes;
mod presence;
mod publish;
mod pushes;
mod request;
mod revocations;
mod scripts;
mod server;
mod slots;
mod subscriptions;
mod thread_inbox;
mod watchdog;

pub use config::{Address, Config, NoAddress};

use self::core::Core;
use super::{
    Claim, Claimed, ControlSink, Engine, EngineAnswer, EventBounds, EventStore, HistoryPage, HistoryQuery, Peers,
    PresenceStats, PublishCallback, PublishOptions, Published, Retention, RevocationPage, Sink, Tap,
};
use crate::metrics::Metrics;
use crate::types::{BoxFuture, ChannelName, ClientInfo, Event, Position, Revocation, SessionId};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use subscriptions::Receiver;
use thread_inbox::ChannelSink;
use tokio::sync::oneshot;

/// Stands for "never" where a time must be added to another.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Why the engine cannot be opened. Tells no password.
#[derive(Debug, Clone, thiserror::Error)]
#[error("redis.url = \"{address}\" cannot be used: {reason}")]
pub struct OpenError {
    address: String,
    reason: String,
}

/// The engine of many nodes on one Redis. See the module's text.
pub struct RedisEngine {
    core: Arc<Core>,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl RedisEngine {
    /// Connects. Fails where no server can be used, after `redis.timeout` at the latest where nobody answers.
    pub fn open(config: &Config, metrics: Metrics) -> Result<Self, OpenError> {
        let address = config.url.to_string();
        let wrong = |reason: String| OpenError { address: address.clone(), reason };
        let (opened, answer) = std::sync::mpsc::sync_channel(1);
        let (end, ended) = oneshot::channel::<()>();
        let config = config.clone();
        let run = move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(opened.send(Err(error.to_string()))),
            };
            runtime.block_on(async {
                let _ = opened.send(start(config, metrics, runtime.handle().clone()).await);
                let _ = ended.await;
            });
        };
        std::thread::Builder::new()
            .name("callboard-redis".into())
            .spawn(run)
            .map_err(|error| wrong(error.to_string()))?;
        let core = answer.recv().unwrap_or_else(|_| Err("its thread ended".into())).map_err(wrong)?;
        Ok(RedisEngine { core, _end: end })
    }
}

async fn start(config: Config, metrics: Metrics, runtime: tokio::runtime::Handle) -> Result<Arc<Core>, String> {
    let core = Arc::new(Core::new(config, metrics, runtime.clone()).map_err(|unusable| unusable.to_string())?);
    if core.is_cluster() {
        let slots = slots::learn(&core).await.map_err(|unusable| unusable.to_string())?;
        core.found(slots).await.map_err(|unusable| unusable.to_string())?;
        runtime.spawn(slots::follow(Arc::downgrade(&core)));
    } else {
        let link = core.slots().links[0].clone();
        let pair = link.connect(&core).await.map_err(|unusable| unusable.to_string())?;
        core.start(link, Some(pair));
    }
    for link in &core.slots().links {
        link.watchdog.first_try(&link.name, core.config.timeout).await.map_err(|unusable| unusable.to_string())?;
    }
    runtime.spawn(presence::renew(Arc::downgrade(&core)));
    runtime.spawn(expire(Arc::downgrade(&core)));
    Ok(core)
}

/// Answers commands that have waited too long.
async fn expire(core: std::sync::Weak<Core>) {
    while let Some(strong) = core.upgrade() {
        let patience = strong.patience();
        strong.slots().links.iter().for_each(|link| link.queue.expire(patience));
        drop(strong);
        tokio::time::sleep((patience / 8).max(Duration::from_millis(1))).await;
    }
}

/// A time for Redis, in ms; at least one, for none is no time at all.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.min(FAR).as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Engine for RedisEngine {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn publish(&self, event: Event, options: PublishOptions) -> EngineAnswer<Published> {
        if options.local {
            return EngineAnswer::ok(Published::Deliver(Arc::new(event)));
        }
        self.core.publish(&event, options)
    }

    fn subscribe(&self, channel: &ChannelName, sink: Arc<dyn Sink>) -> EngineAnswer<()> {
        self.core.hear(self.core.keys.bus(channel), Receiver::Channel(ChannelSink::here(channel.clone(), sink)))
    }

    fn stands(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.core.subscriptions.stands(&self.core.keys.bus(channel), self.core.config.timeout)
    }

    fn unsubscribe(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.core.subscriptions.remove(&self.core.keys.bus(channel));
        EngineAnswer::ok(())
    }

    fn history(&self, channel: &ChannelName, query: HistoryQuery, retention: Retention) -> EngineAnswer<HistoryPage> {
        self.core.history(channel, &query, retention)
    }

    fn remove_history(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.core.remove_history(channel)
    }

    fn claim(&self, channel: &ChannelName, claim: Claim) -> EngineAnswer<Claimed> {
        self.core.claim(channel, claim)
    }

    fn add_presence(&self, channel: &ChannelName, info: Arc<ClientInfo>, ttl: Duration) -> EngineAnswer<()> {
        self.core.add_presence(channel, info, ttl)
    }

    fn remove_presence(&self, channel: &ChannelName, client: SessionId) -> EngineAnswer<()> {
        self.core.remove_presence(channel, client)
    }

    fn presence(&self, channel: &ChannelName) -> EngineAnswer<Vec<Arc<ClientInfo>>> {
        self.core.presence(channel)
    }

    fn presence_stats(&self, channel: &ChannelName) -> EngineAnswer<PresenceStats> {
        self.core.presence_stats(channel)
    }

    fn revoke(&self, revocation: &Revocation, ttl: Duration) -> EngineAnswer<()> {
        self.core.revoke(revocation, ttl)
    }

    fn revocations(&self, since: Option<&Position>) -> EngineAnswer<RevocationPage> {
        self.core.revocations(since)
    }

    fn announce(&self, channel: &ChannelName, joined: bool, info: &Arc<ClientInfo>) -> bool {
        self.core.announce(channel, joined, info);
        true
    }

    fn event_store(&self, bounds: EventBounds) -> Option<Arc<dyn EventStore>> {
        Some(Arc::new(event_store::RedisEventStore::new(self.core.clone(), bounds)))
    }

    fn peers(&self) -> Option<&dyn Peers> {
        Some(self)
    }

    fn trouble(&self) -> Option<&'static str> {
        let well = self.core.slots().links.iter().all(|link| link.watchdog.is_well());
        (!well).then_some("events do not get through Redis")
    }
}

impl Peers for RedisEngine {
    fn attend(&self, id: &str, sink: Arc<dyn ControlSink>) {
        self.core.attend(id, sink);
    }

    fn say(&self, to: Option<&str>, words: Bytes) -> EngineAnswer<()> {
        self.core.say(to, &words)
    }

    fn publish(&self, event: &Event, options: PublishOptions, told: PublishCallback) {
        self.core.publish_and_tell(event, options, told);
    }

    fn tap(&self, pattern: &str, tap: Arc<dyn Tap>) {
        // It stands as soon as the server can be reached, and again after each loss.
        drop(self.core.hear(Bytes::copy_from_slice(pattern.as_bytes()), Receiver::Tap(tap)));
    }

    fn leave(&self, id: &str) -> EngineAnswer<()> {
        self.core.leave(id)
    }

    fn nodes(&self) -> BoxFuture<Vec<String>> {
        let (core, asked) = (self.core.clone(), self.core.nodes("", Duration::ZERO));
        Box::pin(async move { asked.wait().await.unwrap_or_else(|_| core.known_nodes()) })
    }
}

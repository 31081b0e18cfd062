//! The engine of a single node: everything in memory, every answer at once.
//!
//! Channels are spread over shards, each behind one lock that is held for table operations only; no thread ever holds two.
//! Entries that expire are indexed by their expiry, so removing them costs only as much as there is to remove: on access, a few
//! at each publish, and in [`MemoryEngine::sweep`].
//!
//! # At the bounds
//! The bounds of [`Config`] count over all channels. A publish that goes over one makes room before it returns, so each
//! is exceeded by at most what concurrent publishes add.
//! * `history_bytes`: the channel that grows loses its oldest events. If it has none left, the events that would expire
//!   soonest are dropped, in whichever channel. An event larger than the whole bound gets its position and is not kept.
//! * `positions`: the least recently used channel without events is dropped; if all have events, the one whose oldest event
//!   would expire soonest. Its next use begins a new epoch.
//! * `idempotency_keys`: the key that would expire soonest is dropped, which is the oldest if all live equally long.
//! * A million claims of kept events: an event with a claim that does not fit is not new to anybody from then on.
//! * `presence_entries`: a new entry is rejected with [`Error::Limit`]; renewing one is always possible.
mod agenda;
mod claims;
mod events;
mod history;
mod idempotency;
mod ledger;
mod order;
mod presence;
mod shard;
mod stream;

pub use events::MemoryEventStore;
pub use ledger::{Config, Usage};

use super::{
    Claim, Claimed, Engine, EngineAnswer, Error, HistoryPage, HistoryQuery, PresenceStats, PublishOptions, Published,
    Retention, Sink,
};
use crate::types::{Answer, ChannelName, ClientInfo, Event, SessionId};
use ledger::Ledger;
use shard::Shard;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Enough that the workers of a large machine rarely meet at a lock, few enough to look at each when a bound is reached.
const SHARDS: usize = 32;
/// How many ended entries a publish lets go of, so that a busy engine stays clean between two sweeps.
const SWEPT_BY_PUBLISH: usize = 4;
/// How many ended entries a sweep lets go of in one shard before it answers that more is due.
const SWEPT_BY_SWEEP: usize = 256;
/// The config key named when no more presence entries fit.
const PRESENCE_LIMIT: &str = "limits.presence_entries";

/// The engine of a single node. See the module's text for what it does at its bounds.
pub struct MemoryEngine {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    ledger: Arc<Ledger>,
}

impl MemoryEngine {
    /// An empty engine within these bounds.
    pub fn new(config: Config) -> Self {
        let ledger = Arc::new(Ledger::new(config));
        let shards = (0..SHARDS).map(|_| Mutex::new(Shard::new(ledger.clone()))).collect();
        MemoryEngine { shards, hasher: RandomState::new(), ledger }
    }

    /// What is kept now. Entries that have ended count until they are swept or touched.
    pub fn usage(&self) -> Usage {
        self.ledger.usage()
    }

    /// Lets go of what has ended, a bounded number of entries a call; whether more is due. To be called about once a
    /// second, and again soon where more is due.
    pub fn sweep(&self) -> bool {
        let now = Instant::now();
        let mut more = false;
        for shard in &self.shards {
            more |= lock(shard).sweep(now, SWEPT_BY_SWEEP);
        }
        more
    }

    /// Forgets all events and positions: what is published from now on is of another epoch.
    pub fn forget_all(&self) {
        self.shards.iter().for_each(|shard| lock(shard).streams.forget_all());
    }

    fn shard(&self, channel: &ChannelName) -> MutexGuard<'_, Shard> {
        // The remainder is less than the number of shards, and the conversion only cuts bits it does not need.
        lock(&self.shards[self.hasher.hash_one(channel) as usize % SHARDS])
    }

    /// Makes room where a bound is exceeded. Called without a lock, because it looks into every shard.
    fn relieve(&self) {
        while self.ledger.is_over_bytes() && self.at_the_first(|s| s.streams.next_end(), |s| s.streams.drop_first()) {}
        while self.ledger.is_over_positions() {
            let forgot = self.at_the_first(|s| s.streams.least_used(), |s| s.streams.forget_least_used())
                || self.at_the_first(|s| s.streams.next_end(), |s| s.streams.forget_first());
            if !forgot {
                break;
            }
        }
        while self.ledger.is_over_keys() && self.at_the_first(|s| s.keys.next_end(), |s| s.keys.forget_first()) {}
    }

    /// Acts in the shard where `key` is least; false if no shard has one.
    fn at_the_first<K: Ord>(&self, key: impl Fn(&mut Shard) -> Option<K>, act: impl FnOnce(&mut Shard)) -> bool {
        let keys = self.shards.iter().filter_map(|shard| Some((key(&mut lock(shard))?, shard)));
        let first = keys.min_by(|(a, _), (b, _)| a.cmp(b)).map(|(_, shard)| shard);
        first.map(|shard| act(&mut lock(shard))).is_some()
    }
}

/// A panic inside a shard could at worst leave an entry filed under the wrong end, which the tables tolerate; refusing
/// all of its channels from then on would be worse.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for MemoryEngine {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn publish(&self, event: Event, options: PublishOptions) -> EngineAnswer<Published> {
        if options.retention.is_none() && options.idempotency.is_none() && options.version.is_none() {
            return Answer::Ready(Ok(Published::Deliver(Arc::new(event))));
        }
        let now = Instant::now();
        let mut shard = self.shard(&event.channel);
        shard.sweep(now, SWEPT_BY_PUBLISH);
        let published = shard.publish(event, options, now);
        drop(shard);
        self.relieve();
        Answer::Ready(Ok(published))
    }

    fn subscribe(&self, _channel: &ChannelName, _sink: Arc<dyn Sink>) -> EngineAnswer<()> {
        Answer::Ready(Ok(()))
    }

    fn unsubscribe(&self, _channel: &ChannelName) -> EngineAnswer<()> {
        Answer::Ready(Ok(()))
    }

    fn history(&self, channel: &ChannelName, query: HistoryQuery, retention: Retention) -> EngineAnswer<HistoryPage> {
        let page = self.shard(channel).streams.read(channel, &query, retention, Instant::now());
        self.relieve();
        Answer::Ready(Ok(page))
    }

    fn remove_history(&self, channel: &ChannelName) -> EngineAnswer<()> {
        self.shard(channel).streams.clear(channel);
        Answer::Ready(Ok(()))
    }

    fn claim(&self, channel: &ChannelName, claim: Claim) -> EngineAnswer<Claimed> {
        Answer::Ready(Ok(self.shard(channel).claims.claim(channel, &claim, Instant::now())))
    }

    fn add_presence(&self, channel: &ChannelName, info: Arc<ClientInfo>, ttl: Duration) -> EngineAnswer<()> {
        let now = Instant::now();
        if self.shard(channel).presence.add(channel, info.clone(), ttl, now) {
            return Answer::Ready(Ok(()));
        }
        for shard in &self.shards {
            lock(shard).presence.sweep(now, usize::MAX);
        }
        match self.shard(channel).presence.add(channel, info, ttl, now) {
            true => Answer::Ready(Ok(())),
            false => Answer::Ready(Err(Error::Limit(PRESENCE_LIMIT))),
        }
    }

    fn remove_presence(&self, channel: &ChannelName, client: SessionId) -> EngineAnswer<()> {
        self.shard(channel).presence.remove(channel, client);
        Answer::Ready(Ok(()))
    }

    fn presence(&self, channel: &ChannelName) -> EngineAnswer<Vec<Arc<ClientInfo>>> {
        Answer::Ready(Ok(self.shard(channel).presence.list(channel, Instant::now())))
    }

    fn presence_stats(&self, channel: &ChannelName) -> EngineAnswer<PresenceStats> {
        Answer::Ready(Ok(self.shard(channel).presence.stats(channel, Instant::now())))
    }
}

//! The histories of a shard's channels.
use super::agenda::{after, give_back};
use super::ledger::Ledger;
use super::order::{LOOKS, Order, Place};
use super::stream::Stream;
use crate::engine::{HistoryPage, HistoryQuery, Published, Retention, Version};
use crate::types::{ChannelName, Event};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// For how long the version of a channel without history is remembered: as long as a position by default.
const VERSION_TTL: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many events one channel loses before it is looked again which one is first.
const DROPPED_AT_ONCE: usize = 64;

/// The histories of a shard's channels.
pub(super) struct Streams {
    by_name: HashMap<ChannelName, Stream>,
    order: Order,
    ledger: Arc<Ledger>,
}

impl Streams {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Streams { by_name: HashMap::new(), order: Order::new(), ledger }
    }

    /// Publishes with a retention, a version, both or neither.
    pub fn publish(
        &mut self,
        event: Event,
        retention: Option<Retention>,
        version: Option<Version>,
        now: Instant,
    ) -> Published {
        if retention.is_none() && version.is_none() {
            return Published::Deliver(Arc::new(event));
        }
        let channel = event.channel.clone();
        let meta_ends = after(now, retention.map_or(VERSION_TTL, |retention| retention.meta_ttl));
        self.used(&channel, meta_ends, now, |stream, ledger| {
            if version.is_some_and(|version| !stream.accept(version)) {
                return Published::Repeated(retention.map(|_| stream.position()));
            }
            Published::Deliver(match retention {
                Some(retention) => {
                    stream.meta_ends = meta_ends;
                    stream.push(event, retention, now, ledger)
                }
                None => Arc::new(event),
            })
        })
    }

    /// Reads; a channel without a position gets one. A read keeps the position as a publish does, or the first event
    /// after a long silence would look like a loss to those who wait for it.
    pub fn read(&mut self, channel: &ChannelName, query: &HistoryQuery, kept: Retention, now: Instant) -> HistoryPage {
        self.used(channel, after(now, kept.meta_ttl), now, |stream, _| stream.read(query))
    }

    /// Drops a channel's events.
    pub fn clear(&mut self, channel: &ChannelName) {
        if let Some(stream) = self.by_name.get_mut(channel) {
            while stream.drop_first(&self.ledger) {}
            self.order.settle(channel, stream, &self.ledger);
        }
    }

    /// Acts on a channel's stream as it is now, new if it has none or the old one is over, and files it again.
    fn used<T>(
        &mut self,
        channel: &ChannelName,
        meta_ends: Instant,
        now: Instant,
        act: impl FnOnce(&mut Stream, &Ledger) -> T,
    ) -> T {
        let Streams { by_name, order, ledger } = self;
        let stream = by_name.entry(channel.clone()).or_insert_with(|| {
            ledger.add_position();
            Stream::new(meta_ends)
        });
        stream.expire(now, usize::MAX, ledger);
        if stream.is_over(now) {
            order.leave(stream.place);
            *stream = Stream::new(meta_ends);
        }
        stream.meta_ends = stream.meta_ends.max(meta_ends);
        let result = act(stream, ledger);
        order.settle(channel, stream, ledger);
        result
    }

    /// Lets go of expired events and ended positions, about `budget` of them; how many.
    pub fn sweep(&mut self, now: Instant, budget: usize) -> usize {
        let mut done = 0;
        while done < budget
            && let Some(channel) = self.order.take_due(now)
        {
            done += 1 + self.visit(&channel, |stream, ledger| stream.expire(now, budget - done, ledger));
        }
        while done < budget
            && let Some(channel) = self.order.take_ended(now)
        {
            self.forget(&channel);
            done += 1;
        }
        if done > 0 {
            give_back(&mut self.by_name);
        }
        done
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.order.is_due(now)
    }

    /// When the first event ends. Streams whose slot is too early are filed again, a bounded number of them.
    pub fn next_end(&mut self) -> Option<Instant> {
        for _ in 0..LOOKS {
            let filed = self.order.next_end()?;
            let channel = self.order.take_live()?;
            self.visit(&channel, |_, _| 0);
            if self.order.next_end() == Some(filed) {
                break;
            }
        }
        self.order.next_end()
    }

    /// Drops the events that end first, until the histories fit or one channel has lost enough.
    pub fn drop_first(&mut self) {
        let Some(channel) = self.order.take_live() else { return };
        self.visit(&channel, |stream, ledger| {
            let dropped = (0..DROPPED_AT_ONCE).take_while(|_| ledger.is_over_bytes() && stream.drop_first(ledger));
            dropped.count()
        });
    }

    /// The number of the least recent use of a channel without events.
    pub fn least_used(&self) -> Option<u64> {
        self.order.least_used()
    }

    /// Forgets the channel without events that was used least recently.
    pub fn forget_least_used(&mut self) {
        if let Some(channel) = self.order.take_least_used() {
            self.forget(&channel);
        }
    }

    /// Forgets the channel whose first event ends first.
    pub fn forget_first(&mut self) {
        if let Some(channel) = self.order.take_live() {
            self.forget(&channel);
        }
    }

    /// Forgets all channels.
    pub fn forget_all(&mut self) {
        let channels: Vec<_> = self.by_name.keys().cloned().collect();
        for channel in channels {
            self.clear(&channel);
            self.forget(&channel);
        }
    }

    /// Acts on a stream that was just taken out of the live ones, and files it again.
    fn visit(&mut self, channel: &ChannelName, act: impl FnOnce(&mut Stream, &Ledger) -> usize) -> usize {
        let Some(stream) = self.by_name.get_mut(channel) else { return 0 };
        stream.place = Place::Nowhere;
        let done = act(stream, &self.ledger);
        self.order.settle(channel, stream, &self.ledger);
        done
    }

    fn forget(&mut self, channel: &ChannelName) {
        if let Some(mut stream) = self.by_name.remove(channel) {
            self.order.leave(stream.place);
            while stream.drop_first(&self.ledger) {}
            self.ledger.remove_position();
        }
    }
}

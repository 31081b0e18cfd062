//! The events bus of a single node.
use crate::engine::event_store::{BYTES_KEY, EVENTS_KEY, SUBSCRIPTIONS_KEY};
use crate::engine::event_store::{Batch, BusEvent, EventBounds, EventStore, NewsSink};
use crate::engine::{EngineAnswer, Error};
use crate::metrics::Metrics;
use crate::types::Answer;
use arc_swap::ArcSwapOption;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// The events bus of a single node: everything in memory, every answer at once.
pub struct MemoryEventStore {
    table: Mutex<Table>,
    bounds: EventBounds,
    metrics: Metrics,
    /// In a box of its own, because a pointer to a trait object is two words.
    sink: ArcSwapOption<Arc<dyn NewsSink>>,
}

#[derive(Default)]
struct Table {
    /// In the order of their places, without a gap: events leave at the front only.
    events: VecDeque<Kept>,
    /// The place of the next event.
    next: u64,
    bytes: usize,
    subscriptions: HashMap<Arc<str>, Subscription>,
}

struct Kept {
    event: BusEvent,
    /// The subscriptions for which it is no news.
    notified: BTreeSet<Arc<str>>,
}

struct Subscription {
    topics: BTreeSet<String>,
    /// The place of the first event that it has not passed.
    at: u64,
    used: Instant,
}

impl MemoryEventStore {
    /// An empty store within these bounds.
    pub fn new(bounds: EventBounds, metrics: Metrics) -> Self {
        MemoryEventStore { table: Mutex::default(), bounds, metrics, sink: ArcSwapOption::empty() }
    }

    /// Ends the subscriptions that have been idle for too long, and reports how much is kept. To be called about once a second.
    pub fn sweep(&self) {
        let mut table = self.table();
        table.end_idle(self.bounds, Instant::now());
        self.metrics.store(EVENTS_KEY, table.events.len());
        self.metrics.store(BYTES_KEY, table.bytes);
        self.metrics.store(SUBSCRIPTIONS_KEY, table.subscriptions.len());
    }

    /// Every change of the table is whole before anything in it can panic, so it is used on after one.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell<'a>(&self, subscriptions: impl IntoIterator<Item = &'a Arc<str>>) {
        if let Some(sink) = &*self.sink.load() {
            subscriptions.into_iter().for_each(|subscription| sink.news(subscription));
        }
    }
}

impl EventStore for MemoryEventStore {
    fn attend(&self, sink: Arc<dyn NewsSink>) {
        self.sink.store(Some(Arc::new(sink)));
    }

    fn subscribe(&self, id: &str, topics: BTreeSet<String>) -> EngineAnswer<()> {
        let id: Arc<str> = id.into();
        if !self.table().subscribe(id.clone(), topics, self.bounds, Instant::now()) {
            self.metrics.reached(SUBSCRIPTIONS_KEY);
            return Answer::err(Error::Limit(SUBSCRIPTIONS_KEY));
        }
        self.tell([&id]);
        Answer::ok(())
    }

    fn append(&self, event: BusEvent, notified: BTreeSet<String>) -> EngineAnswer<bool> {
        let mut table = self.table();
        let interested = table.interested(&event.topic, &notified);
        if !interested.is_empty() {
            let missed = table.append(event, &notified, self.bounds);
            (0..missed).for_each(|_| Metrics::count(&self.metrics.bus, "dropped"));
        }
        drop(table);
        self.tell(&interested);
        Answer::ok(!interested.is_empty())
    }

    fn take(&self, id: &str, most: Batch) -> EngineAnswer<Option<Vec<BusEvent>>> {
        Answer::ok(self.table().take(id, most, Instant::now()))
    }
}

impl Table {
    fn subscribe(&mut self, id: Arc<str>, topics: BTreeSet<String>, bounds: EventBounds, now: Instant) -> bool {
        if let Some(known) = self.subscriptions.get_mut(&id) {
            (known.topics, known.used) = (topics, now);
            return true;
        }
        if self.subscriptions.len() >= bounds.subscriptions {
            self.end_idle(bounds, now);
        }
        let has_room = self.subscriptions.len() < bounds.subscriptions;
        if has_room {
            self.subscriptions.insert(id, Subscription { topics, at: self.next, used: now });
        }
        has_room
    }

    fn end_idle(&mut self, bounds: EventBounds, now: Instant) {
        self.subscriptions.retain(|_, subscription| now.saturating_duration_since(subscription.used) < bounds.idle);
    }

    fn interested(&self, topic: &str, notified: &BTreeSet<String>) -> Vec<Arc<str>> {
        let all = self.subscriptions.iter();
        let others = all.filter(|(id, known)| known.topics.contains(topic) && !notified.contains(&***id));
        others.map(|(id, _)| id.clone()).collect()
    }

    /// Keeps an event and makes room for it; how many deliveries are lost by that.
    fn append(&mut self, event: BusEvent, notified: &BTreeSet<String>, bounds: EventBounds) -> usize {
        // Those that come later begin behind the event.
        let notified: BTreeSet<_> = self.subscriptions.keys().filter(|id| notified.contains(&***id)).cloned().collect();
        let kept = Kept { event, notified };
        self.bytes += kept.bytes();
        self.events.push_back(kept);
        self.next += 1;
        let mut missed = 0;
        while self.events.len() > bounds.events || self.bytes > bounds.bytes {
            missed += self.drop_first();
        }
        missed
    }

    fn drop_first(&mut self) -> usize {
        let place = self.first();
        let Some(dropped) = self.events.pop_front() else { return 0 };
        self.bytes -= dropped.bytes();
        self.subscriptions.iter().filter(|(id, known)| known.at <= place && known.wants(id, &dropped)).count()
    }

    fn first(&self) -> u64 {
        self.next - self.events.len() as u64
    }

    fn take(&mut self, id: &str, most: Batch, now: Instant) -> Option<Vec<BusEvent>> {
        let first = self.first();
        let subscription = self.subscriptions.get_mut(id)?;
        subscription.used = now;
        let mut left = most;
        let mut taken = vec![];
        // An event that was dropped before it was read is passed, too.
        let mut at = subscription.at.max(first);
        while let Some(kept) = self.events.get((at - first) as usize) {
            if subscription.wants(id, kept) {
                let bytes = kept.event.bytes();
                if left.events == 0 || (bytes > left.bytes && !taken.is_empty()) {
                    break;
                }
                (left.events, left.bytes) = (left.events - 1, left.bytes.saturating_sub(bytes));
                taken.push(kept.event.clone());
            }
            at += 1;
        }
        subscription.at = at;
        Some(taken)
    }
}

impl Kept {
    /// All that is kept of it counts (decision 40).
    fn bytes(&self) -> usize {
        self.event.bytes() + self.notified.iter().map(|id| id.len()).sum::<usize>()
    }
}

impl Subscription {
    fn wants(&self, id: &str, kept: &Kept) -> bool {
        self.topics.contains(&*kept.event.topic) && !kept.notified.contains(id)
    }
}

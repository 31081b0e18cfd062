//! The polls that wait for events.
use crate::engine::NewsSink;
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The polls that wait, by subscription. Holds no events: a poll that is woken, or too late, asks again.
pub(super) struct WaitingPolls {
    table: Mutex<Table>,
    /// How many there may be.
    most: usize,
    metrics: Metrics,
}

#[derive(Default)]
struct Table {
    polls: HashMap<Arc<str>, Vec<(u64, oneshot::Sender<()>)>>,
    open: usize,
    next: u64,
    is_closed: bool,
}

/// Why a poll cannot wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// As many as may wait do.
    Full,
    /// The broker stops.
    Closed,
}

impl WaitingPolls {
    /// None yet; as many as `most` may wait.
    pub fn new(most: usize, metrics: Metrics) -> Arc<Self> {
        Arc::new(WaitingPolls { table: Mutex::default(), most, metrics })
    }

    /// Takes a place before events are looked for, so that news between the look and the wait is not missed.
    pub fn enter(self: &Arc<Self>, subscription: &Arc<str>) -> Result<WaitingPoll, NoPlace> {
        let mut table = self.table();
        if table.is_closed {
            return Err(NoPlace::Closed);
        }
        if table.open >= self.most {
            return Err(NoPlace::Full);
        }
        let (wake, woken) = oneshot::channel();
        let key = table.next;
        (table.open, table.next) = (table.open + 1, key + 1);
        table.polls.entry(subscription.clone()).or_default().push((key, wake));
        self.metrics.bus_polls.inc();
        Ok(WaitingPoll { polls: self.clone(), subscription: subscription.clone(), key, woken })
    }

    /// Wakes all, and lets no more wait.
    pub fn close(&self) {
        let mut table = self.table();
        table.is_closed = true;
        table.polls.clear();
    }

    /// Entries come and go whole, so the table is used on after a panic.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, subscription: &Arc<str>, key: u64) {
        let mut table = self.table();
        table.open -= 1;
        if let Some(polls) = table.polls.get_mut(subscription) {
            polls.retain(|(other, _)| *other != key);
            if polls.is_empty() {
                table.polls.remove(subscription);
            }
        }
        self.metrics.bus_polls.dec();
    }
}

/// All polls of a subscription are woken, not one: the instance behind a poll may be gone without the broker knowing it yet. A dropped
/// sender wakes as well as one that sends.
impl NewsSink for WaitingPolls {
    fn news(&self, subscription: &str) {
        self.table().polls.remove(subscription);
    }

    fn resumed(&self) {
        self.table().polls.clear();
    }
}

/// A poll's place among those that wait; given back when dropped.
pub struct WaitingPoll {
    polls: Arc<WaitingPolls>,
    subscription: Arc<str>,
    key: u64,
    woken: oneshot::Receiver<()>,
}

impl WaitingPoll {
    /// Waits for something to ask again for, at most so long. It may be in vain: another reader of the subscription may be faster.
    pub async fn news(mut self, longest: Duration) {
        // Woken or too late, the poll asks again.
        let _ = tokio::time::timeout(longest, &mut self.woken).await;
    }
}

impl Drop for WaitingPoll {
    fn drop(&mut self) {
        self.polls.leave(&self.subscription, self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn news_wakes_all_polls_of_its_subscription_and_no_other() {
        let polls = WaitingPolls::new(3, Metrics::new());
        let (mine, other): (Arc<str>, Arc<str>) = ("catalog.a".into(), "catalog.b".into());
        let waiting = [&mine, &mine, &other].map(|id| polls.enter(id).expect("a place"));
        assert!(matches!(polls.enter(&mine), Err(NoPlace::Full)));
        polls.news("catalog.a");
        let [one, two, three] = waiting;
        let begun = tokio::time::Instant::now();
        one.news(Duration::from_secs(50)).await;
        two.news(Duration::from_secs(50)).await;
        assert!(begun.elapsed().is_zero(), "news came before the wait");
        three.news(Duration::from_secs(50)).await;
        assert_eq!(begun.elapsed().as_secs(), 50);
        assert!(polls.table().polls.is_empty() && polls.table().open == 0);
        polls.close();
        assert!(matches!(polls.enter(&mine), Err(NoPlace::Closed)));
    }
}

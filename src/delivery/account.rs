//! What becomes of the events whose publishers ask for an account, as far as this node knows.
//!
//! The channel that delivers such an event makes a [`Tally`] that travels with the delivery. Whoever offers the delivery to listeners
//! counts there, also later: a listener may hold it until its join is done or its view has decided. When the last of them lets it go, the
//! tally is dropped, and the numbers are complete.
use crate::metrics::Metrics;
use crate::types::Account;
use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Events whose numbers are kept at a time. Past that an account is partial.
const MOST: usize = 10_000;
/// For how long numbers are kept that nobody asks for, as those of a publisher whose node has died: longer than anybody waits.
const KEPT: Duration = Duration::from_secs(10);
/// Between two looks for such numbers in a full table.
const SWEEP: Duration = Duration::from_secs(1);

/// The events of this node that are counted. Cheap to clone; a table behind a lock that is held for a look-up only.
#[derive(Debug, Clone)]
pub struct Accounts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    table: Mutex<Table>,
    named: AtomicU64,
    metrics: Metrics,
}

#[derive(Debug)]
struct Table {
    counts: HashMap<Arc<str>, Arc<Count>, RandomState>,
    swept: Instant,
}

/// How far the counting of one event has come on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// It is asked for, and the event has not come.
    Awaited,
    Counting,
    Done,
}

/// The numbers of one event on this node.
#[derive(Debug)]
struct Count {
    since: Instant,
    numbers: Mutex<Account>,
    progress: watch::Sender<Progress>,
}

/// Counts one delivery. Dropping it says that all has been counted.
#[derive(Debug)]
pub struct Tally(Arc<Count>);

/// Somebody waits for the numbers of one event. The table forgets them when this is dropped.
#[derive(Debug)]
pub struct AwaitedCount {
    accounts: Accounts,
    name: Arc<str>,
    count: Arc<Count>,
}

impl Accounts {
    /// No event is counted yet.
    pub fn new(metrics: Metrics) -> Self {
        let table = Table { counts: HashMap::default(), swept: Instant::now() };
        Accounts(Arc::new(Inner { table: Mutex::new(table), named: AtomicU64::new(0), metrics }))
    }

    /// Names a publish of this node, unlike any other of any node.
    pub fn name(&self, node: &str) -> Arc<str> {
        format!("{node}:{}", self.0.named.fetch_add(1, Ordering::Relaxed)).into()
    }

    /// Begins to count the event of this name; none where it is counted already, or as many are as may be.
    pub fn begin(&self, name: &Arc<str>) -> Option<Box<Tally>> {
        let count = self.count(name)?;
        let mut is_first = false;
        count.progress.send_if_modified(|progress| {
            is_first = *progress == Progress::Awaited;
            *progress = if is_first { Progress::Counting } else { *progress };
            is_first
        });
        is_first.then(|| Box::new(Tally(count)))
    }

    /// Waits for the numbers of the event of this name, which may be yet to come; none where as many are counted as may be.
    pub fn wait(&self, name: &Arc<str>) -> Option<AwaitedCount> {
        let count = self.count(name)?;
        Some(AwaitedCount { accounts: self.clone(), name: name.clone(), count })
    }

    /// How many events are counted or waited for.
    pub fn len(&self) -> usize {
        self.table().counts.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn count(&self, name: &Arc<str>) -> Option<Arc<Count>> {
        let mut table = self.table();
        if let Some(known) = table.counts.get(name) {
            return Some(known.clone());
        }
        let now = Instant::now();
        if table.counts.len() >= MOST && now - table.swept >= SWEEP {
            table.counts.retain(|_, count| now - count.since < KEPT);
            table.swept = now;
        }
        if table.counts.len() >= MOST {
            drop(table);
            self.0.metrics.reached("accounts");
            return None;
        }
        let count = Arc::new(Count::since(now));
        table.counts.insert(name.clone(), count.clone());
        Some(count)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Each change is one step, so the table is whole even where a thread panicked.
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn since(since: Instant) -> Self {
        Count { since, numbers: Mutex::default(), progress: watch::Sender::new(Progress::Awaited) }
    }

    fn numbers(&self) -> MutexGuard<'_, Account> {
        // Nothing that can panic happens while numbers are added.
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The numbers so far.
    fn account(&self) -> Account {
        let is_done = *self.progress.borrow() == Progress::Done;
        let mut account = *self.numbers();
        match is_done {
            // Nobody counts a listener that went away before its view had decided. While others have yet to decide it cannot be told
            // from them.
            true => {
                let known = account.delivered + account.filtered + account.not_permitted;
                account.lost = account.matched.saturating_sub(known);
            }
            false => account.partial = true,
        }
        account
    }
}

impl Tally {
    /// Counts listeners.
    pub fn add(&self, listeners: Account) {
        self.0.numbers().add(listeners);
    }

    /// Counts what became of listeners that have been counted among those that matched, once their views have decided.
    pub fn settle(&self, listeners: Account) {
        self.add(Account { matched: 0, ..listeners });
    }

    /// Listeners cannot be counted: their worker did not get the delivery, or they had to let it go while they joined.
    pub fn leave_out(&self) {
        self.0.numbers().partial = true;
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.0.progress.send_replace(Progress::Done);
    }
}

impl AwaitedCount {
    /// Whether the event has come.
    pub fn has_begun(&self) -> bool {
        *self.count.progress.borrow() != Progress::Awaited
    }

    /// Waits until all has been counted.
    pub async fn done(&self) {
        let mut progress = self.count.progress.subscribe();
        // The sender is in the count, which is here.
        let _ = progress.wait_for(|progress| *progress == Progress::Done).await;
    }

    /// The numbers so far: partial until all has been counted.
    pub fn account(&self) -> Account {
        self.count.account()
    }
}

impl Drop for AwaitedCount {
    fn drop(&mut self) {
        self.accounts.table().counts.remove(&self.name);
    }
}

#[cfg(test)]
mod tests;

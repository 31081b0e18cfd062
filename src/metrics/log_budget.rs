//! How many lines each kind of event may log.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines of one kind that are logged within a [`WINDOW`].
const LINES: u32 = 10;
/// The time after which a kind may log again.
const WINDOW: Duration = Duration::from_secs(60);

/// What each kind of line has left: ten lines per minute. There are as many kinds as places in the code that log through it.
#[derive(Debug, Default)]
pub struct LogBudget(Mutex<HashMap<&'static str, Spent>>);

#[derive(Debug)]
struct Spent {
    since: Instant,
    lines: u32,
    untold: u64,
}

impl LogBudget {
    /// Takes one line of this kind: how many lines before it were not logged; none where this one is not to be logged either.
    pub fn spend(&self, kind: &'static str, now: Instant) -> Option<u64> {
        // One entry is changed at a time, so the table is whole even where a thread panicked.
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = kinds.entry(kind).or_insert(Spent { since: now, lines: 0, untold: 0 });
        if now.saturating_duration_since(spent.since) >= WINDOW {
            (spent.since, spent.lines) = (now, 0);
        }
        if spent.lines >= LINES {
            spent.untold += 1;
            return None;
        }
        spent.lines += 1;
        Some(std::mem::take(&mut spent.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_logs_ten_lines_a_minute_and_then_how_many_were_not_logged() {
        let (budget, began) = (LogBudget::default(), Instant::now());
        let logged = (0..1_000).filter(|_| budget.spend("key", began).is_some()).count();
        assert_eq!(logged, 10);
        assert_eq!(budget.spend("origin", began), Some(0), "another kind has a budget of its own");
        assert_eq!(budget.spend("key", began + WINDOW / 2), None);
        assert_eq!(budget.spend("key", began + WINDOW), Some(991));
        assert_eq!(budget.spend("key", began + WINDOW), Some(0));
    }
}

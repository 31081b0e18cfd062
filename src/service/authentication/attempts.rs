//! How often something may be tried by one party.
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Parties that are remembered at once in each half of the table.
const PARTIES: usize = 100_000;
/// In what time a party may try as often as it may at once.
const MINUTE: Duration = Duration::from_secs(60);

/// Counts the attempts of parties: so many at once, and as many a minute. Source: the generic cell rate algorithm, which keeps one time
/// for each party: when all its attempts would be done if they came evenly.
///
/// Bounded: where a half of the table is full the older half is forgotten, and with it the parties that have not tried since.
pub(super) struct Attempts<K> {
    /// Between two attempts that come evenly.
    every: Duration,
    halves: Mutex<Halves<K>>,
    most: usize,
}

struct Halves<K> {
    newer: HashMap<K, Instant>,
    older: HashMap<K, Instant>,
}

impl<K: Hash + Eq + Clone> Attempts<K> {
    /// So many at once and a minute; at least one.
    pub fn new(a_minute: u32) -> Self {
        Self::of(a_minute, PARTIES)
    }

    fn of(a_minute: u32, most: usize) -> Self {
        let halves = Halves { newer: HashMap::new(), older: HashMap::new() };
        Attempts { every: MINUTE / a_minute.max(1), halves: Mutex::new(halves), most }
    }

    /// Counts so many attempts of a party, all or none. Fails with the time after which they may be tried again; what never may, as it
    /// is more than a minute's, is answered as if it might.
    pub fn spend(&self, party: &K, count: u32, now: Instant) -> Result<(), Duration> {
        let mut halves = self.locked();
        let done = halves.get(party).map_or(now, |done| done.max(now)) + self.every * count;
        // A little more than a minute, as the steps do not divide it evenly.
        let over = (done - now).saturating_sub(MINUTE + Duration::from_millis(1));
        if over > Duration::ZERO {
            return Err(over);
        }
        halves.put(party.clone(), done, self.most);
        Ok(())
    }

    /// An attempt of a party does not count after all.
    pub fn give_back(&self, party: &K) {
        let mut halves = self.locked();
        if let Some(done) = halves.get(party).and_then(|done| done.checked_sub(self.every)) {
            halves.put(party.clone(), done, self.most);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Halves<K>> {
        // Nothing that can panic happens between two changes that belong together.
        self.halves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Halves<K> {
    fn get(&self, party: &K) -> Option<Instant> {
        self.newer.get(party).or_else(|| self.older.get(party)).copied()
    }

    fn put(&mut self, party: K, done: Instant, most: usize) {
        if self.newer.len() >= most && !self.newer.contains_key(&party) {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(party, done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_may_try_as_often_at_once_as_in_a_minute_and_then_evenly() {
        let (attempts, now) = (Attempts::new(6), Instant::now());
        assert!((0..6).all(|_| attempts.spend(&"a", 1, now).is_ok()));
        let wait = attempts.spend(&"a", 1, now).expect_err("it was often");
        assert!(wait > Duration::from_secs(9) && wait <= Duration::from_secs(10), "{wait:?}");
        assert!(attempts.spend(&"b", 6, now).is_ok() && attempts.spend(&"b", 1, now).is_err());
        assert!(attempts.spend(&"a", 1, now + wait).is_ok() && attempts.spend(&"a", 1, now + wait).is_err());
        assert!(attempts.spend(&"a", 6, now + 3 * MINUTE).is_ok());
    }

    #[test]
    fn what_is_given_back_does_not_count_and_too_much_at_once_counts_nothing() {
        let (attempts, now) = (Attempts::new(2), Instant::now());
        for _ in 0..10 {
            assert!(attempts.spend(&"a", 1, now).is_ok());
            attempts.give_back(&"a");
        }
        assert!(attempts.spend(&"a", 3, now).is_err());
        assert!(attempts.spend(&"a", 2, now).is_ok());
    }

    #[test]
    fn no_number_of_parties_makes_the_table_larger_than_its_bound() {
        let (attempts, now) = (Attempts::of(1, 10), Instant::now());
        for party in 0..1_000 {
            assert!(attempts.spend(&party, 1, now).is_ok());
            let halves = attempts.locked();
            assert!(halves.newer.len() <= 10 && halves.older.len() <= 10);
        }
        assert!(attempts.spend(&999, 1, now).is_err(), "who tried last is remembered");
    }
}

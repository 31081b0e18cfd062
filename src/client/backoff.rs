//! How long to wait before the next attempt to connect.
use super::ClientOptions;
use std::time::Duration;

/// The least bound of a pause. Without it, options of nothing would make a client ask a broker that is down without a rest.
const LEAST: Duration = Duration::from_millis(1);

/// Pauses that grow with each failure: a random part of a time that doubles ("full jitter"), so that clients which a restart cut
/// off together do not come back together.
pub(super) struct Backoff {
    /// The bound of the first pause.
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    pub(super) fn new(options: &ClientOptions) -> Self {
        let first = options.backoff_first.max(LEAST);
        Backoff { first, most: options.backoff_most.max(first), failures: 0 }
    }

    /// The next pause after a connection that lasted so long, nothing for one that was not made.
    pub(super) fn next(&mut self, lasted: Duration) -> Duration {
        if lasted > self.most {
            self.failures = 0;
        }
        let ceiling = self.ceiling();
        self.failures = self.failures.saturating_add(1);
        rand::random_range(Duration::ZERO..=ceiling)
    }

    fn ceiling(&self) -> Duration {
        self.first.saturating_mul(2u32.saturating_pow(self.failures)).min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_begin_anew_after_a_connection_that_stood() {
        let mut backoff = Backoff::new(&ClientOptions::default());
        let mut ceilings = vec![];
        for _ in 0..100 {
            ceilings.push(backoff.ceiling().as_millis());
            assert!(backoff.next(Duration::ZERO) <= Duration::from_secs(30));
        }
        assert_eq!(ceilings[..10], [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000]);
        assert_eq!(ceilings[99], 30000);
        backoff.next(Duration::from_secs(29));
        assert_eq!(backoff.ceiling(), Duration::from_secs(30), "it did not stand");
        assert!(backoff.next(Duration::from_secs(31)) <= Duration::from_millis(100));
        assert_eq!(backoff.ceiling(), Duration::from_millis(200));
    }

    #[test]
    fn pauses_differ() {
        let options = ClientOptions { backoff_first: Duration::from_secs(30), ..ClientOptions::default() };
        let pauses: std::collections::HashSet<_> =
            (0..20).map(|_| Backoff::new(&options).next(Duration::ZERO)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
    }

    #[test]
    fn a_backoff_of_nothing_still_pauses() {
        let options =
            ClientOptions { backoff_first: Duration::ZERO, backoff_most: Duration::ZERO, ..ClientOptions::default() };
        assert_eq!(Backoff::new(&options).ceiling(), LEAST);
    }
}

//! When a key set is fetched, and what becomes known of it.
use super::KeySet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// What the last fetch came to.
#[derive(Clone, Default)]
pub(in crate::auth) struct Outcome {
    /// Its number, from 1; 0 before the first has ended.
    pub attempt: u64,
    /// Whether it failed; then the keys are those of the last that did not.
    pub failed: bool,
    /// Why it failed, as it was logged; none where it did not.
    pub reason: Option<String>,
    /// The keys; none before the first good fetch.
    pub keys: Option<Arc<KeySet>>,
}

/// The times between fetches, from the begin of one to the begin of the next.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// After a good one, where nobody asks.
    pub refresh: Duration,
    /// After a failed one, where nobody asks.
    pub retry: Duration,
    /// At least, where somebody asks.
    pub between: Duration,
    /// After this long a fetch has failed.
    pub timeout: Duration,
}

impl Pace {
    /// The pace of production, with a config's `refresh`.
    pub fn every(refresh: Duration) -> Self {
        // Together a space and a timeout stay below the 5 s for which the JavaScript client waits for a reply.
        Pace {
            refresh,
            retry: refresh.min(Duration::from_secs(30)),
            between: Duration::from_secs(2),
            timeout: Duration::from_millis(2500),
        }
    }
}

/// The fetching side.
pub(super) struct Task {
    /// The config key of its address, for the log.
    pub name: String,
    pub pace: Pace,
    pub publish: watch::Sender<Outcome>,
    pub nudged: mpsc::Receiver<()>,
    pub started: Arc<AtomicU64>,
}

impl Task {
    /// Fetches until nobody can ask any more. `fetch` gives the keys, or says why not.
    pub async fn run<F>(mut self, mut fetch: impl FnMut() -> F)
    where
        F: Future<Output = Result<KeySet, String>>,
    {
        loop {
            let attempt = self.started.fetch_add(1, Ordering::AcqRel) + 1;
            // Whoever asked up to here is served by this fetch.
            while self.nudged.try_recv().is_ok() {}
            let begun = Instant::now();
            let result = timeout(self.pace.timeout, fetch()).await.unwrap_or_else(|_| Err("no answer in time".into()));
            let rest = if result.is_ok() { self.pace.refresh } else { self.pace.retry };
            self.tell(attempt, result);
            tokio::select! {
                () = sleep_until(begun + rest) => {}
                asked = self.nudged.recv() => match asked {
                    Some(()) => sleep_until(begun + self.pace.between).await,
                    None => return,
                },
            }
        }
    }

    fn tell(&self, attempt: u64, result: Result<KeySet, String>) {
        self.publish.send_modify(|outcome| {
            outcome.attempt = attempt;
            outcome.failed = result.is_err();
            match result {
                Ok(keys) if keys.len() == 0 => {
                    log::warn!("the key set of {} holds no public key that verifies tokens", self.name);
                    outcome.keys = Some(Arc::new(keys));
                }
                Ok(keys) => {
                    if outcome.reason.take().is_some() {
                        log::info!("the key set of {} can be fetched again", self.name);
                    }
                    outcome.keys = Some(Arc::new(keys));
                }
                // Whoever shows unknown keys has it tried again and again.
                Err(reason) if outcome.reason.as_ref() == Some(&reason) => {}
                Err(reason) => {
                    log::warn!("cannot fetch the key set of {}: {reason}", self.name);
                    outcome.reason = Some(reason);
                }
            }
        });
    }
}

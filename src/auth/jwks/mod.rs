//! Key sets fetched from an address (RFC 7517), cached and rotated.
//!
//! One task fetches; verifiers read its last outcome, and ask for a new one where a token names a key they do not know.
//! Asking is a nudge that is lost where one is pending already, so concurrent askers share a fetch, and fetches are
//! spaced, so forged tokens cannot make us flood the issuer. Who asks within the space waits it out: refusing at once
//! would let a stream of forged tokens keep those of a freshly rotated key out.
mod fetch;
mod set;
mod task;

pub(super) use set::KeySet;

use super::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use task::{Outcome, Pace};
use tokio::sync::{mpsc, watch};

/// The least time between two scheduled fetches that a config may ask for.
const MIN_REFRESH: Duration = Duration::from_secs(10);

/// The reading side of a key set.
pub(super) struct Jwks {
    outcome: watch::Receiver<Outcome>,
    started: Arc<AtomicU64>,
    nudge: mpsc::Sender<()>,
}

/// What a search came upon.
pub(super) enum Found {
    /// The keys as a fetch brought them; look whether yours is there.
    Keys(Arc<KeySet>),
    /// A fetch that began after the search has brought its keys already: there are no others.
    NoSuchKey,
    /// The fetch failed.
    Unavailable,
}

impl Jwks {
    /// Starts to fetch a key set: now, every `refresh`, and when asked. Fails where the address is none.
    pub fn start(url: &str, refresh: Duration) -> Result<Self, Error> {
        if refresh < MIN_REFRESH {
            return Err(Error::value("auth.jwks_refresh", "must be at least 10s"));
        }
        let url = fetch::address(url)?;
        let (jwks, task) = Self::pair(Pace::every(refresh));
        fetch::spawn(url, task)?;
        Ok(jwks)
    }

    fn pair(pace: Pace) -> (Self, task::Task) {
        let (publish, outcome) = watch::channel(Outcome::default());
        let (nudge, nudged) = mpsc::channel(1);
        let started = Arc::new(AtomicU64::new(0));
        let task = task::Task { pace, publish, nudged, started: started.clone() };
        (Jwks { outcome, started, nudge }, task)
    }

    /// The keys of the last good fetch; none before the first.
    pub fn cached(&self) -> Option<Arc<KeySet>> {
        self.outcome.borrow().keys.clone()
    }

    /// Looks beyond what is cached.
    pub fn search(&self) -> Search {
        Search {
            begun_at: self.started.load(Ordering::Acquire),
            outcome: self.outcome.clone(),
            nudge: self.nudge.clone(),
            progress: Progress::Begun,
        }
    }
}

/// A search for a key that is not cached: goes on until a fetch that began after it has ended.
pub(super) struct Search {
    begun_at: u64,
    outcome: watch::Receiver<Outcome>,
    nudge: mpsc::Sender<()>,
    progress: Progress,
}

enum Progress {
    Begun,
    Waiting,
    Exhausted,
}

impl Search {
    /// The next keys to look into, waiting for a fetch if need be.
    pub async fn next(&mut self) -> Found {
        match self.progress {
            Progress::Exhausted => return Found::NoSuchKey,
            Progress::Waiting => {}
            Progress::Begun => {
                self.progress = Progress::Waiting;
                // A fetch may have ended between the look into the cache and the begin of this search.
                if let Some(keys) = self.outcome.borrow_and_update().keys.clone() {
                    return Found::Keys(keys);
                }
            }
        }
        // Full: a fetch has been asked for and not begun, which will do. Closed: `changed` tells.
        let _ = self.nudge.try_send(());
        if self.outcome.changed().await.is_err() {
            return Found::Unavailable;
        }
        let outcome = self.outcome.borrow_and_update().clone();
        if outcome.attempt > self.begun_at {
            self.progress = Progress::Exhausted;
        }
        match outcome.keys {
            Some(keys) if !outcome.failed => Found::Keys(keys),
            _ => Found::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests;

//! Key sets fetched from an address (RFC 7517), cached and rotated.
//!
//! One task fetches; verifiers read its last result, and request a new fetch if a token names an unknown key. A request is
//! dropped if one is already pending, so concurrent verifiers share a fetch. Fetches are spaced, so forged tokens cannot
//! make the broker flood the issuer. A verifier that asks during the pause waits until it is over: rejecting at once would
//! let a stream of forged tokens lock out tokens of a freshly rotated key. If the last fetch failed, no verifier waits:
//! known keys still work, and any other token is rejected at once and requests a fetch that may help the next one.
mod fetch;
mod set;
mod task;

pub(super) use fetch::{Fetching, start};
pub(super) use set::KeySet;
pub(super) use task::Outcome;

use super::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use task::{Pace, Task};
use tokio::sync::{mpsc, watch};

/// The least time between two scheduled fetches that a config may ask for.
const MIN_REFRESH: Duration = Duration::from_secs(10);

/// Where a key set is fetched from, as a config says.
pub(super) struct Source<'a> {
    /// The config key of the address, for errors and the log.
    pub key: &'static str,
    /// The address, `https://…` or `http://…`.
    pub url: &'a str,
    /// Whose keys they are, for the log, where one config key has several sets.
    pub owner: Option<&'a str>,
    /// The config key of `refresh`, for errors.
    pub refresh_key: &'static str,
    /// How long a fetched set is used before it is fetched again.
    pub refresh: Duration,
}

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
    /// A key set that is fetched at once, every `refresh`, and when asked, from when the other side is given to [`start`]. Fails where
    /// the address is none or the time out of its range.
    pub fn of(source: &Source<'_>) -> Result<(Self, Fetching), Error> {
        if source.refresh < MIN_REFRESH {
            return Err(Error::value(source.refresh_key, "must be at least 10s"));
        }
        let url = fetch::address(source.key, source.url)?;
        let name = match source.owner {
            Some(owner) => format!("{} ({owner})", source.key),
            None => source.key.to_owned(),
        };
        let (jwks, task) = Self::pair(name, Pace::every(source.refresh));
        Ok((jwks, Fetching { key: source.key, url, task }))
    }

    fn pair(name: String, pace: Pace) -> (Self, Task) {
        let (publish, outcome) = watch::channel(Outcome::default());
        let (nudge, nudged) = mpsc::channel(1);
        let started = Arc::new(AtomicU64::new(0));
        let task = Task { name, pace, publish, nudged, started: started.clone() };
        (Jwks { outcome, started, nudge }, task)
    }

    /// What is known: the keys of the last good fetch, and whether the last one failed.
    pub fn known(&self) -> Outcome {
        self.outcome.borrow().clone()
    }

    /// Asks for a fetch that nobody waits for.
    pub fn nudge(&self) {
        // Full: one has been asked for and not begun, which will do. Closed: the broker ends.
        let _ = self.nudge.try_send(());
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

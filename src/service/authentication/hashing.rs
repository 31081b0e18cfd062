//! The place where passwords are hashed and verified: beside the workers, one at a time for each core, in a bounded queue.
use super::turns::Turns;
use crate::metrics::Metrics;
use crate::service::error::ServiceError;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a password may wait for its turn: less than a call may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What part of the queue one address may take.
const SHARE: usize = 4;

/// Hashes and verifies passwords. The addresses that they come from have their turns in rounds.
pub(super) struct Hashing {
    /// One for each core.
    turns: Arc<Turns<IpAddr>>,
    places: Arc<Places>,
}

/// Those that are worked at or wait.
struct Places {
    most: usize,
    most_of_one: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

/// One that is worked at or waits. Given back when dropped.
struct Place {
    places: Arc<Places>,
    party: IpAddr,
    metrics: Metrics,
}

impl Places {
    fn locked(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Nothing that can panic happens between two changes that belong together.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, party: IpAddr, metrics: &Metrics) -> Option<Place> {
        let mut taken = self.locked();
        let all: usize = taken.values().sum();
        let own = taken.get(&party).copied().unwrap_or_default();
        if all >= self.most || own >= self.most_of_one {
            return None;
        }
        taken.insert(party, own + 1);
        metrics.hashing.inc();
        Some(Place { places: self.clone(), party, metrics: metrics.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.locked();
        match taken.get_mut(&self.party) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.party)),
        }
        self.metrics.hashing.dec();
    }
}

impl Hashing {
    /// One in whose queue so many may wait, and a quarter as many from one address.
    pub fn new(queue: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most_of_one = (queue / SHARE).max(1).saturating_add(cores);
        let places = Places { most: queue.saturating_add(cores), most_of_one, taken: Mutex::default() };
        Hashing { turns: Arc::new(Turns::new(cores)), places: Arc::new(places) }
    }

    /// Does some work when its turn comes, on a thread where it keeps nobody waiting. Fails with `TooManyRequests` where too many wait,
    /// or its turn does not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        party: IpAddr,
        metrics: &Metrics,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let place = self.places.take(party, metrics).ok_or_else(|| busy(metrics))?;
        let turn = tokio::time::timeout(PATIENCE, self.turns.wait(party)).await;
        let turn = turn.map_err(|_| busy(metrics))?;
        let done = tokio::task::spawn_blocking(move || {
            // Kept where the work is: a caller who gives up does not make room for another thread.
            let _kept = (turn, place);
            work()
        });
        done.await.map_err(|_| ServiceError::general_error("The password cannot be looked at"))
    }
}

fn busy(metrics: &Metrics) -> ServiceError {
    metrics.reached("authentication.hash_queue");
    let message = "Too many passwords are looked at now; try again in 1 s";
    ServiceError::too_many_requests(message).with_data(serde_json::json!({"retryAfter": 1}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    fn party(number: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, number).into()
    }

    #[actix_rt::test]
    async fn no_more_are_worked_at_than_there_are_cores_and_no_more_wait_than_may() {
        let (hashing, metrics) = (Arc::new(Hashing::new(8)), Metrics::new());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (at_once, peak) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (let_go, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let asked = |from: u8| {
            let (hashing, metrics, gate) = (hashing.clone(), metrics.clone(), gate.clone());
            let (at_once, peak) = (at_once.clone(), peak.clone());
            actix_rt::spawn(async move {
                let work = move || {
                    peak.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // Ends when the gate is gone.
                    let _ = gate.lock().map(|gate| gate.recv());
                    at_once.fetch_sub(1, Ordering::SeqCst);
                };
                hashing.run(party(from), &metrics, work).await
            })
        };
        let until = async |count: usize| {
            while metrics.hashing.get() < i64::try_from(count).expect("few") {
                tokio::task::yield_now().await;
            }
        };
        let of_one: Vec<_> = (0..cores + 2).map(|_| asked(1)).collect();
        until(cores + 2).await;
        let refused = asked(1).await.expect("it does not panic").expect_err("it has its share");
        assert_eq!((refused.class.code(), refused.data), (429, Some(Box::new(serde_json::json!({"retryAfter": 1})))));
        let of_others: Vec<_> = (0..6).map(|n| asked(2 + n)).collect();
        until(cores + 8).await;
        assert!(asked(99).await.expect("it does not panic").is_err(), "the queue is full");
        let waiting: Vec<_> = of_one.into_iter().chain(of_others).collect();
        drop(let_go);
        for one in waiting {
            one.await.expect("it does not panic").expect("it has its turn");
        }
        assert!(peak.load(Ordering::SeqCst) <= cores);
        assert_eq!(metrics.hashing.get(), 0);
    }

    #[actix_rt::test]
    async fn work_that_panics_fails_its_caller_and_gives_its_place_back() {
        let (hashing, metrics) = (Hashing::new(0), Metrics::new());
        let failed = hashing.run(party(1), &metrics, || panic!("this work breaks")).await;
        assert_eq!(failed.map(|(): ()| ()).expect_err("it panicked").class.code(), 500);
        assert_eq!(hashing.run(party(1), &metrics, || 7).await, Ok(7));
    }
}

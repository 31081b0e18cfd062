//! The place where passwords are hashed and verified: beside the workers, one at a time for each core, in a bounded queue.
use crate::metrics::Metrics;
use crate::service::error::ServiceError;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a password may wait for its turn: less than a call may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Hashes and verifies passwords. In the order in which they came.
pub(super) struct Hashing {
    /// One for each core.
    turns: Arc<Semaphore>,
    /// Those that are worked at or wait.
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// One that is worked at or waits. Given back when dropped.
struct Place {
    taken: Arc<AtomicUsize>,
    metrics: Metrics,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
        self.metrics.hashing.dec();
    }
}

impl Hashing {
    /// One in whose queue so many may wait.
    pub fn new(queue: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Hashing { turns: Arc::new(Semaphore::new(cores)), taken: Arc::default(), most: queue.saturating_add(cores) }
    }

    /// Does some work when its turn comes, on a thread where it keeps nobody waiting. Fails with `TooManyRequests` where too many wait,
    /// or its turn does not come in time.
    pub async fn run<T: Send + 'static>(
        &self,
        metrics: &Metrics,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let place = self.place(metrics).ok_or_else(|| busy(metrics))?;
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        // The semaphore is never closed.
        let Ok(Ok(turn)) = turn else { return Err(busy(metrics)) };
        let done = tokio::task::spawn_blocking(move || {
            // Kept where the work is: a caller who gives up does not make room for another thread.
            let _kept = (turn, place);
            work()
        });
        done.await.map_err(|_| ServiceError::general_error("The password cannot be looked at"))
    }

    fn place(&self, metrics: &Metrics) -> Option<Place> {
        let place = Place { taken: self.taken.clone(), metrics: metrics.clone() };
        metrics.hashing.inc();
        (self.taken.fetch_add(1, Ordering::Relaxed) < self.most).then_some(place)
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
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    #[actix_rt::test]
    async fn no_more_are_worked_at_than_there_are_cores_and_no_more_wait_than_may() {
        let (hashing, metrics) = (Arc::new(Hashing::new(3)), Metrics::new());
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (at_once, peak) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (let_go, gate) = channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let asked = || {
            let (hashing, metrics, gate) = (hashing.clone(), metrics.clone(), gate.clone());
            let (at_once, peak) = (at_once.clone(), peak.clone());
            actix_rt::spawn(async move {
                let work = move || {
                    peak.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // Ends when the gate is gone.
                    let _ = gate.lock().map(|gate| gate.recv());
                    at_once.fetch_sub(1, Ordering::SeqCst);
                };
                hashing.run(&metrics, work).await
            })
        };
        let waiting: Vec<_> = (0..cores + 3).map(|_| asked()).collect();
        while metrics.hashing.get() < i64::try_from(cores + 3).expect("few") {
            tokio::task::yield_now().await;
        }
        let refused = asked().await.expect("it does not panic").expect_err("the queue is full");
        assert_eq!((refused.class.code(), refused.data), (429, Some(Box::new(serde_json::json!({"retryAfter": 1})))));
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
        let failed = hashing.run(&metrics, || panic!("this work breaks")).await;
        assert_eq!(failed.map(|(): ()| ()).expect_err("it panicked").class.code(), 500);
        assert_eq!(hashing.run(&metrics, || 7).await, Ok(7));
    }
}

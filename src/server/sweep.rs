//! Removes expired entries from the memory engine, so that memory does not grow with channels that nobody uses any more, and reports
//! how much the engine keeps.
use crate::engine::memory::{MemoryEngine, MemoryEventStore};
use crate::metrics::Metrics;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Between sweeps; also how much later than its time something may be cleared.
const PERIOD: Duration = Duration::from_secs(1);

/// Sweeps as long as somebody uses the engine.
pub fn start(engine: Arc<MemoryEngine>, metrics: Metrics) {
    let engine = Arc::downgrade(&engine);
    actix_rt::spawn(async move {
        while sweep(&engine, &metrics).await {
            tokio::time::sleep(PERIOD).await;
        }
    });
}

/// The same for the events bus.
pub fn start_events(store: &Arc<MemoryEventStore>) {
    let store = Arc::downgrade(store);
    actix_rt::spawn(async move {
        while let Some(store) = store.upgrade() {
            store.sweep();
            drop(store);
            tokio::time::sleep(PERIOD).await;
        }
    });
}

async fn sweep(engine: &Weak<MemoryEngine>, metrics: &Metrics) -> bool {
    while let Some(engine) = engine.upgrade() {
        if !engine.sweep() {
            report(&engine, metrics);
            return true;
        }
        // More is due: let others have the thread in between.
        drop(engine);
        tokio::task::yield_now().await;
    }
    false
}

/// Each amount by the key of the limit that bounds it, so that one sees how near it is.
fn report(engine: &MemoryEngine, metrics: &Metrics) {
    let usage = engine.usage();
    metrics.store("history_bytes", usage.history_bytes);
    metrics.store("positions", usage.positions);
    metrics.store("idempotency_keys", usage.idempotency_keys);
    metrics.store("presence_entries", usage.presence_entries);
    metrics.store("kept_claims", usage.claims);
}

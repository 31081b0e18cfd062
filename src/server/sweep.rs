//! Clears what has expired in the memory engine, so that memory stays flat where nobody comes by any more.
use crate::engine::memory::MemoryEngine;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Between sweeps; also how much later than its time something may be cleared.
const PERIOD: Duration = Duration::from_secs(1);

/// Sweeps as long as somebody uses the engine.
pub fn start(engine: Arc<MemoryEngine>) {
    let engine = Arc::downgrade(&engine);
    actix_rt::spawn(async move {
        while sweep(&engine).await {
            tokio::time::sleep(PERIOD).await;
        }
    });
}

async fn sweep(engine: &Weak<MemoryEngine>) -> bool {
    while let Some(engine) = engine.upgrade() {
        if !engine.sweep() {
            return true;
        }
        // More is due: let others have the thread in between.
        drop(engine);
        tokio::task::yield_now().await;
    }
    false
}

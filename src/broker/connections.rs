//! How many connections there are, and whether more are accepted.
use super::Limits;
use crate::metrics::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The connections of a node. Cheap to clone.
#[derive(Clone)]
pub struct Connections(Arc<Inner>);

struct Inner {
    count: AtomicUsize,
    most: usize,
    is_draining: AtomicBool,
    metrics: Metrics,
}

impl Connections {
    /// None yet; as many as `limits.connections` may come.
    pub(super) fn new(limits: &Limits, metrics: Metrics) -> Self {
        let (count, is_draining) = (AtomicUsize::new(0), AtomicBool::new(false));
        Connections(Arc::new(Inner { count, most: limits.connections, is_draining, metrics }))
    }

    /// Takes the place of one connection; none where there are as many as there may be.
    pub fn enter(&self) -> Option<ConnectionPlace> {
        let Inner { count, most, metrics, .. } = &*self.0;
        if count.fetch_add(1, Ordering::Relaxed) >= *most {
            count.fetch_sub(1, Ordering::Relaxed);
            Metrics::count(&metrics.refusals, "connections");
            return None;
        }
        Some(ConnectionPlace(self.clone()))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// Whether the node is stopping and takes no more clients.
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Relaxed)
    }

    /// Takes no more clients from now on.
    pub fn drain(&self) {
        self.0.is_draining.store(true, Ordering::Relaxed);
    }
}

/// A connection's place among those that there may be; given back when dropped.
pub struct ConnectionPlace(Connections);

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.0.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

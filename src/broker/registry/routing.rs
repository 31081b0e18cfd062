//! The path to the registry. Messages on their way there, or waiting there for a channel to end, are bounded: the registry's mailbox
//! itself accepts everything.
use super::message::{RoutePlace, Routed};
use crate::metrics::Metrics;
use crate::types::ReplyError;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The places of what is on its way to the registry.
pub struct Routing(Arc<Semaphore>);

impl Routing {
    /// At most so many.
    pub fn new(places: usize) -> Self {
        Routing(Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))))
    }

    pub(super) fn place(&self) -> Option<RoutePlace> {
        self.0.clone().try_acquire_owned().ok().map(RoutePlace::new)
    }
}

impl Routed {
    /// There is no room for it: this limit of the config is reached.
    pub(in crate::broker) fn refuse_full(self, limit: &str, metrics: &Metrics) {
        metrics.reached(limit);
        match self {
            Routed::Publish(publish) => publish.answer.give(Err(ReplyError::TOO_MANY_REQUESTS)),
            Routed::Join(join) => drop(join.answer.send(Err(ReplyError::TOO_MANY_REQUESTS.into()))),
            Routed::Instruction(_) => Metrics::count(&metrics.drops, "instruction"),
        }
    }
}

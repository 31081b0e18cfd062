//! The way to the registry. What is on its way there, or waits there for a channel's end, is bounded: the registry's mailbox
//! takes all that is sent.
use super::message::{Route, Routed};
use super::{HubId, Node};
use crate::metrics::Metrics;
use crate::types::ReplyError;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of what is on its way to the registry.
pub(super) struct Routing(Arc<Semaphore>);

/// The place of one publish or instruction, given back when it has reached its channel.
pub struct RoutePlace(#[expect(dead_code, reason = "it is held, and given back when dropped")] OwnedSemaphorePermit);

impl Routing {
    /// At most so many.
    pub fn new(places: usize) -> Self {
        Routing(Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))))
    }

    fn place(&self) -> Option<RoutePlace> {
        self.0.clone().try_acquire_owned().ok().map(RoutePlace)
    }
}

impl Node {
    /// Sends something to a channel by way of the registry, which makes the channel if there is none, on the worker of `hub`.
    ///
    /// At the bound `limits.registry_queue` a publish is answered with error 111, and an instruction dropped and counted.
    /// Joins have no place: each session has at most as many under way as it may have channels.
    pub(super) fn route(&self, hub: Option<HubId>, what: Routed) {
        let place = match what {
            Routed::Join(_) => None,
            Routed::Publish(_) | Routed::Instruction(_) => match self.routing().place() {
                Some(place) => Some(place),
                None => {
                    self.metrics().reached("registry_queue");
                    return what.refuse_full(self.metrics());
                }
            },
        };
        self.registry().do_send(Route { hub, passed_on: false, what, place });
    }
}

impl Routed {
    /// There is no room for it.
    pub(super) fn refuse_full(self, metrics: &Metrics) {
        match self {
            Routed::Publish(publish) => publish.answer.give(Err(ReplyError::TOO_MANY_REQUESTS)),
            Routed::Join(join) => drop(join.answer.send(Err(ReplyError::TOO_MANY_REQUESTS.into()))),
            Routed::Instruction(_) => Metrics::count(&metrics.drops, "instruction"),
        }
    }
}

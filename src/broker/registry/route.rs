//! Sending something to a channel by way of the registry.
use super::{Route, Routed};
use crate::broker::Node;
use crate::broker::hub::HubId;

impl Node {
    /// Sends something to a channel by way of the registry, which makes the channel if there is none, on the worker of `hub`.
    ///
    /// At the bound `limits.registry_queue` a publish is answered with error 111, and an instruction dropped and counted.
    /// Joins have no place: each session has at most as many under way as it may have channels.
    pub(in crate::broker) fn route(&self, hub: Option<HubId>, what: Routed) {
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
        self.registry().route(Route { hub, passed_on: false, what, place });
    }
}

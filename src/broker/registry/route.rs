//! Sending something to a channel.
use super::{HubChoice, Route, RoutePlace, Routed};
use crate::broker::Channels;
use crate::broker::channel::Passing;
use crate::broker::hub::HubId;

impl Channels<'_> {
    /// Sends something to a channel from outside the workers: to the address that is known, else through the registry, which
    /// makes the channel if there is none. What one thread sends to a channel arrives in this order.
    ///
    /// At the bound `limits.registry_queue` a publish is answered with error 111, and an instruction dropped and counted; so
    /// they are at `limits.channel_queue`.
    pub(in crate::broker) fn send(self, what: Routed) {
        let Some((what, passing)) = self.0.tables().routes.send(what, self.0.metrics()) else { return };
        if let Some((what, place)) = self.placed(what) {
            let passing = Some(passing);
            self.0.registry().route(Route {
                hub: None,
                choice: HubChoice::ByName,
                passed_on: false,
                what,
                place,
                passing,
            });
        }
    }

    /// Sends something to a channel through the registry, which makes the channel if there is none, on the worker of `hub`, and
    /// tells that hub its address. Bounded as above; joins have no place: each session has at most as many under way as it may have
    /// channels.
    pub(in crate::broker) fn route(self, hub: HubId, what: Routed, passing: Passing) {
        if let Some((what, place)) = self.placed(what) {
            let (hub, choice, passing) = (Some(hub), HubChoice::Hub(hub), Some(passing));
            self.0.registry().route(Route { hub, choice, passed_on: false, what, place, passing });
        }
    }

    /// With its place on the way to the registry, where it needs one. Refused where there is none.
    fn placed(self, what: Routed) -> Option<(Routed, Option<RoutePlace>)> {
        if let Routed::Join(_) = what {
            return Some((what, None));
        }
        match self.0.tables().routing.place() {
            Some(place) => Some((what, Some(place))),
            None => {
                what.refuse_full("registry_queue", self.0.metrics());
                None
            }
        }
    }
}

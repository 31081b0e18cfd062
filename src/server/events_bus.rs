//! The events bus of Backstage: where its events live, and where it is served.
use super::{Broker, BrokerBuilder, Config, Error};
use crate::engine::memory::MemoryEventStore;
use crate::engine::{EventBounds, Opened};
use crate::metrics::Metrics;
use crate::service::events_bus::{Bus, BusTerms, EventsBus};
use actix_web::web::ServiceConfig;
use std::sync::Arc;

/// Where the bus is served.
#[derive(Clone)]
pub(super) struct BusPlace {
    path: String,
    max_body: usize,
}

/// The bus that the config asks for; none where it is off. Its events live where the engine keeps its own.
pub(super) fn open(config: &Config, engine: &Opened, metrics: &Metrics) -> Option<Arc<Bus>> {
    let backstage = &config.backstage;
    if !backstage.bus {
        return None;
    }
    let bounds = EventBounds {
        events: backstage.bus_events,
        bytes: backstage.bus_bytes,
        subscriptions: backstage.bus_subscriptions,
        idle: backstage.bus_idle,
    };
    let terms = BusTerms {
        event_bytes: backstage.bus_body,
        polls: backstage.bus_polls,
        poll_timeout: backstage.bus_timeout,
        signals: backstage.signals,
    };
    let shared = match engine {
        Opened::Memory(_) => None,
        Opened::Shared(engine) => engine.event_store(bounds),
    };
    let store = shared.unwrap_or_else(|| {
        let store = Arc::new(MemoryEventStore::new(bounds, metrics.clone()));
        super::sweep::start_events(&store);
        store
    });
    Some(Bus::new(store, terms, metrics))
}

/// Where the bus of this config is served; none where it is off.
pub(super) fn place(config: &Config) -> Option<BusPlace> {
    let backstage = &config.backstage;
    backstage.bus.then(|| BusPlace { path: backstage.bus_path.clone(), max_body: backstage.bus_body })
}

impl BrokerBuilder {
    /// Fails where something that the program has mounted is where the bus is. What the config mounts is looked at with the config.
    pub(super) fn check_events_bus(&self) -> Result<(), Error> {
        let Some(BusPlace { path: bus, .. }) = place(&self.config) else { return Ok(()) };
        let below = format!("{bus}/");
        let wires = self.wires.iter().map(|(path, _)| path.as_str()).find(|path| path.starts_with(&below));
        let engines = self.mounted.iter().map(|mounted| mounted.settings.path.as_str());
        let mut engines = engines.filter(|path| path.starts_with(&below) || below.starts_with(path));
        match wires.or_else(|| engines.next()) {
            Some(path) => Err(Error::Claimed {
                one: format!("an endpoint at {path}"),
                other: format!("the events bus below {bus} (backstage.bus_path)"),
            }),
            None => Ok(()),
        }
    }
}

impl Broker {
    /// The events bus of Backstage; none where `backstage.bus` is off.
    pub fn events_bus(&self) -> Option<EventsBus> {
        EventsBus::of(&self.node)
    }

    pub(super) fn mount_events_bus(&self, app: &mut ServiceConfig) {
        if let Some((bus, place)) = self.events_bus().zip(self.bus_place.as_ref()) {
            crate::events_bus::mount(app, bus, &place.path, place.max_body);
        }
    }
}

//! Subscriptions of Rust code.
use super::{BusError, BusEvent, EventsBus, Polled};

/// A subscription that Rust code reads. It stays when this is dropped, until it has been idle for `backstage.bus_idle`; others may read
/// it meanwhile, on this node or, through Backstage's API, from elsewhere.
pub struct EventsSubscription {
    bus: EventsBus,
    id: String,
    topics: Vec<String>,
}

impl EventsSubscription {
    pub(super) fn new(bus: EventsBus, id: String, topics: Vec<String>) -> Self {
        EventsSubscription { bus, id, topics }
    }

    /// Waits for the next events, one to ten. What it returns is not handed out again. With the memory engine, dropping the future loses nothing; with Redis it loses events that are on
    /// their way. Where the
    /// subscription has ended, it is made again and goes on with the events from then on. Fails as [`EventsBus::poll`] and
    /// [`EventsBus::put`] do; where the bus is [`BusError::Full`] or [`BusError::Unreachable`], call again after a while.
    pub async fn next(&mut self) -> Result<Vec<BusEvent>, BusError> {
        loop {
            match self.bus.poll(&self.id).await {
                Ok(Polled::Events(events)) => return Ok(events),
                Ok(Polled::Waiting(place)) => place.news(self.bus.poll_timeout()).await,
                Err(BusError::NoSubscription) => self.bus.put(&self.id, self.topics.clone()).await?,
                Err(error) => return Err(error),
            }
        }
    }
}

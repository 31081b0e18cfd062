//! Who is present in a channel, as its engine keeps it.
use crate::engine::{Engine, EngineAnswer};
use crate::metrics::Metrics;
use crate::types::{Answer, ChannelName, ClientInfo, SessionId};
use std::sync::Arc;
use std::time::Duration;

/// A presence entry ends with its session, whichever way that ends; this time only bounds what could be left of one in an
/// engine that outlives the process.
const PRESENCE_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// The list of who is present in one channel.
#[derive(Clone)]
pub struct Presence {
    engine: Arc<dyn Engine>,
    metrics: Metrics,
    channel: ChannelName,
}

impl Presence {
    /// The list of a channel.
    pub fn new(engine: Arc<dyn Engine>, metrics: Metrics, channel: ChannelName) -> Self {
        Presence { engine, metrics, channel }
    }

    /// Adds somebody, or changes what is shown of them. At the bound the listener stands all the same; that it is not listed
    /// shows in the metrics.
    pub fn list(&self, info: Arc<ClientInfo>) -> EngineAnswer<()> {
        let metrics = self.metrics.clone();
        self.engine.add_presence(&self.channel, info, PRESENCE_TTL).then(move |added| {
            if added.is_err() {
                Metrics::count(&metrics.refusals, "presence");
            }
            Ok(())
        })
    }

    /// Takes somebody out.
    pub fn remove(&self, client: SessionId) -> EngineAnswer<()> {
        self.engine.remove_presence(&self.channel, client)
    }
}

/// Sees to it that a step of the engine is done, which nobody waits for.
pub fn drive(answer: EngineAnswer<()>) {
    if let Answer::Later(step) = answer {
        actix_rt::spawn(step);
    }
}

//! Tells the engine who has got kept events as they were published, so that these are not brought to the same users again.
use crate::delivery::Claimant;
use crate::engine::{Claim, Engine, Error};
use crate::metrics::Metrics;
use crate::types::{Answer, ChannelName, Position};
use std::sync::Arc;

/// The name of the bound of claims in the metrics.
pub const CLAIMS: &str = "kept_claims";

/// The way to the engine's claims.
pub struct Given {
    engine: Arc<dyn Engine>,
    metrics: Metrics,
}

impl Given {
    /// To the claims of this engine.
    pub fn new(engine: Arc<dyn Engine>, metrics: Metrics) -> Self {
        Given { engine, metrics }
    }

    /// These claimants have got the event at this position. Asked for before this returns: a claim that the same thread makes later finds
    /// it.
    pub fn note(&self, channel: &ChannelName, position: &Position, to: Vec<Arc<Claimant>>) {
        let Some(ttl) = to.first().map(|claimant| claimant.ttl) else { return };
        let claim = Claim {
            epoch: position.epoch.clone(),
            offsets: vec![position.offset],
            claimants: to.iter().map(|claimant| claimant.name.clone()).collect(),
            ttl,
        };
        let metrics = self.metrics.clone();
        let noted = self.engine.claim(channel, claim).then(move |claimed| {
            match claimed {
                Ok(claimed) if claimed.is_full => metrics.reached(CLAIMS),
                Ok(_) => {}
                Err(error) => kept_is_unknown(&error, &metrics),
            }
            Ok::<_, Error>(())
        });
        if let Answer::Later(noted) = noted {
            actix_rt::spawn(noted);
        }
    }
}

/// The engine could not tell what is kept for users who subscribe, or note who has it: that is logged and counted. Who subscribes stands
/// without it.
pub fn kept_is_unknown(error: &Error, metrics: &Metrics) {
    Metrics::count(&metrics.drops, "kept_unknown");
    metrics.log_some(
        log::Level::Warn,
        "kept",
        format_args!("what is kept for users who subscribe is not known: {error}"),
    );
}

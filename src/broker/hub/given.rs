//! Tells the engine which users have received kept events live, so that the events are not brought to them again.
use crate::delivery::Claimant;
use crate::engine::{Claim, Claimed, Engine, Error};
use crate::metrics::Metrics;
use crate::types::{Answer, ChannelName, Position};
use std::sync::Arc;

/// The name of the bound of claims in the metrics.
const CLAIMS: &str = "kept_claims";

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

    /// These claimants have received the event at this position. The engine is asked before this returns, so a later claim from the same
    /// thread finds the event received.
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
            counted(claimed, &metrics);
            Ok::<_, Error>(())
        });
        if let Answer::Later(noted) = noted {
            actix_rt::spawn(noted);
        }
    }
}

/// The outcome of a claim; none where the engine has none. That, and that its bound was reached, is counted.
pub fn counted(claimed: Result<Claimed, Error>, metrics: &Metrics) -> Option<Claimed> {
    let claimed = claimed.inspect_err(|error| kept_is_unknown(error, metrics)).ok()?;
    if claimed.is_full {
        metrics.reached(CLAIMS);
    }
    Some(claimed)
}

/// Logs and counts that the engine could not read the kept events, or their claims. The subscription stands without them.
pub fn kept_is_unknown(error: &Error, metrics: &Metrics) {
    Metrics::count(&metrics.drops, "kept_unknown");
    metrics.log_some(
        log::Level::Warn,
        "kept",
        format_args!("kept events are not brought, or their claims not remembered: {error}"),
    );
}

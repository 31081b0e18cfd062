//! Signals that plugins publish: `DefaultSignalsService` of `@backstage/plugin-signals-node` publishes them on a topic of the bus.
use crate::broker::Node;
use crate::metrics::Metrics;
use crate::service::Signal;
use crate::types::{Json, ReplyError};
use log::Level;

/// The topic that signals are published on.
pub(super) const TOPIC: &str = "signals";

/// Sends what a plugin has published there; whether it was one. What is none is counted and logged: it concerns nobody else.
pub(super) async fn send(node: &Node, payload: &Json) -> bool {
    let sent = sent(node, payload).await;
    Metrics::count(&node.metrics().bus, if sent.is_ok() { "signal" } else { "bad_signal" });
    if let Err(error) = &sent {
        let line = format_args!("an event on the topic `{TOPIC}` was not sent as a signal: {}", error.message);
        node.metrics().log_some(Level::Warn, "bus_signal", line);
    }
    sent.is_ok()
}

async fn sent(node: &Node, payload: &Json) -> Result<(), ReplyError> {
    Signal::read(payload)?.publish(node).await
}

//! The endpoints of wires of commands.
use super::Error;
use super::config::ServerConfig;
use crate::broker::Node;
use crate::protocol::{Heartbeats, Wire};
use crate::transport::{Endpoint, Heartbeat};
use std::sync::Arc;

/// All of them, for every thread.
pub(super) type Wires = Arc<[Arc<Endpoint>]>;

/// Opens an endpoint at each of these paths. Fails where two have one path.
pub(super) fn open(
    node: &Node,
    config: &ServerConfig,
    wires: Vec<(String, Vec<&'static dyn Wire>)>,
) -> Result<Wires, Error> {
    let mut opened: Vec<Arc<Endpoint>> = vec![];
    for (path, encodings) in wires {
        if opened.iter().any(|other| other.path == path) {
            return Err(Error::SamePath(path));
        }
        let asked = encodings.iter().filter_map(|wire| wire.authenticator());
        let authenticators = &node.settings().authenticators;
        if let Some(name) = asked.into_iter().find(|name| !authenticators.has(name)) {
            return Err(Error::NoAuthenticator(name));
        }
        // The encodings of a wire have one kind of heartbeats.
        let heartbeat = match encodings.first().map(|wire| wire.heartbeats()) {
            Some(Heartbeats::Pings { interval }) => Heartbeat { interval, timeout: interval },
            Some(Heartbeats::Messages) | None => {
                Heartbeat { interval: config.ping_interval, timeout: config.pong_timeout }
            }
        };
        let stale_timeout = config.stale_timeout;
        opened.push(Arc::new(Endpoint { node: node.clone(), path, encodings, heartbeat, stale_timeout }));
    }
    Ok(opened.into())
}

//! The config section `[console]`: whether the console is served, and what it says about the broker.
use super::{BrokerBuilder, Config, Error};
use crate::console::{self, ClientAddress, Paths};
use std::sync::Arc;

/// Whether a program that listens by itself serves the console with this config.
pub(super) fn is_on(config: &Config) -> bool {
    config.console.is_on(true, has_key(config))
}

fn has_key(config: &Config) -> bool {
    !config.api.key.is_empty() || !config.api.key_file.is_empty()
}

impl BrokerBuilder {
    /// Decides whether the console is served. `is_own` says that the program listens by itself.
    pub(super) fn settle_console(&mut self, is_own: bool) {
        let is_on = self.config.console.is_on(is_own, has_key(&self.config));
        self.config.console.enabled = Some(is_on);
    }

    /// Fails where something that the program has mounted is where the console is. What the config mounts is looked at with the config.
    pub(super) fn check_console(&self) -> Result<(), Error> {
        if !is_on(&self.config) || self.config.server.internal_port.is_some() {
            return Ok(());
        }
        let wires = self.wires.iter().map(|(path, _)| (path.as_str(), false));
        let engines = self.mounted.iter().map(|mounted| (mounted.settings.path.as_str(), true));
        for (path, takes_all_below) in wires.chain(engines) {
            let clash = |own: &&str| *own == path || takes_all_below && own.starts_with(path);
            if let Some(own) = console::paths().find(clash) {
                return Err(Error::Claimed {
                    one: format!("an endpoint at {path}"),
                    other: format!("the console at {own}"),
                });
            }
        }
        Ok(())
    }
}

/// What the console says of a broker with this config; none where it is off.
pub(super) fn paths(config: &Config) -> Option<Arc<Paths>> {
    if !is_on(config) {
        return None;
    }
    let server = &config.server;
    let tls = server.tls_certificate.is_some();
    let clients = server.internal_port.map(|_| ClientAddress { port: server.port, tls });
    Some(Arc::new(Paths {
        api: server.api_prefix.trim_end_matches('/').to_owned(),
        websocket: format!("{}/websocket", server.connection_prefix),
        socketio: config.socketio.iter().map(|endpoint| endpoint.path.clone()).collect(),
        clients,
    }))
}

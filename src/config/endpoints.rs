//! Settings of `[[socketio]]` and `[rest]` that make no sense.
use super::sense::Found;
use crate::auth::{self, Origins};
use crate::server::{Config, ServerConfig};
use crate::transport::engineio::EngineConfig;
use std::collections::HashMap;

impl Found {
    pub(super) fn of_socketio(&mut self, config: &Config) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (index, endpoint) in config.socketio.iter().enumerate() {
            let at = |key: &str| format!("socketio[{index}].{key}");
            self.of_path(endpoint, &config.server, &at);
            if let Some(&other) = first.get(endpoint.path.as_str()) {
                let message = format!("two endpoints at {}; take another path", endpoint.path);
                self.add_pair(true, at("path"), format!("socketio[{other}].path"), message);
            }
            first.entry(&endpoint.path).or_insert(index);
            self.of_engine(endpoint, &at);
            let both = endpoint.builtin_events && endpoint.services == Some(true);
            let message = "cannot be on beside `services`: what clients emit there is a call; set one of them to false";
            self.add_pair(both, at("builtin_events"), at("services"), message);
            self.of_origins(endpoint, &at);
        }
    }

    /// What a service is called is not known here: of its path only the beginning is.
    pub(super) fn of_rest(&mut self, config: &Config) {
        let key = "rest.prefix";
        self.add(config.rest.max_body == 0, "rest.max_body", "must be more than 0: no limit is off");
        let Some(prefix) = config.rest.prefix.as_deref() else { return };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#:%".contains(c);
        let wrong = !prefix.starts_with('/') || prefix.len() > 1 && prefix.ends_with('/') || prefix.contains(odd);
        let message =
            "a path is wanted that begins with `/` and, but for `/` alone, does not end with it, such as `/rest`";
        self.add(wrong, key, message);
        let is_below = |path: &str| format!("{prefix}/").starts_with(&format!("{}/", path.trim_end_matches('/')));
        let message = "is what it begins with; take another";
        let has_api = config.server.internal_port.is_none() && is_below(&config.server.api_prefix);
        self.add_pair(has_api, key, "server.api_prefix", format!("`server.api_prefix` {message}"));
        for (index, endpoint) in config.socketio.iter().enumerate() {
            let at = format!("socketio[{index}].path");
            self.add_pair(is_below(&endpoint.path), key, at.clone(), format!("`{at}` {message}"));
        }
    }

    fn of_path(&mut self, endpoint: &EngineConfig, server: &ServerConfig, at: &dyn Fn(&str) -> String) {
        let path = endpoint.path.as_str();
        let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#".contains(c);
        let wrong = path.len() < 2 || !path.starts_with('/') || !path.ends_with('/') || path.contains(odd);
        let message = "a path is wanted that begins and ends with `/`, such as `/socket.io/`";
        self.add(wrong, at("path"), message);
        for (key, prefix) in [("connection_prefix", &server.connection_prefix), ("api_prefix", &server.api_prefix)] {
            let covers = !wrong && format!("{prefix}/").starts_with(path);
            self.add_pair(covers, at("path"), format!("server.{key}"), format!("covers `server.{key}`; take another"));
        }
    }

    fn of_engine(&mut self, endpoint: &EngineConfig, at: &dyn Fn(&str) -> String) {
        let zero = "must be more than 0";
        for (key, time) in [
            ("ping_interval", endpoint.ping_interval),
            ("ping_timeout", endpoint.ping_timeout),
            ("upgrade_timeout", endpoint.upgrade_timeout),
            ("connect_timeout", endpoint.connect_timeout),
        ] {
            self.add(time.is_zero(), at(key), zero);
        }
        self.add(endpoint.max_payload == 0, at("max_payload"), zero);
        let message = "takes nobody in; name \"polling\", \"websocket\" or both";
        self.add(endpoint.transports.is_empty(), at("transports"), message);
        let idle = !endpoint.recovery.is_zero() && endpoint.recovery_events == 0;
        self.add_pair(idle, at("recovery_events"), at("recovery"), "must be more than 0, or `recovery` brings nothing");
        for (index, namespace) in endpoint.namespaces.iter().enumerate() {
            let message = format!("`{namespace}` is no namespace: one begins with `/`; a `*` may stand at its end");
            let stem = namespace.strip_suffix('*').unwrap_or(namespace);
            let wrong = !namespace.starts_with('/') || stem.contains([',', '*']);
            self.add(wrong, at(&format!("namespaces[{index}]")), message);
        }
    }

    fn of_origins(&mut self, endpoint: &EngineConfig, at: &dyn Fn(&str) -> String) {
        for (index, entry) in endpoint.cors.iter().enumerate() {
            if let Err(auth::Error::Value { reason, .. }) = Origins::new(std::slice::from_ref(entry)) {
                self.add(true, at(&format!("cors[{index}]")), reason);
            }
        }
    }
}

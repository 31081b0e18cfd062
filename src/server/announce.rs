//! What a broker says when it listens: where everything is, and who may connect.
use super::settings::is_loopback;
use super::{Broker, Config, listen};
use crate::engine;
use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

/// Where a broker listens. Ports that the config left to the system are known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// For clients, and for the HTTP API unless it has an address of its own.
    pub clients: SocketAddr,
    /// For the HTTP API, metrics and health, where `server.internal_port` gives them an address of their own.
    pub internal: Option<SocketAddr>,
    /// Whether clients are served over TLS.
    pub is_encrypted: bool,
}

impl Listening {
    /// The beginning of the addresses for clients: `scheme` is `http` or `ws`, to which TLS adds its `s`.
    fn clients_at(&self, scheme: &str) -> String {
        let encrypted = if self.is_encrypted { "s" } else { "" };
        format!("{scheme}{encrypted}://{}", to_copy(self.clients))
    }

    /// The beginning of the addresses of API, metrics and health.
    fn internal_at(&self) -> String {
        self.internal.map_or_else(|| self.clients_at("http"), |address| format!("http://{}", to_copy(address)))
    }
}

/// Logs it, line by line.
pub(super) fn announce(broker: &Broker, config: &Config, listening: &Listening) {
    log::info!("{}", summary(config, listening));
    for (what, address) in addresses(broker, config, &Places::of(listening)) {
        log::info!("{:<18} {address}", format!("{what}:"));
    }
}

/// The same of a broker in somebody's app, which alone knows where it listens: the paths.
pub(super) fn announce_mounted(broker: &Broker, config: &Config) {
    let who = who_connects(config, None);
    log::info!("callboard {} is mounted, {}, {who}", env!("CARGO_PKG_VERSION"), engine(config));
    let own = Places { http: String::new(), ws: String::new(), internal: String::new() };
    for (what, path) in addresses(broker, config, &own) {
        log::info!("{:<18} {path}", format!("{what}:"));
    }
}

/// The beginnings of addresses.
struct Places {
    http: String,
    ws: String,
    /// Of API, metrics and health.
    internal: String,
}

impl Places {
    fn of(listening: &Listening) -> Self {
        let (http, ws) = (listening.clients_at("http"), listening.clients_at("ws"));
        Places { http, ws, internal: listening.internal_at() }
    }
}

fn summary(config: &Config, listening: &Listening) -> String {
    let scheme = if listening.is_encrypted { "https" } else { "http" };
    let workers = match listen::workers(config) {
        1 => "1 worker".to_owned(),
        workers => format!("{workers} workers"),
    };
    let mut line = format!("callboard {} listens on {scheme}://{}", env!("CARGO_PKG_VERSION"), listening.clients);
    // Writing into a text cannot fail.
    let _ = write!(line, ", {workers}, {}, {}", engine(config), who_connects(config, Some(listening.clients.ip())));
    line
}

fn engine(config: &Config) -> String {
    match config.engine {
        engine::Kind::Memory => "in memory".to_owned(),
        // Its address is told without user and password.
        engine::Kind::Redis => format!("on Redis at {}", config.redis.url),
    }
}

/// Who may connect, as far as the section `[auth]` says it; `host` is none where the app alone knows it.
fn who_connects(config: &Config, host: Option<IpAddr>) -> &'static str {
    let auth = &config.auth;
    let has_keys = !auth.hmac_secret.is_empty()
        || !auth.hmac_secret_file.is_empty()
        || !auth.rsa_public_key.is_empty()
        || !auth.ecdsa_public_key.is_empty()
        || !auth.eddsa_public_key.is_empty()
        || auth.jwks_url.is_some();
    match (auth.anonymous, host.is_some_and(is_loopback), has_keys) {
        (true, true, _) => "open to this machine without a token",
        (true, false, _) => "open to everyone who reaches it, without a token",
        (false, _, true) => "by token",
        (false, _, false) => "closed: set auth.hmac_secret, another key of [auth] or auth.anonymous to let clients in",
    }
}

/// What is where, each with its whole address. What is added to the broker is added here.
fn addresses(broker: &Broker, config: &Config, places: &Places) -> Vec<(&'static str, String)> {
    let Places { http, ws, internal } = places;
    let mut all = vec![];
    if broker.console.is_some() {
        all.push(("console", format!("{internal}/")));
    }
    for wire in broker.wires.iter() {
        let name = match wire.encodings.first().map(|wire| wire.name()) {
            Some("signals") => "Backstage signals",
            Some("events") => "Backstage events",
            _ => "WebSocket",
        };
        all.push((name, format!("{ws}{}", wire.path)));
    }
    for engine in broker.engines.iter() {
        let name = if engine.layer().name() == "socketio" { "Socket.IO" } else { "Engine.IO" };
        all.push((name, format!("{http}{}", engine.path())));
    }
    if broker.events_bus().is_some() {
        all.push(("Backstage bus", format!("{http}{}", config.backstage.bus_path)));
    }
    if let (Some(prefix), true) = (&config.rest.prefix, broker.app().is_some()) {
        all.push(("services", format!("{http}{prefix}")));
    }
    let has_key = !config.api.key.is_empty() || !config.api.key_file.is_empty();
    let key = if has_key { "with api.key" } else { "without a key" };
    all.push(("HTTP API", format!("{internal}{} {key}", config.server.api_prefix)));
    all.push(("metrics, health", format!("{internal}/metrics {internal}/health")));
    all
}

/// An address to copy: who listens on every address is reached on this machine as `localhost`.
fn to_copy(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("localhost:{}", address.port()),
        false => address.to_string(),
    }
}

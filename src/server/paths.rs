//! Which paths a config claims, and for what.
use super::Config;

/// The key of the paths that go with the HTTP API to the internal address.
const API: &str = "server.api_prefix";

/// A path that a key of the config claims for something.
struct PathClaim {
    key: String,
    path: String,
    /// All that begins with the path is claimed, too.
    takes_all_below: bool,
}

/// Two keys that claim one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathClash {
    /// The key of `[backstage]` or `[console]`.
    pub key: String,
    /// The other one.
    pub with: String,
    /// The path that both would answer at.
    pub path: String,
}

impl PathClaim {
    fn of(key: impl Into<String>, path: impl Into<String>) -> Self {
        PathClaim { key: key.into(), path: path.into(), takes_all_below: false }
    }

    fn below(key: impl Into<String>, path: impl Into<String>) -> Self {
        PathClaim { takes_all_below: true, ..PathClaim::of(key, path) }
    }

    /// The path that both claim; none where there is no such.
    fn meets<'a>(&'a self, other: &'a PathClaim) -> Option<&'a str> {
        let covers = |one: &PathClaim, path: &str| one.takes_all_below && path.starts_with(&one.path);
        match (covers(self, &other.path), covers(other, &self.path)) {
            _ if self.path == other.path => Some(&self.path),
            (true, _) => Some(&other.path),
            (_, true) => Some(&self.path),
            (false, false) => None,
        }
    }
}

/// Where a path of `[backstage]` or of the console is another key's, too. Those of services are not known here.
pub fn clashes(config: &Config) -> Vec<PathClash> {
    let (own, others) = (of_backstage(config), of_others(config));
    let mut found = vec![];
    let is_apart = config.server.internal_port.is_some();
    let for_clients = || others.iter().filter(|other| !is_apart || other.key != API);
    for (at, claim) in own.iter().enumerate() {
        find(claim, for_clients().chain(own[..at].iter().filter(|other| other.key != claim.key)), &mut found);
    }
    let beside = others.iter().chain(&own).filter(|other| !is_apart || other.key == API);
    for claim in of_console(config) {
        find(&claim, beside.clone(), &mut found);
    }
    found
}

fn find<'a>(claim: &PathClaim, others: impl Iterator<Item = &'a PathClaim>, found: &mut Vec<PathClash>) {
    for other in others {
        if let Some(path) = claim.meets(other) {
            let clash = PathClash { key: claim.key.clone(), with: other.key.clone(), path: path.to_owned() };
            // The endpoint over Socket.IO stands where that over WebSocket does; the console and the bus are at many paths.
            if !found.iter().any(|known: &PathClash| known.key == clash.key && known.with == clash.with) {
                found.push(clash);
            }
        }
    }
}

fn of_console(config: &Config) -> Vec<PathClaim> {
    let paths = crate::console::paths().filter(|_| super::console::is_on(config));
    paths.map(|path| PathClaim::of("console.enabled", path)).collect()
}

fn of_backstage(config: &Config) -> Vec<PathClaim> {
    let backstage = &config.backstage;
    let signals = backstage.signals.then(|| PathClaim::of("backstage.signals_path", &backstage.signals_path));
    let events = backstage.events.then(|| {
        let key = "backstage.events_path";
        [PathClaim::of(key, &backstage.events_path), PathClaim::below(key, backstage.socketio_path())]
    });
    let bus = backstage.bus.then(|| {
        let key = "backstage.bus_path";
        [PathClaim::of(key, &backstage.bus_path), PathClaim::below(key, format!("{}/", backstage.bus_path))]
    });
    signals.into_iter().chain(events.into_iter().flatten()).chain(bus.into_iter().flatten()).collect()
}

fn of_others(config: &Config) -> Vec<PathClaim> {
    let server = &config.server;
    let mut claims = vec![PathClaim::of("server.connection_prefix", format!("{}/websocket", server.connection_prefix))];
    let of_api = crate::api::paths(&server.api_prefix);
    claims.extend(of_api.into_iter().map(|path| PathClaim::of(API, path)));
    for (index, endpoint) in config.socketio.iter().enumerate() {
        claims.push(PathClaim::below(format!("socketio[{index}].path"), &endpoint.path));
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::engineio::EngineConfig;

    fn config(signals: &str, events: &str) -> Config {
        let mut config = Config::default();
        config.backstage.signals = true;
        config.backstage.events = true;
        config.backstage.signals_path = signals.into();
        config.backstage.events_path = events.into();
        config
    }

    fn found(config: &Config) -> Vec<(String, String, String)> {
        clashes(config).into_iter().map(|clash| (clash.key, clash.with, clash.path)).collect()
    }

    #[test]
    fn the_defaults_clash_with_nothing() {
        assert_eq!(found(&config("/api/signals", "/events")), []);
    }

    #[test]
    fn a_path_that_two_claim_names_both() {
        let clash = |key: &str, with: &str, path: &str| (key.to_owned(), with.to_owned(), path.to_owned());
        let (signals, events) = ("backstage.signals_path", "backstage.events_path");
        assert_eq!(found(&config("/events", "/events")), [clash(events, signals, "/events")]);
        assert_eq!(found(&config("/events/a", "/events")), [clash(events, signals, "/events/a")]);
        let mut bus = config("/api/signals", "/events");
        (bus.backstage.bus, bus.backstage.bus_path) = (true, "/api/bus".into());
        assert_eq!(found(&bus), []);
        bus.backstage.bus_path = "/events/bus".into();
        assert_eq!(found(&bus), [clash("backstage.bus_path", events, "/events/bus")]);
        (bus.backstage.bus_path, bus.backstage.signals_path) = ("/api".into(), "/api/signals/v1".into());
        let taken = [("server.api_prefix", "/api/batch"), (signals, "/api/signals/v1")];
        let found_keys: Vec<_> = found(&bus).into_iter().map(|(key, with, _)| (key, with)).collect();
        assert_eq!(found_keys, taken.map(|(with, _)| ("backstage.bus_path".to_owned(), with.to_owned())));
        assert_eq!(found(&config("/api/publish", "/e")), [clash(signals, "server.api_prefix", "/api/publish")]);
        assert_eq!(found(&config("/metrics", "/e")), [clash(signals, "server.api_prefix", "/metrics")]);
        let own = config("/connection/websocket", "/e");
        assert_eq!(found(&own), [clash(signals, "server.connection_prefix", "/connection/websocket")]);
        let mut engine = config("/io/x", "/io");
        engine.socketio = vec![EngineConfig { path: "/io/".into(), ..EngineConfig::default() }];
        assert_eq!(found(&engine).len(), 3, "{:?}", found(&engine));
        let mut internal = config("/api/publish", "/e");
        internal.server.internal_port = Some(9000);
        assert_eq!(found(&internal), [], "the API is elsewhere");
    }

    #[test]
    fn the_console_goes_with_the_api_and_clashes_with_what_is_beside_it() {
        let mut own = config("/api/signals", "/console/app.js");
        assert_eq!(found(&own), [], "off without a key");
        own.console.enabled = Some(true);
        let clash = |with: &str, path: &str| ("console.enabled".to_owned(), with.to_owned(), path.to_owned());
        assert_eq!(found(&own), [clash("backstage.events_path", "/console/app.js")]);
        own.server.internal_port = Some(9000);
        assert_eq!(found(&own), [], "the console is elsewhere");
        own.backstage.events_path = "/events".into();
        own.server.api_prefix = "/console/app.js".into();
        assert_eq!(found(&own), [clash("server.api_prefix", "/console/app.js")]);
    }
}

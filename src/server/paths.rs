//! Which paths a config claims, and for what.
use super::Config;

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
    /// The key of `[backstage]`.
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

/// Where a path of `[backstage]` is another key's, too. Those of services are not known here.
pub fn clashes(config: &Config) -> Vec<PathClash> {
    let (own, others) = (of_backstage(config), of_others(config));
    let mut found = vec![];
    for (at, claim) in own.iter().enumerate() {
        for other in others.iter().chain(own[..at].iter().filter(|other| other.key != claim.key)) {
            if let Some(path) = claim.meets(other) {
                let clash = PathClash { key: claim.key.clone(), with: other.key.clone(), path: path.to_owned() };
                // The endpoint over Socket.IO stands where that over WebSocket does.
                if !found.iter().any(|known: &PathClash| known.key == clash.key && known.with == clash.with) {
                    found.push(clash);
                }
            }
        }
    }
    found
}

fn of_backstage(config: &Config) -> Vec<PathClaim> {
    let backstage = &config.backstage;
    let signals = backstage.signals.then(|| PathClaim::of("backstage.signals_path", &backstage.signals_path));
    let events = backstage.events.then(|| {
        let key = "backstage.events_path";
        [PathClaim::of(key, &backstage.events_path), PathClaim::below(key, backstage.socketio_path())]
    });
    signals.into_iter().chain(events.into_iter().flatten()).collect()
}

fn of_others(config: &Config) -> Vec<PathClaim> {
    let server = &config.server;
    let mut claims = vec![PathClaim::of("server.connection_prefix", format!("{}/websocket", server.connection_prefix))];
    if server.internal_port.is_none() {
        let of_api = crate::api::paths(&server.api_prefix);
        claims.extend(of_api.into_iter().map(|path| PathClaim::of("server.api_prefix", path)));
    }
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
}

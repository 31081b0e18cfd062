//! The longest time that a config may set.
use super::sense::Found;
use crate::server::Config;
use std::time::Duration;

/// A hundred years: what is longer is a mistake, and could not be added to a date.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Found {
    pub(super) fn of_long_times(&mut self, config: &Config) {
        for (key, time) in times(config) {
            self.add(time > LONGEST, key, "must be at most 36500 days");
        }
    }
}

/// Every time of a config.
fn times(config: &Config) -> Vec<(String, Duration)> {
    let (server, auth, redis) = (&config.server, &config.auth, &config.redis);
    let backstage = &config.backstage.auth;
    let mut all: Vec<(String, Duration)> = [
        ("server.shutdown_timeout", server.shutdown_timeout),
        ("server.ping_interval", server.ping_interval),
        ("server.pong_timeout", server.pong_timeout),
        ("server.stale_timeout", server.stale_timeout),
        ("auth.jwks_refresh", auth.jwks_refresh),
        ("auth.leeway", auth.leeway),
        ("auth.revocation_ttl", auth.revocation_ttl),
        ("authentication.expires_in", config.authentication.expires_in),
        ("backstage.auth.jwks_refresh", backstage.jwks_refresh),
        ("backstage.auth.leeway", backstage.leeway),
        ("backstage.auth.revocation_ttl", backstage.revocation_ttl),
        ("backstage.bus_idle", config.backstage.bus_idle),
        ("strapi.refresh", config.strapi.refresh),
        ("redis.timeout", redis.timeout),
        ("redis.presence_ttl", redis.presence_ttl),
        ("limits.view_timeout", config.limits.view_timeout),
        ("limits.handler_timeout", config.limits.handler_timeout),
    ]
    .map(|(key, time)| (key.to_owned(), time))
    .into();
    for (index, namespace) in config.namespaces.iter().enumerate() {
        all.push((format!("namespace[{index}].history_ttl"), namespace.history_ttl));
        all.push((format!("namespace[{index}].history_meta_ttl"), namespace.history_meta_ttl));
    }
    for (index, endpoint) in config.socketio.iter().enumerate() {
        let times = [
            ("ping_interval", endpoint.ping_interval),
            ("ping_timeout", endpoint.ping_timeout),
            ("upgrade_timeout", endpoint.upgrade_timeout),
            ("connect_timeout", endpoint.connect_timeout),
            ("recovery", endpoint.recovery),
        ];
        all.extend(times.map(|(key, time)| (format!("socketio[{index}].{key}"), time)));
    }
    all
}

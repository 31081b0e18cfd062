//! Settings of the section `[backstage]` that make no sense.
use super::sense::Found;
use crate::server::{BackstageConfig, Config, PathClash, path_clashes};
use std::time::Duration;

impl Found {
    pub(super) fn of_backstage(&mut self, config: &Config) {
        let backstage = &config.backstage;
        let paths = [
            ("signals_path", &backstage.signals_path),
            ("events_path", &backstage.events_path),
            ("bus_path", &backstage.bus_path),
        ];
        for (key, path) in paths {
            let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#%".contains(c);
            let wrong = path.len() < 2 || !path.starts_with('/') || path.ends_with('/') || path.contains(odd);
            let message = "a path is wanted that begins with `/` and does not end with it, such as `/events`";
            self.add(wrong, format!("backstage.{key}"), message);
        }
        for PathClash { key, with, path } in path_clashes(config) {
            let message = format!("`{with}` answers at {path}, too; take another path for one of them");
            self.add_pair(true, key, with, message);
        }
        self.of_keeping(backstage);
        self.of_bus(backstage);
        self.of_admission(backstage);
    }

    fn of_keeping(&mut self, backstage: &BackstageConfig) {
        let (keep, count) = (backstage.keep, backstage.keep_count);
        let odd = !keep.is_zero() && !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&keep);
        self.add(odd, "backstage.keep", "must be at least 1s and at most 1h, or 0s for off");
        let message = "must be at least 1 and at most 1000; to keep no events set `backstage.keep` to 0s";
        self.add(!(1..=1_000).contains(&count), "backstage.keep_count", message);
        let idle = !keep.is_zero() && !odd && !backstage.signals && !backstage.events;
        self.add(idle, "backstage.keep", "keeps nothing without `backstage.signals` or `backstage.events`");
    }

    fn of_bus(&mut self, backstage: &BackstageConfig) {
        let counts = [
            ("bus_events", backstage.bus_events),
            ("bus_bytes", backstage.bus_bytes),
            ("bus_body", backstage.bus_body),
            ("bus_subscriptions", backstage.bus_subscriptions),
            ("bus_polls", backstage.bus_polls),
        ];
        for (key, count) in counts {
            self.add(count == 0, format!("backstage.{key}"), "must be more than 0: no limit is off");
        }
        let message = "must not be larger than `backstage.bus_bytes`, or the largest events would not be kept";
        let large = backstage.bus_body > backstage.bus_bytes && backstage.bus_bytes > 0;
        self.add_pair(large, "backstage.bus_body", "backstage.bus_bytes", message);
        let timeout = backstage.bus_timeout;
        let odd = !(Duration::from_secs(1)..=Duration::from_secs(600)).contains(&timeout);
        self.add(odd, "backstage.bus_timeout", "must be at least 1s and at most 10m");
        let short = backstage.bus_idle < timeout * 2 && !odd;
        let message = "must be at least twice `backstage.bus_timeout`, or subscriptions would end that are polled";
        self.add_pair(short, "backstage.bus_idle", "backstage.bus_timeout", message);
    }

    /// Somebody must be able to come in.
    fn of_admission(&mut self, backstage: &BackstageConfig) {
        let auth = &backstage.auth;
        let has_users = auth.user_jwks_url.is_some() || !auth.user_public_key.is_empty();
        let has_services = auth.service_jwks_url.is_some()
            || !auth.service_public_key.is_empty()
            // An empty one is none.
            || auth.legacy_secret.iter().any(|secret| !secret.expose().is_empty())
            || !auth.legacy_secret_file.is_empty();
        let alone = backstage.is_on() && !backstage.guests && !has_users && !has_services;
        let message = "nobody could connect: set `user_jwks_url`, `service_jwks_url` or another key here, or \
                       `backstage.guests = true` on loopback";
        self.add(alone, "backstage.auth", message);
        let mute = backstage.events && !has_services && !alone;
        let message =
            "nobody could publish: set `service_jwks_url` and `plugins`, or `legacy_secret`, in [backstage.auth]";
        self.add(mute, "backstage.events", message);
        let message =
            "nobody could use it: set `service_jwks_url` and `plugins`, or `legacy_secret`, in [backstage.auth]";
        self.add(backstage.bus && !has_services && !alone, "backstage.bus", message);
    }
}

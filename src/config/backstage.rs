//! What makes no sense in the section `[backstage]`.
use super::sense::Found;
use crate::server::{BackstageConfig, Config, PathClash, path_clashes};

impl Found {
    pub(super) fn of_backstage(&mut self, config: &Config) {
        let backstage = &config.backstage;
        for (key, path) in [("signals_path", &backstage.signals_path), ("events_path", &backstage.events_path)] {
            let odd = |c: char| c.is_whitespace() || c.is_control() || "{}?#%".contains(c);
            let wrong = path.len() < 2 || !path.starts_with('/') || path.ends_with('/') || path.contains(odd);
            let message = "a path is wanted that begins with `/` and does not end with it, such as `/events`";
            self.add(wrong, format!("backstage.{key}"), message);
        }
        for PathClash { key, with, path } in path_clashes(config) {
            let message = format!("`{with}` answers at {path}, too; take another path for one of them");
            self.add_pair(true, key, with, message);
        }
        self.of_admission(backstage);
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
    }
}

//! The section `[authentication]`.
use super::sense::Found;
use crate::server::Config;
use crate::service::Strategy;
use std::time::Duration;

impl Found {
    pub(super) fn of_authentication(&mut self, config: &Config) {
        let authentication = &config.authentication;
        let at = |key: &str| format!("authentication.{key}");
        for (key, name) in [("username", &authentication.username), ("password", &authentication.password)] {
            let is_wrong = name.is_empty() || name.starts_with('$') || name.contains('.');
            self.add(is_wrong, at(key), "the name of a field is wanted, without dots, such as \"email\"");
        }
        let is_one = authentication.username == authentication.password;
        self.add_pair(is_one, at("password"), at("username"), "is the same field as `authentication.username`");
        self.add(authentication.strategies.is_empty(), at("strategies"), "needs one at least: \"local\" or \"jwt\"");
        let is_short = authentication.expires_in < Duration::from_secs(1);
        self.add(is_short, at("expires_in"), "must be at least 1s");
        let counts = [
            ("attempts_by_address", authentication.attempts_by_address as usize),
            ("attempts_by_account", authentication.attempts_by_account as usize),
            ("hash_queue", authentication.hash_queue),
        ];
        for (key, count) in counts {
            self.add(count == 0, at(key), "must be more than 0: no limit is off");
        }
        if authentication.service.is_none() {
            return;
        }
        let path = authentication.service.as_deref().unwrap_or_default();
        let is_plain = !path.trim_matches('/').is_empty() && !path.contains(':');
        self.add(!is_plain, at("service"), "the path of a service is wanted, without placeholders, such as \"users\"");
        let is_closed = authentication.strategies.contains(&Strategy::Local) && !config.auth.anonymous;
        let message = "`local` is for clients that have no token yet, and needs `auth.anonymous = true`";
        self.add_pair(is_closed, at("strategies"), "auth.anonymous", message);
        let without = config.auth.hmac_secret.is_empty() && config.auth.hmac_secret_file.is_empty();
        let is_unsigned = without && authentication.secret_file.is_none();
        let message = "needs `authentication.secret_file` or `auth.hmac_secret`, which signs the tokens of logins";
        self.add_pair(is_unsigned, at("service"), at("secret_file"), message);
    }
}

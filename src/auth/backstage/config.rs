//! The section `[backstage.auth]` of the config.
use super::super::config::in_days;
use super::super::{OneOrMany, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The section `[backstage.auth]`: whose tokens are accepted on Backstage's wires. The default is closed: no key, so no token is valid.
///
/// Files are read when an [`Authenticator`](crate::auth::Authenticator) is made of it, so a reload reads them again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address of the key set that users' tokens are signed with: Backstage's auth plugin has it at
    /// `/api/auth/.well-known/jwks.json`.
    pub user_jwks_url: Option<String>,
    /// The address of the key set that a plugin's tokens are signed with, where `{plugin}` stands for its id: a backend has it at
    /// `/api/{plugin}/.backstage/auth/v1/jwks.json`. `{plugin}` is filled from `plugins` alone; it must be there unless those are one.
    pub service_jwks_url: Option<String>,
    /// The ids of the plugins whose tokens are accepted: letters, digits, `_` and `-`.
    pub plugins: Vec<String>,
    /// Secrets for the tokens of Backstage's older backends (HS256, subject `backstage-server`), in base64 as they stand in
    /// `backend.auth.keys`; several while one replaces another. Empty: none.
    pub legacy_secret: OneOrMany<Secret>,
    /// Files that hold one such secret each; white space around it is dropped.
    pub legacy_secret_file: OneOrMany<PathBuf>,
    /// For development: public keys for users' tokens beside those of the key set, ECDSA, RSA or Ed25519; PEM text, or the path of a
    /// PEM file.
    pub user_public_key: OneOrMany<String>,
    /// For development: public keys for plugins' tokens. They are good for every one of `plugins`, so a holder of one can speak as each.
    pub service_public_key: OneOrMany<String>,
    /// Users' tokens must name one of these in `iss`; none: `iss` is not looked at. Limited tokens name no issuer and are refused then.
    pub issuer: OneOrMany<String>,
    /// Plugins' tokens must name one of these in `aud`, where Backstage puts the id of the plugin that they are for; none: a token that
    /// was made for any other plugin is accepted.
    pub audience: OneOrMany<String>,
    /// By how much the clocks of Backstage and broker may differ: `exp` counts that much later, `nbf` that much earlier; at most 10 min.
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
    /// For how long what has been revoked is refused; a token that lives longer is accepted again after that. Default: 90 days.
    #[serde(deserialize_with = "humantime_serde::deserialize", serialize_with = "in_days")]
    pub revocation_ttl: Duration,
    /// How long a fetched key set is used before it is fetched again; at least 10 s. A token that names an unknown key has it fetched
    /// sooner.
    #[serde(with = "humantime_serde")]
    pub jwks_refresh: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let own = crate::auth::Config::default();
        Config {
            user_jwks_url: None,
            service_jwks_url: None,
            plugins: vec![],
            legacy_secret: OneOrMany::default(),
            legacy_secret_file: OneOrMany::default(),
            user_public_key: OneOrMany::default(),
            service_public_key: OneOrMany::default(),
            issuer: OneOrMany::default(),
            audience: OneOrMany::default(),
            leeway: own.leeway,
            revocation_ttl: own.revocation_ttl,
            jwks_refresh: own.jwks_refresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_nowhere_and_its_placeholder_is_none() {
        let config: Config = toml::from_str("legacy_secret = ['dG9wc2VjcmV0', 'b2xkZXI=']").unwrap();
        let printed = toml::to_string(&config).unwrap();
        let shown = format!("{config:?}{printed}");
        assert!(
            !shown.contains("dG9wc2VjcmV0") && !shown.contains("b2xkZXI") && shown.contains("[redacted]"),
            "{shown}"
        );
        assert!(toml::from_str::<Config>(&printed).is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_and_durations_have_units() {
        assert!(toml::from_str::<Config>("plugin = 'catalog'").is_err());
        let config: Config = toml::from_str("leeway = '30s'\njwks_refresh = '2h'").unwrap();
        assert_eq!((config.leeway.as_secs(), config.jwks_refresh.as_secs()), (30, 7200));
        assert!(toml::to_string(&config).unwrap().contains("revocation_ttl = \"90days\""));
    }
}

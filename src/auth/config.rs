//! The `[auth]` and `[api]` sections of the config.
use super::{OneOrMany, Secret};
use serde::{Deserialize, Serialize, Serializer};
use std::path::PathBuf;
use std::time::Duration;

/// The `[auth]` section: who may connect. The default is closed: no key, nobody anonymous, no foreign origin.
///
/// Files are read when an [`super::Authenticator`] is made of it, so a reload reads them again.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name that identities are told apart by where several `[auth]` blocks exist: revocation is by realm and user.
    pub realm: String,
    /// Admit connections without a token, as user `""`.
    pub anonymous: bool,
    /// Secrets for HS256, HS384 and HS512; several while one replaces another. The first signs `callboard token`.
    pub hmac_secret: OneOrMany<Secret>,
    /// Files that hold one such secret each; white space around it is dropped.
    pub hmac_secret_file: OneOrMany<PathBuf>,
    /// Public keys for RS256, RS384 and RS512, of at least 2048 bits: PEM text, or the path of a PEM file.
    pub rsa_public_key: OneOrMany<String>,
    /// Public keys for ES256 (P-256) and ES384 (P-384): PEM text, or the path of a PEM file.
    pub ecdsa_public_key: OneOrMany<String>,
    /// Public keys for EdDSA (Ed25519): PEM text, or the path of a PEM file.
    pub eddsa_public_key: OneOrMany<String>,
    /// The address of a JSON Web Key Set (RFC 7517) with public keys, `https://…` or `http://…`. Redirects are not
    /// followed. Keys of the symmetric kind in it are ignored.
    pub jwks_url: Option<String>,
    /// How long a fetched key set is used before it is fetched again; at least 10 s. A token that names an unknown key
    /// has it fetched sooner.
    #[serde(with = "humantime_serde")]
    pub jwks_refresh: Duration,
    /// Tokens must name one of these in `aud`; none: `aud` is not looked at.
    pub audience: OneOrMany<String>,
    /// Tokens must name one of these in `iss`; none: `iss` is not looked at.
    pub issuer: OneOrMany<String>,
    /// By how much the clocks of issuer and broker may differ: `exp` counts that much later, `nbf` that much earlier; at
    /// most 10 min. 0, as in Centrifugo, where nothing else is said.
    #[serde(with = "humantime_serde")]
    pub leeway: Duration,
    /// For how long what has been revoked is refused; a token that lives longer is accepted again after that. Default: 90 days.
    #[serde(deserialize_with = "humantime_serde::deserialize", serialize_with = "in_days")]
    pub revocation_ttl: Duration,
    /// Origins that may connect beside the broker's own host: `https://example.com`, `https://*.example.com`, `*`.
    pub origins: Vec<String>,
    /// Subscribe each user to a channel of its own, `#USER`.
    pub personal_channel: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            realm: String::new(),
            anonymous: false,
            hmac_secret: OneOrMany::default(),
            hmac_secret_file: OneOrMany::default(),
            rsa_public_key: OneOrMany::default(),
            ecdsa_public_key: OneOrMany::default(),
            eddsa_public_key: OneOrMany::default(),
            jwks_url: None,
            jwks_refresh: Duration::from_secs(3600),
            audience: OneOrMany::default(),
            issuer: OneOrMany::default(),
            leeway: Duration::ZERO,
            revocation_ttl: Duration::from_secs(90 * 24 * 3600),
            origins: Vec::new(),
            personal_channel: false,
        }
    }
}

/// Whole days as days: written otherwise, 90 of them are 2 months and some odd hours.
pub(super) fn in_days<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    const DAY: u64 = 24 * 3600;
    match time.as_secs() / DAY {
        days if days > 1 && *time == Duration::from_secs(days * DAY) => {
            serializer.collect_str(&format_args!("{days}days"))
        }
        _ => humantime_serde::serialize(time, serializer),
    }
}

/// The `[api]` section: who may use the HTTP API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiConfig {
    /// Keys that are admitted; several while one replaces another.
    pub key: OneOrMany<Secret>,
    /// Files that hold one such key each; white space around it is dropped.
    pub key_file: OneOrMany<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_nowhere() {
        let config: Config = toml::from_str("hmac_secret = ['topsecret', 'older']").unwrap();
        let api: ApiConfig = toml::from_str("key = 'topsecret'").unwrap();
        let shown = format!("{config:?}{api:?}{}{}", toml::to_string(&config).unwrap(), toml::to_string(&api).unwrap());
        assert!(!shown.contains("topsecret") && !shown.contains("older"), "{shown}");
        assert!(shown.contains("[redacted]"));
    }

    #[test]
    fn a_printed_config_does_not_load_with_its_placeholder_as_the_secret() {
        let config: Config = toml::from_str("hmac_secret = 'topsecret'").unwrap();
        assert!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).is_err());
    }

    #[test]
    fn a_number_where_a_secret_belongs_is_refused_without_showing_it() {
        let error = toml::from_str::<Config>("hmac_secret = 20304050").unwrap_err();
        assert!(!error.message().contains("20304050"), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(toml::from_str::<Config>("hmac_secrets = 'a'").is_err());
        assert!(toml::from_str::<ApiConfig>("keys = 'a'").is_err());
    }

    #[test]
    fn durations_are_written_with_units_and_the_default_is_closed() {
        let written = toml::to_string(&Config { leeway: Duration::from_secs(90), ..Config::default() }).unwrap();
        assert!(
            written.contains("leeway = \"1m 30s\"") && written.contains("revocation_ttl = \"90days\""),
            "{written}"
        );
        let config: Config = toml::from_str("leeway = '30s'\njwks_refresh = '2h'\nrevocation_ttl = '36h'").unwrap();
        assert!(toml::to_string(&config).unwrap().contains("revocation_ttl = \"1day 12h\""));
        assert_eq!((config.leeway.as_secs(), config.jwks_refresh.as_secs()), (30, 7200));
        assert!(!Config::default().anonymous && Config::default().origins.is_empty());
    }
}

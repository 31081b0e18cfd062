//! Whether the keys, files and origins of `[auth]` and `[api]` can be used; reads the files they name.
use crate::auth::{self, ApiKeys, Authenticator, Origins};
use crate::server::{Config, UnusableTls, check_tls};
use awc::http::Uri;
use std::time::Duration;

/// The shortest time between two fetches of a key set.
const LEAST_REFRESH: Duration = Duration::from_secs(10);

/// What cannot be used: key, reason.
pub(super) fn find(config: &Config) -> Vec<(&'static str, String)> {
    // Without its address, or the check would fetch the key set.
    let offline = auth::Config { jwks_url: None, ..config.auth.clone() };
    let tried = [
        Authenticator::new(&offline).map(drop),
        Origins::new(&config.auth.origins).map(drop),
        ApiKeys::new(&config.api).map(drop),
        config.backstage.auth.check(),
        config.authentication.tokens(&offline).map(drop),
        config.strapi.keys().map(drop),
    ];
    let mut found: Vec<_> = tried.into_iter().filter_map(Result::err).map(explain).collect();
    if let Some(url) = &config.auth.jwks_url {
        if !is_address(url) {
            found.push(("auth.jwks_url", "an address is wanted, such as https://id.example.com/keys.json".into()));
        }
        if config.auth.jwks_refresh < LEAST_REFRESH {
            found.push(("auth.jwks_refresh", "must be at least 10s".into()));
        }
    }
    found.extend(super::strapi::keyless(&config.strapi));
    found.extend(check_tls(&config.server).err().map(|UnusableTls { key, reason }| (key, reason)));
    found
}

fn is_address(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
}

fn explain(error: auth::Error) -> (&'static str, String) {
    match error {
        auth::Error::File { key, path, source } => (key, format!("cannot read {}: {source}", path.display())),
        auth::Error::Value { key, reason } => (key, reason),
        other => ("auth", other.to_string()),
    }
}

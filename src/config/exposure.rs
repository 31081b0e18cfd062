//! Whether a config is safe for where it listens (decision 15).
use super::problem::{Place, Problem, Problems};
use crate::auth;
use crate::server::Config;
use std::net::IpAddr;

/// Whether an address is reached from this machine only.
fn is_loopback(host: IpAddr) -> bool {
    host.to_canonical().is_loopback()
}

/// The address that serves the API: the internal one where there is one.
fn api_host(config: &Config) -> (&'static str, IpAddr) {
    match config.server.internal_host {
        Some(host) => ("server.internal_host", host),
        None => ("server.host", config.server.host),
    }
}

/// Refuses a config that would open a broker to the world by accident: beyond loopback the API needs a key, and anonymous
/// clients are let in only if the user's own config says so. `anonymous` is where `auth.anonymous` was set:
/// [`Place::Unset`] where the user did not. `server.allow_insecure = true` waives both.
pub fn check_exposure(config: &Config, anonymous: &Place) -> Result<(), Problems> {
    if config.server.allow_insecure {
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut problem = |place: &Place, key: &str, message: String| {
        problems.push(Problem { place: place.clone(), key: key.to_owned(), message });
    };
    let (host_key, host) = api_host(config);
    if !is_loopback(host) && config.api.key.is_empty() && config.api.key_file.is_empty() {
        let message = format!(
            "must be set, because `{host_key} = {host}` opens the HTTP API to others; `callboard init --print` shows a \
             fresh one (CALLBOARD_API__KEY works too)"
        );
        problem(&Place::Unset, "api.key", message);
    }
    if !is_loopback(config.server.host) && config.auth.anonymous && *anonymous == Place::Unset {
        let message = format!(
            "must be set by your own config, to true or false, because `server.host = {}` lets others connect",
            config.server.host
        );
        problem(anonymous, "auth.anonymous", message);
    }
    if !is_loopback(config.server.host) && config.backstage.is_on() && config.backstage.guests {
        let message = format!(
            "must be false, because `server.host = {}` lets others connect, who would all be `user:default/guest`",
            config.server.host
        );
        problem(&Place::Unset, "backstage.guests", message);
    }
    Problems::none_in(problems)
}

/// What is said of keys.
type Said = Vec<(&'static str, String)>;

/// Secrets that can be guessed: those that others than this machine can try, which are errors, and those that none can, or that
/// `server.allow_insecure` waives.
pub(super) fn guessable(config: &Config) -> (Said, Said) {
    let tried = |host: IpAddr| !is_loopback(host) && !config.server.allow_insecure;
    let secrets = auth::guessable_secrets(&config.auth).into_iter().map(|found| (config.server.host, found));
    let of_logins = config.authentication.secret_file.as_deref().and_then(auth::guessable_access);
    let secrets = secrets.chain(of_logins.map(|found| (config.server.host, found)));
    let keys = auth::guessable_keys(&config.api).into_iter().map(|found| (api_host(config).1, found));
    let (errors, warnings): (Vec<_>, Vec<_>) = secrets.chain(keys).partition(|(host, _)| tried(*host));
    let said = |found: Vec<(IpAddr, auth::Guessable)>| found.into_iter().map(|(_, g)| (g.key, g.reason)).collect();
    (said(errors), said(warnings))
}

/// Why the config that comes with the binary must not be used: key, reason. It is open, and so is for this machine only.
pub(super) fn check_embedded(config: &Config) -> Vec<(&'static str, String)> {
    let hosts = [("server.host", Some(config.server.host)), ("server.internal_host", config.server.internal_host)];
    let beyond = hosts.into_iter().filter(|(_, host)| host.is_some_and(|host| !is_loopback(host)));
    let message = "reaches beyond this machine, and the config that comes with callboard is open, so it serves loopback \
                   only; write a config of your own and name it with --config FILE";
    beyond.map(|(key, _)| (key, message.to_owned())).collect()
}

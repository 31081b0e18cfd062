//! The settings that can change while the broker runs.
use super::Error;
use super::config::{Config, ServerConfig};
use crate::auth::{self, ApiKeys, Authenticator, Authenticators, Origins, OwnNames, TrustedProxies};
use crate::broker::{Expose, Namespace, Namespaces, Settings};
use crate::protocol::backstage::AUTHENTICATOR;
use std::net::IpAddr;

/// What the section `[auth]` would say to the wires that name this authenticator.
pub(super) type NamedAuth = (String, auth::Config);

/// Where a program of its own listens.
#[derive(Clone, Copy)]
pub(super) struct Address {
    /// For clients.
    pub clients: IpAddr,
    /// For the HTTP API.
    pub api: IpAddr,
}

impl Address {
    /// Where this config says to listen: the API on the internal address where there is one.
    pub fn of(server: &ServerConfig) -> Self {
        Address { clients: server.host, api: server.internal_host.unwrap_or(server.host) }
    }
}

/// The settings of a config. `address` is where the program listens and `insecure` whether that may be open, neither of
/// which a new config changes.
pub(super) fn settings(
    config: &Config,
    named: &[NamedAuth],
    address: Option<Address>,
    insecure: bool,
) -> Result<Settings, Error> {
    let api_keys = ApiKeys::new(&config.api)?;
    check_secrets(config, address, insecure)?;
    let (clients, api) = (address.map(|address| address.clients), address.map(|address| address.api));
    if api_keys.is_keyless() && !insecure && !api.is_some_and(is_loopback) {
        return Err(Error::Keyless);
    }
    Ok(Settings {
        authenticators: authenticators(config, named, address, insecure)?,
        origins: Origins::new(&config.auth.origins)?,
        names_for_clients: own_names(clients, config.auth.anonymous || config.backstage.has_guests()),
        names_for_api: own_names(api, api_keys.is_keyless()),
        proxies: TrustedProxies::new(&config.server.trusted_proxies)?,
        api_keys,
        personal_channel: config.auth.personal_channel,
        namespaces: namespaces(config),
    })
}

/// Fails where others can try secrets that can be guessed. What listens where is not known of somebody's app, so it counts as
/// reachable; there the log tells what is admitted all the same.
fn check_secrets(config: &Config, address: Option<Address>, insecure: bool) -> Result<(), Error> {
    let is_open = |host: Option<IpAddr>| !host.is_some_and(is_loopback);
    let clients = is_open(address.map(|address| address.clients));
    let api = is_open(address.map(|address| address.api));
    let secrets = auth::guessable_secrets(&config.auth).into_iter().filter(|_| clients);
    let keys = auth::guessable_keys(&config.api).into_iter().filter(|_| api);
    for auth::Guessable { key, reason } in secrets.chain(keys) {
        if !insecure {
            return Err(Error::Guessable(format!("{key} {reason}")));
        }
        if address.is_none() {
            log::warn!("{key} {reason}");
        }
    }
    Ok(())
}

fn authenticators(
    config: &Config,
    named: &[NamedAuth],
    address: Option<Address>,
    insecure: bool,
) -> Result<Authenticators, Error> {
    let access = config.authentication.tokens(&config.auth)?;
    let own = Authenticator::new(&config.authentication.joined_to(&config.auth)?)?;
    let mut all = Authenticators::new(own).with_access(access);
    if config.backstage.is_on() {
        all = all.with(AUTHENTICATOR, config.backstage.authenticator(address, insecure)?);
    }
    for (name, own) in named {
        // Who has no token is let in by all of them or by none.
        let own = auth::Config { anonymous: config.auth.anonymous, ..own.clone() };
        all = all.with(name, Authenticator::new(&own)?);
    }
    Ok(all)
}

/// The policy of the channels of Socket.IO namespaces: their events are kept where any endpoint lets clients come back.
fn namespaces(config: &Config) -> Namespaces {
    let namespaces = Namespaces::new(config.namespaces.iter().cloned()).with_homes(homes(config));
    config.backstage.policies(namespaces).exposing(config.expose.iter().filter_map(Expose::opened))
}

fn homes(config: &Config) -> Namespace {
    let kept = config.socketio.iter().filter(|endpoint| !endpoint.recovery.is_zero());
    Namespace {
        history_size: kept.clone().map(|endpoint| endpoint.recovery_events).max().unwrap_or(0),
        history_ttl: kept.map(|endpoint| endpoint.recovery).max().unwrap_or_default(),
        ..Namespace::default()
    }
}

/// On loopback, what is open is open to this machine: pages count as its own under its names alone.
fn own_names(host: Option<IpAddr>, is_open: bool) -> OwnNames {
    match host {
        Some(host) if is_open && is_loopback(host) => OwnNames::Loopback,
        _ => OwnNames::All,
    }
}

pub(super) fn is_loopback(host: IpAddr) -> bool {
    host.to_canonical().is_loopback()
}

//! The section `[backstage]` of the config: which of the wires of Backstage are served, where, and to whom.
use super::Error;
use super::engines::Mounted;
use super::settings::{Address, is_loopback};
use crate::auth::Authenticator;
use crate::auth::backstage::{self, BackstageOptions};
use crate::broker::{Namespace, Namespaces, Node, Rule};
use crate::protocol::Wire;
use crate::protocol::backstage::events::{Events, EventsDialect};
use crate::protocol::backstage::signals::Signals;
use crate::transport::engineio::EngineConfig;
use crate::transport::socketio::SocketIoLayer;
use crate::types::Space;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// For how long the position of a channel is remembered that nobody publishes to or subscribes to. It is no client's: it need only outlive
/// the kept events.
const KEPT_POSITIONS: Duration = Duration::from_secs(24 * 3600);

/// The config section `[backstage]`. The default serves nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BackstageConfig {
    /// Serve the signals wire, which `@backstage/plugin-signals` speaks.
    pub signals: bool,
    /// Where it is.
    pub signals_path: String,
    /// Serve the events wire: plugin events over WebSocket, and over Socket.IO at the same path with a slash behind it.
    pub events: bool,
    /// Where it is.
    pub events_path: String,
    /// Serve the events bus, which `@backstage/plugin-events-node` speaks over HTTP.
    pub bus: bool,
    /// What its paths begin with.
    pub bus_path: String,
    /// Events that it keeps; the oldest go.
    pub bus_events: usize,
    /// Bytes of events that it keeps; the oldest go.
    pub bus_bytes: usize,
    /// Bytes of a request's body; a larger one is refused.
    pub bus_body: usize,
    /// Subscriptions; one more is refused.
    pub bus_subscriptions: usize,
    /// How long a subscription stays that nobody polls.
    #[serde(with = "humantime_serde")]
    pub bus_idle: Duration,
    /// Polls that wait for events; one more is refused.
    pub bus_polls: usize,
    /// How long a poll waits for events.
    #[serde(with = "humantime_serde")]
    pub bus_timeout: Duration,
    /// For how long events are kept that ask for it, for users who subscribe later; none for not at all.
    #[serde(with = "humantime_serde")]
    pub keep: Duration,
    /// How many events of a channel are kept so; the oldest go.
    pub keep_count: usize,
    /// Let clients without a token in as `user:default/guest`. On loopback only.
    pub guests: bool,
    /// Events for entities go to the backends that listen, too.
    pub targeted_to_backends: bool,
    /// Whose tokens are accepted.
    pub auth: backstage::Config,
}

impl Default for BackstageConfig {
    fn default() -> Self {
        BackstageConfig {
            signals: false,
            signals_path: "/api/signals".into(),
            events: false,
            events_path: "/events".into(),
            bus: false,
            bus_path: "/api/events/bus/v1".into(),
            bus_events: 1_000,
            bus_bytes: 64 * 1024 * 1024,
            bus_body: 5 * 1024 * 1024,
            bus_subscriptions: 1_000,
            bus_idle: Duration::from_secs(24 * 3600),
            bus_polls: 10_000,
            bus_timeout: Duration::from_secs(55),
            keep: Duration::ZERO,
            keep_count: 100,
            guests: false,
            targeted_to_backends: false,
            auth: backstage::Config::default(),
        }
    }
}

impl BackstageConfig {
    /// Whether anything of it is served.
    pub fn is_on(&self) -> bool {
        self.signals || self.events || self.bus
    }

    /// Whether clients without a token are let in.
    pub fn has_guests(&self) -> bool {
        self.is_on() && self.guests
    }

    /// Where the events wire is served over Socket.IO.
    pub fn socketio_path(&self) -> String {
        format!("{}/", self.events_path)
    }

    /// Its WebSocket endpoints, by their paths.
    pub(super) fn wires(&self) -> impl Iterator<Item = (String, Vec<&'static dyn Wire>)> {
        let signals: Vec<&'static dyn Wire> = vec![&Signals];
        let events: Vec<&'static dyn Wire> = vec![&Events];
        let signals = self.signals.then(|| (self.signals_path.clone(), signals));
        signals.into_iter().chain(self.events.then(|| (self.events_path.clone(), events)))
    }

    /// Its endpoint of Socket.IO.
    /// Pages of these origins may use it by polling, too.
    pub(super) fn engine(&self, node: &Node, origins: &[String]) -> Option<Mounted> {
        let settings = EngineConfig { path: self.socketio_path(), cors: origins.to_vec(), ..EngineConfig::default() };
        let layer = || SocketIoLayer::speaking(node.clone(), &settings, Some(&EventsDialect));
        self.events.then(|| Mounted { layer: Arc::new(layer()), settings: settings.clone() })
    }

    /// What verifies its clients' tokens. `address` is where the program listens; none where that is not known. Fails where a key
    /// cannot be used, and where guests would come from other machines.
    pub(super) fn authenticator(&self, address: Option<Address>, insecure: bool) -> Result<Authenticator, Error> {
        let is_loopback = address.is_some_and(|address| is_loopback(address.clients));
        if self.guests && !is_loopback && !insecure {
            return Err(Error::Guests);
        }
        let options = BackstageOptions { guests: self.guests, targeted_to_backends: self.targeted_to_backends };
        Ok(Authenticator::for_backstage(&self.auth, options)?)
    }

    /// The policies of its channels.
    pub(super) fn policies(&self, mut namespaces: Namespaces) -> Namespaces {
        if self.signals {
            namespaces = namespaces.with_space(Space::Signals, self.policy(Rule::Nobody));
        }
        if self.events {
            namespaces = namespaces.with_space(Space::Plugin, self.policy(Rule::Registered));
        }
        namespaces
    }

    /// Everybody who is let in may subscribe: events that are not for everybody say for whom they are.
    fn policy(&self, publish: Rule) -> Namespace {
        Namespace {
            subscribe: Rule::Anyone,
            publish,
            presence_for: Rule::Nobody,
            history_for: Rule::Nobody,
            history_size: self.keep_count,
            history_ttl: self.keep,
            history_meta_ttl: KEPT_POSITIONS,
            has_groups: true,
            keeps_on_request: !self.keep.is_zero(),
            ..Namespace::default()
        }
    }
}

//! An endpoint of Socket.IO: its namespaces, and what their sessions may do.
use super::client::Client;
use crate::broker::{ClientTerms, Node};
use crate::protocol::socketio::{BuiltinEvents, Dialect, Namespace, SocketIo};
use crate::transport::Arrival;
use crate::transport::engineio::{ClientLink, EngineConfig, Layer, Upper};
use crate::types::{ChannelName, Space};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What runs above the Engine.IO sessions of an endpoint.
pub struct SocketIoLayer(Arc<Door>);

/// What the wire is called in metrics and logs, and to operators.
pub(super) const NAME: &str = "socketio";

/// What the connections of an endpoint share.
pub(super) struct Door {
    pub node: Node,
    /// Where the endpoint is.
    pub path: String,
    /// Names, and beginnings of names that end in `*`.
    namespaces: Vec<String>,
    /// How the sessions of those with a name are written to: the same for all of them.
    encodings: Vec<Arc<SocketIo>>,
    /// What events mean that no handler takes.
    pub dialect: Option<&'static dyn Dialect>,
    pub connect_timeout: Duration,
    /// For how long sessions are kept after their connections are lost; none where they are not.
    pub kept_for: Option<Duration>,
}

impl SocketIoLayer {
    /// The layer of an endpoint of this config.
    pub fn new(node: Node, config: &EngineConfig) -> Self {
        let dialect = config.builtin_events.then_some(&BuiltinEvents as &'static dyn Dialect);
        Self::speaking(node, config, dialect)
    }

    /// The same where events that no handler takes mean what this dialect says, whatever the config says of built-in ones.
    pub fn speaking(node: Node, config: &EngineConfig, dialect: Option<&'static dyn Dialect>) -> Self {
        let kept_for = Some(config.recovery).filter(|time| !time.is_zero());
        let named = config.namespaces.iter().filter_map(|name| Namespace::new(name).ok());
        SocketIoLayer(Arc::new(Door {
            node,
            path: config.path.clone(),
            namespaces: config.namespaces.clone(),
            encodings: named.map(|namespace| Arc::new(SocketIo::new(namespace, kept_for.is_some()))).collect(),
            dialect,
            connect_timeout: config.connect_timeout,
            kept_for,
        }))
    }
}

impl Door {
    /// The channel of a namespace; none where there is no such namespace.
    pub(super) fn home(&self, namespace: &Namespace) -> Option<ChannelName> {
        let name = namespace.as_str();
        let home = ChannelName::in_space(Space::SocketIo, name, self.node.limits().channel_name).ok()?;
        let is_listed = self.namespaces.iter().any(|listed| match listed.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == listed,
        });
        (is_listed || self.has_homes() && self.node.handlers().serves(&home)).then_some(home)
    }

    /// Whether sessions belong to their namespaces.
    pub(super) fn has_homes(&self) -> bool {
        self.dialect.is_none_or(|dialect| !dialect.is_all())
    }

    /// The terms of the sessions of clients that came on these.
    pub(super) fn terms(&self, terms: ClientTerms) -> ClientTerms {
        // Who logs in by the authentication service brings no other token, and has no time for that.
        let renews = self.node.settings().authenticators.access().is_none();
        let Some(dialect) = self.dialect else {
            return ClientTerms { refreshes: terms.refreshes && renews, ..terms };
        };
        ClientTerms { names: dialect.names(), authenticator: dialect.authenticator(), refreshes: !dialect.is_all() }
    }

    /// How the sessions of a namespace are written to.
    pub(super) fn encoding(&self, namespace: &Namespace) -> Arc<SocketIo> {
        let shared = self.encodings.iter().find(|encoding| encoding.namespace() == namespace);
        shared.cloned().unwrap_or_else(|| Arc::new(SocketIo::new(namespace.clone(), self.kept_for.is_some())))
    }
}

impl Layer for SocketIoLayer {
    fn open(&self, link: Rc<ClientLink>, arrival: &Arrival) -> Box<dyn Upper> {
        Box::new(Client::new(self.0.clone(), link, arrival))
    }

    fn name(&self) -> &'static str {
        NAME
    }
}

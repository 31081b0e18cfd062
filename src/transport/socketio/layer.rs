//! An endpoint of Socket.IO: its namespaces, and what their sessions may do.
use super::client::Client;
use crate::broker::Node;
use crate::protocol::socketio::Namespace;
use crate::transport::engineio::{Arrival, EngineConfig, Layer, Upper, Way};
use crate::types::{ChannelName, Space};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What runs above the Engine.IO sessions of an endpoint.
pub struct SocketIoLayer(Arc<Door>);

/// What the connections of an endpoint share.
pub(super) struct Door {
    pub node: Node,
    /// Names, and beginnings of names that end in `*`.
    namespaces: Vec<String>,
    pub builtin_events: bool,
    pub connect_timeout: Duration,
    /// For how long sessions are kept after their connections are lost; none where they are not.
    pub kept_for: Option<Duration>,
}

impl SocketIoLayer {
    /// The layer of an endpoint of this config.
    pub fn new(node: Node, config: &EngineConfig) -> Self {
        SocketIoLayer(Arc::new(Door {
            node,
            namespaces: config.namespaces.clone(),
            builtin_events: config.builtin_events,
            connect_timeout: config.connect_timeout,
            kept_for: Some(config.recovery).filter(|time| !time.is_zero()),
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
        (is_listed || self.node.handlers().serves(&home)).then_some(home)
    }
}

impl Layer for SocketIoLayer {
    fn open(&self, way: Rc<Way>, arrival: &Arrival) -> Box<dyn Upper> {
        Box::new(Client::new(self.0.clone(), way, arrival))
    }

    fn name(&self) -> &'static str {
        "socketio"
    }
}

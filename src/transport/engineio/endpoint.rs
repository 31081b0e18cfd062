//! One endpoint: its settings, the layer above it, and its sessions on all workers.
use super::client_link::Taker;
use super::cors::Cors;
use super::layer::Layer;
use super::request::Refusal;
use super::session::Order;
use super::sessions::{Entry, Sessions};
use super::{EngineConfig, http};
use crate::auth::Error;
use crate::broker::Node;
use crate::metrics::WireLabel;
use actix_web::web::{self, Data, ServiceConfig};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use std::sync::Arc;

/// One endpoint, shared by all threads.
pub struct EngineEndpoint {
    node: Node,
    config: EngineConfig,
    layer: Arc<dyn Layer>,
    cors: Cors,
    sessions: Sessions,
    messages: Counter,
    by_polling: Gauge,
    by_websocket: Gauge,
}

/// A session that is to be told of the broker's end.
pub struct Leaver(Arc<Entry>);

impl EngineEndpoint {
    /// An endpoint with these settings and this above it. Fails where `cors` names what is no origin.
    pub fn new(node: Node, config: EngineConfig, layer: Arc<dyn Layer>) -> Result<Arc<Self>, Error> {
        let metrics = node.metrics();
        let label = |carrier: &str| WireLabel { wire: format!("{}{carrier}", layer.name()) };
        Ok(Arc::new(EngineEndpoint {
            cors: Cors::new(&config.cors)?,
            sessions: Sessions::default(),
            messages: metrics.commands.get_or_create_owned(&label("")),
            by_polling: metrics.connections.get_or_create_owned(&label("-polling")),
            by_websocket: metrics.connections.get_or_create_owned(&label("-websocket")),
            node,
            config,
            layer,
        }))
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        &self.config.path
    }

    /// Whether a request to this path is its own: all that begin like its own are, as with the original.
    pub fn serves(&self, path: &str) -> bool {
        path.starts_with(&self.config.path)
    }

    /// Mounts it on an app.
    pub fn mount(self: &Arc<Self>, app: &mut ServiceConfig) {
        let path = format!("{}{{below:.*}}", self.config.path);
        app.service(web::resource(path).app_data(Data::from(self.clone())).to(http::serve));
    }

    /// Its sessions, to be told that the broker stops.
    pub fn leavers(&self) -> impl Iterator<Item = Leaver> + use<> {
        self.sessions.everyone().into_iter().map(Leaver)
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn config(&self) -> &EngineConfig {
        &self.config
    }

    /// What runs above its sessions.
    pub fn layer(&self) -> &dyn Layer {
        &*self.layer
    }

    pub(super) fn cors(&self) -> &Cors {
        &self.cors
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// The answer where there are as many connections as there may be.
    pub(super) fn full(&self) -> Refusal {
        Refusal::Unavailable
    }

    pub(super) fn messages(&self) -> &Counter {
        &self.messages
    }

    pub(super) fn carried_by(&self, taker: Taker) -> &Gauge {
        match taker {
            Taker::WebSocket => &self.by_websocket,
            Taker::Nobody | Taker::Poll => &self.by_polling,
        }
    }
}

impl Leaver {
    /// Ends the session, after what is queued for it.
    pub fn close(self) {
        self.0.order(Order::Close);
    }
}

//! An endpoint: its sessions by their secret ids, and what a request must be.
use super::config::{EngineConfig, TransportName};
use super::layer::{Arrival, Layer, Way};
use super::session::{EngineSession, Transport};
use crate::broker::{Cut, Node, Outbox, Worker};
use crate::metrics::{Metrics, WireLabel};
use crate::protocol::socketio::engine::Opening;
use crate::transport::endpoint::{Refusal, refusal};
use actix::prelude::*;
use actix_http::header::{HeaderMap, ORIGIN};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use foldhash::quality::RandomState;
use rand::RngExt;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard};

/// One endpoint, shared by all threads.
pub struct Door {
    /// What the config says of it.
    pub config: EngineConfig,
    node: Node,
    layer: Box<dyn Layer>,
    /// Bounded by `limits.connections`. A lock that is held for a look-up only.
    sessions: Mutex<HashMap<Arc<str>, Addr<EngineSession>, RandomState>>,
    label: WireLabel,
    /// Whether sockets can be moved to their sessions, which a mounted app has no way to do.
    upgrades: bool,
}

/// The numbers of the protocol's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    UnknownTransport,
    UnknownSid,
    BadMethod,
    BadRequest,
    Forbidden,
    BadVersion,
}

impl Fault {
    /// Number and words (engine.io, `Server.errors`).
    pub(super) fn told(self) -> (u8, &'static str) {
        match self {
            Fault::UnknownTransport => (0, "Transport unknown"),
            Fault::UnknownSid => (1, "Session ID unknown"),
            Fault::BadMethod => (2, "Bad handshake method"),
            Fault::BadRequest => (3, "Bad request"),
            Fault::Forbidden => (4, "Forbidden"),
            Fault::BadVersion => (5, "Unsupported protocol version"),
        }
    }
}

/// The query of a request, as far as the protocol reads it.
#[derive(serde::Deserialize)]
pub(super) struct Query {
    transport: Option<String>,
    #[serde(rename = "EIO")]
    version: Option<String>,
    pub sid: Option<String>,
}

impl Door {
    /// An endpoint whose sessions `layer` runs above.
    pub fn new(node: Node, config: EngineConfig, layer: Box<dyn Layer>, upgrades: bool) -> Self {
        let label = WireLabel { wire: layer.name().to_owned() };
        Door { config, node, layer, sessions: Mutex::default(), label, upgrades }
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn opened(&self) {
        self.node.metrics().connections.get_or_create_owned(&self.label).inc();
    }

    pub(super) fn closed(&self) {
        self.node.metrics().connections.get_or_create_owned(&self.label).dec();
    }

    pub(super) fn find(&self, sid: &str) -> Option<Addr<EngineSession>> {
        self.table().get(sid).cloned()
    }

    pub(super) fn forget(&self, sid: &str) {
        self.table().remove(sid);
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Arc<str>, Addr<EngineSession>, RandomState>> {
        // Nothing that can panic happens between two changes that belong together.
        self.sessions.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Whether an origin is one of the endpoint's own list.
    pub(super) fn allows(&self, origin: &str) -> bool {
        self.config.cors.iter().any(|allowed| allowed == "*" || allowed == origin)
    }

    /// Looks at a request in the order of the original: transport, origin, version.
    pub(super) fn look(
        &self,
        query: &Query,
        headers: &HeaderMap,
        peer: Option<SocketAddr>,
    ) -> Result<TransportName, Result<Fault, Refusal>> {
        let transport = match query.transport.as_deref() {
            Some("polling") => TransportName::Polling,
            Some("websocket") => TransportName::WebSocket,
            _ => return Err(Ok(Fault::UnknownTransport)),
        };
        if !self.config.transports.contains(&transport) {
            return Err(Ok(Fault::UnknownTransport));
        }
        let own = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).is_some_and(|origin| self.allows(origin));
        match refusal(&self.node, headers, peer) {
            Some(refused) if refused.status != actix_http::StatusCode::FORBIDDEN => return Err(Err(refused)),
            Some(_) if !own => return Err(Ok(Fault::Forbidden)),
            Some(_) | None => {}
        }
        Ok(transport)
    }

    /// Whether a handshake speaks a version that is spoken here.
    pub(super) fn speaks(query: &Query) -> bool {
        query.version.as_deref() == Some("4")
    }

    /// Begins a session on this thread; none where there are as many connections as there may be.
    pub(super) fn begin(
        self: &Arc<Self>,
        arrival: &Arrival,
        transport: TransportName,
        cut: Option<Rc<dyn Cut>>,
        then: impl FnOnce(&mut EngineSession, &mut Context<EngineSession>),
    ) -> Option<(Arc<str>, Rc<Outbox>)> {
        let Some(place) = self.node.enter() else {
            Metrics::count(&self.node.metrics().refusals, "connections");
            return None;
        };
        let worker = Worker::here(&self.node);
        let outbox = Outbox::new(self.node.limits().outbox, worker.outbox_bytes().clone(), cut);
        let sid: Arc<str> = URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 15]>()).into();
        EngineSession::create(|ctx| {
            let way = Way::new(outbox.clone(), worker.clone(), ctx.address().downgrade());
            way.is_reached.set(transport == TransportName::WebSocket);
            let carried = match transport {
                TransportName::Polling => Transport::Polling { is_polled: false, is_posting: false },
                TransportName::WebSocket => Transport::WebSocket,
            };
            self.table().insert(sid.clone(), ctx.address());
            let mut session = EngineSession::new(sid.clone(), self.clone(), way.clone(), worker, carried, place);
            session.crown(self.layer.open(way, arrival));
            then(&mut session, ctx);
            session
        });
        Some((sid, outbox))
    }

    /// What the first packet says.
    pub(super) fn opening(&self, sid: &str, upgrades: Vec<String>) -> Opening {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Opening {
            sid: sid.to_owned(),
            upgrades,
            ping_interval: millis(self.config.ping_interval),
            ping_timeout: millis(self.config.ping_timeout),
            max_payload: self.config.max_payload as u64,
        }
    }

    /// What a polling client may move to.
    pub(super) fn upgrades(&self) -> Vec<String> {
        let offered = self.upgrades && self.config.transports.contains(&TransportName::WebSocket);
        offered.then(|| "websocket".to_owned()).into_iter().collect()
    }
}

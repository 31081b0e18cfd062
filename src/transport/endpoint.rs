//! What an endpoint is made of, and the look at a request before it becomes a connection.
use crate::auth::TrustedProxies;
use crate::broker::Node;
use crate::metrics::Metrics;
use crate::protocol::Wire;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// When heartbeats are sent.
#[derive(Debug, Clone, Copy)]
pub struct Heartbeat {
    /// Between them.
    pub interval: Duration,
    /// How long an answer may take; no longer than the interval.
    pub timeout: Duration,
}

/// One WebSocket endpoint: the wire it speaks and how patient it is.
pub struct Endpoint {
    /// The broker behind it.
    pub node: Node,
    /// What it speaks.
    pub wire: &'static dyn Wire,
    /// Its heartbeats.
    pub heartbeat: Heartbeat,
    /// How long the first command may take.
    pub stale_timeout: Duration,
    /// Whose forwarding headers count.
    pub proxies: Arc<TrustedProxies>,
}

impl Endpoint {
    /// The answer to what must not become a connection: a foreign origin (decision 15), or any while the node stops; none
    /// for what may.
    pub fn refusal(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<Refusal> {
        if self.node.is_draining() {
            return Some(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "the broker is stopping\n" });
        }
        let origin = text(headers, ORIGIN.as_str());
        let host = self.host(headers, peer);
        if !self.node.settings().origins.admits(origin, host) {
            Metrics::count(&self.node.metrics().refusals, "origin");
            log::warn!("a connection from the origin {origin:?} was refused: add it to auth.origins to let it in");
            return Some(Refusal { status: StatusCode::FORBIDDEN, text: "this origin is not in auth.origins\n" });
        }
        None
    }

    fn host<'a>(&self, headers: &'a HeaderMap, peer: Option<SocketAddr>) -> &'a str {
        let forwarded = text(headers, "x-forwarded-host");
        let forwarded = peer.and_then(|peer| self.proxies.forwarded_host(peer.ip(), forwarded));
        forwarded.or_else(|| text(headers, HOST.as_str())).unwrap_or_default()
    }
}

/// Why a request does not become a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status to answer with.
    pub status: StatusCode,
    /// The reason in words.
    pub text: &'static str,
}

impl From<Refusal> for HttpResponse {
    fn from(Refusal { status, text }: Refusal) -> Self {
        HttpResponse::build(status).body(text)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

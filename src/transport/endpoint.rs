//! What an endpoint is made of, and the look at a request before it becomes a connection.
use super::params::{ConnectionParams, Encoding};
use crate::broker::{ConnectionPlace, Node};
use crate::metrics::Metrics;
use crate::protocol::Wire;
use crate::types::Disconnect;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use std::net::SocketAddr;
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
    /// Where it is.
    pub path: String,
    /// What it speaks: one of these, as the client asks, or the first.
    pub encodings: Vec<&'static dyn Wire>,
    /// Its heartbeats.
    pub heartbeat: Heartbeat,
    /// How long the first command may take.
    pub stale_timeout: Duration,
}

impl Endpoint {
    /// The answer to what must not become a connection: a foreign origin (decision 15), or any while the node stops; none
    /// for what may.
    pub fn refusal(&self, headers: &HeaderMap, peer: Option<SocketAddr>) -> Option<Refusal> {
        if self.node.is_draining() {
            return Some(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "the broker is stopping\n" });
        }
        match admits(&self.node, headers, peer) {
            true => None,
            false => Some(Refusal { status: StatusCode::FORBIDDEN, text: "this origin is not in auth.origins\n" }),
        }
    }
}

impl Endpoint {
    /// The wire and the place of a connection; else why it is closed after its handshake, before anything of it is heard.
    pub(super) fn enter(&self, params: &ConnectionParams) -> Result<(&'static dyn Wire, ConnectionPlace), Disconnect> {
        let entered = match params.encoding {
            Encoding::Unspoken(_) => Err(Disconnect::INAPPROPRIATE_PROTOCOL),
            Encoding::Spoken(wire) => self.node.enter().map(|place| (wire, place)).ok_or(Disconnect::CONNECTION_LIMIT),
        };
        entered.inspect_err(|reason| Metrics::count(&self.node.metrics().disconnects, &reason.reason))
    }
}

/// Whether a page may connect, by the request that it makes; a refusal is counted and logged.
pub(super) fn admits(node: &Node, headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    // An origin that is no text is none of ours, unlike an absent one.
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let settings = node.settings();
    let forwarded = (text(headers, "x-forwarded-host"), peer.map(|peer| peer.ip()));
    let is_admitted = settings.admits_page(origin, text(headers, HOST.as_str()), forwarded);
    if !is_admitted {
        Metrics::count(&node.metrics().refusals, "origin");
        let line =
            format_args!("a connection from the origin {origin:?} was refused: add it to auth.origins to let it in");
        node.metrics().log_some(log::Level::Warn, "origin", line);
    }
    is_admitted
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

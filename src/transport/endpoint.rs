//! The parts of an endpoint, and the checks on a request before it becomes a connection.
use super::arrival::Arrival;
use super::encoding::EncodingChoice;
use crate::auth::{ConnectionGrant, TokenError};
use crate::broker::{ConnectionPlace, Node};
use crate::metrics::Metrics;
use crate::protocol::Wire;
use crate::types::{Answer, Disconnect};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, WWW_AUTHENTICATE};
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
        if self.node.connections().is_draining() {
            return Some(Refusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "the broker is stopping\n" });
        }
        match admits(&self.node, headers, peer) {
            true => None,
            false => Some(Refusal { status: StatusCode::FORBIDDEN, text: "this origin is not in auth.origins\n" }),
        }
    }
}

impl Endpoint {
    /// What the token of a client grants whose wire wants it verified before the upgrade, or the answer where it is not good; none
    /// for a client that will connect by a command. `Ready` unless a key set must be fetched.
    pub(super) fn admit(&self, arrival: &Arrival<'_>) -> Answer<Option<ConnectionGrant>, Refusal> {
        let Some((wire, place)) = arrival.encoding.wire().and_then(|wire| Some((wire, wire.token_place()?))) else {
            return Answer::ok(None);
        };
        let node = self.node.clone();
        let verified = match arrival.token(place) {
            Some(token) => node.authentication().verify(arrival.authenticator, &token),
            None if wire.admits_guests() => node.authentication().admit_guest(arrival.authenticator),
            None => Answer::err(TokenError::Invalid("there is none")),
        };
        verified.then(move |grant| {
            grant.map(Some).map_err(|error| {
                Metrics::count(&node.metrics().refusals, "token");
                node.log_refused_token("a connection was refused before its upgrade", &error);
                match error {
                    TokenError::Unavailable => UNVERIFIABLE,
                    TokenError::Invalid(_) | TokenError::Expired => UNAUTHORIZED,
                }
            })
        })
    }

    /// What a connection begins with; else why it is closed after its handshake, before anything of it is heard.
    pub(super) fn enter(&self, arrival: &Arrival<'_>, grant: Option<ConnectionGrant>) -> Result<Entered, Disconnect> {
        let entered = match arrival.encoding {
            EncodingChoice::Unspoken(protocol) => {
                let line = format_args!(
                    "a client that asks for the subprotocol {protocol:?} was closed with 3506: have it connect with JSON, which \
                     is what is spoken here"
                );
                self.node.metrics().log_some(log::Level::Warn, "encoding", line);
                Err(Disconnect::INAPPROPRIATE_PROTOCOL)
            }
            EncodingChoice::Layer => Err(Disconnect::INAPPROPRIATE_PROTOCOL),
            EncodingChoice::Spoken(wire) => {
                let place = self.node.connections().enter().ok_or(Disconnect::CONNECTION_LIMIT);
                place.map(|place| Entered { wire, place, grant })
            }
        };
        entered.inspect_err(|reason| Metrics::count(&self.node.metrics().disconnects, &reason.reason))
    }
}

/// What a connection begins with.
pub struct Entered {
    /// What it speaks.
    pub(super) wire: &'static dyn Wire,
    /// Its place among those that there may be.
    pub(super) place: ConnectionPlace,
    /// What the client's token grants, where that was verified already.
    pub(super) grant: Option<ConnectionGrant>,
}

/// Whether a page may connect, by the request that it makes; a refusal is counted and logged.
pub(super) fn admits(node: &Node, headers: &HeaderMap, peer: Option<SocketAddr>) -> bool {
    // An origin that is no text is none of ours, unlike an absent one.
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let settings = node.settings();
    let forwarded = (text(headers, "x-forwarded-host"), peer.map(|peer| peer.ip()));
    let is_admitted = settings.admits_page(origin, text(headers, HOST.as_str()), forwarded);
    if !is_admitted {
        node.refused_page("a connection", origin);
    }
    is_admitted
}

/// The answer to a token that is not good. Without a body: that is what the clients of Backstage get from the original.
const UNAUTHORIZED: Refusal = Refusal { status: StatusCode::UNAUTHORIZED, text: "" };
/// The answer where nobody can tell.
const UNVERIFIABLE: Refusal =
    Refusal { status: StatusCode::SERVICE_UNAVAILABLE, text: "tokens cannot be verified now\n" };

/// Why a request does not become a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status to answer with.
    pub status: StatusCode,
    /// The reason in words.
    pub text: &'static str,
}

impl Refusal {
    /// The headers of the answer beside the usual ones: a 401 says what would do (RFC 6750, section 3).
    pub(super) fn headers(&self) -> Option<(HeaderName, HeaderValue)> {
        (self.status == StatusCode::UNAUTHORIZED).then(|| (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
    }
}

impl From<Refusal> for HttpResponse {
    fn from(refusal: Refusal) -> Self {
        let mut response = HttpResponse::build(refusal.status);
        if let Some(header) = refusal.headers() {
            response.insert_header(header);
        }
        response.body(refusal.text)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

//! What a request asks for, and whether it is allowed.
use super::config::Transport;
use super::endpoint::EngineEndpoint;
use super::sessions::Entry;
use crate::metrics::Metrics;
use crate::transport::endpoint::admits;
use crate::transport::{Arrival, Carrier, Head};
use actix_http::header::ORIGIN;
use actix_http::{Method, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;

/// The only version that is spoken.
const VERSION: &str = "4";

/// A request, whatever it came by.
pub(super) struct Asked<'a> {
    pub method: &'a Method,
    pub head: Head<'a>,
    pub peer: Option<SocketAddr>,
    /// It asks to become a WebSocket.
    pub is_upgrade: bool,
}

/// What a request that may be is for.
pub(super) enum Purpose {
    /// A new session that begins with this transport.
    Handshake(Transport),
    /// A session that there is.
    Session(Arc<Entry>),
}

/// Why a request may not be: the codes and words of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("Transport unknown")]
    Transport = 0,
    #[error("Session ID unknown")]
    Session = 1,
    #[error("Bad handshake method")]
    Method = 2,
    #[error("Bad request")]
    Request = 3,
    #[error("Forbidden")]
    Forbidden = 4,
    #[error("Unsupported protocol version")]
    Version = 5,
    /// Not one of the original's: the broker stops, or is full.
    #[error("Service unavailable")]
    Unavailable = 6,
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    pub fn json(self) -> String {
        format!(r#"{{"code":{},"message":"{self}"}}"#, self as u8)
    }
}

impl<'a> Asked<'a> {
    pub fn arrival(&self) -> Arrival<'a> {
        let carrier = if self.is_upgrade { Carrier::WebSocket } else { Carrier::Polling };
        Arrival::of_layer(self.head, self.peer, carrier)
    }

    /// A parameter's value as it was sent: those that are looked at have no letters that would be written otherwise.
    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.head.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| v)
    }
}

impl EngineEndpoint {
    /// Looks at a request in the order of the original, so that one with several faults is told the same one.
    pub(super) fn verify(&self, asked: &Asked<'_>) -> Result<Purpose, Refusal> {
        let verified = self.purpose(asked);
        if let Err(refusal) = &verified {
            let reason = match refusal {
                // Counted where it was found.
                Refusal::Forbidden => None,
                Refusal::Session => Some("session"),
                Refusal::Unavailable => Some("unavailable"),
                _ => Some("request"),
            };
            reason.into_iter().for_each(|reason| Metrics::count(&self.node().metrics().refusals, reason));
        }
        verified
    }

    fn purpose(&self, asked: &Asked<'_>) -> Result<Purpose, Refusal> {
        let named = asked.parameter("transport").unwrap_or_default();
        let mut transports = self.config().transports.iter().copied();
        let transport = transports.find(|transport| transport.name() == named).ok_or(Refusal::Transport)?;
        if asked.head.headers.get(ORIGIN).is_some_and(|origin| origin.to_str().is_err()) {
            return Err(Refusal::Request);
        }
        // A poll is no WebSocket, and nothing but a WebSocket is one.
        let fits = asked.is_upgrade == (transport == Transport::Websocket);
        if let Some(sid) = asked.parameter("sid") {
            let entry = self.sessions().find(sid).ok_or(Refusal::Session)?;
            self.admit(asked)?;
            let is_wrong = !fits || !asked.is_upgrade && entry.is_upgraded();
            return if is_wrong { Err(Refusal::Request) } else { Ok(Purpose::Session(entry)) };
        }
        if asked.method != Method::GET {
            return Err(Refusal::Method);
        }
        if !fits {
            return Err(Refusal::Request);
        }
        self.admit(asked)?;
        if asked.parameter("EIO") != Some(VERSION) {
            return Err(Refusal::Version);
        }
        match self.node().connections().is_draining() {
            true => Err(Refusal::Unavailable),
            false => Ok(Purpose::Handshake(transport)),
        }
    }

    fn admit(&self, asked: &Asked<'_>) -> Result<(), Refusal> {
        match self.cors().admits(asked.head.headers) || admits(self.node(), asked.head.headers, asked.peer) {
            true => Ok(()),
            false => Err(Refusal::Forbidden),
        }
    }
}

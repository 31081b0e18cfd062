//! What a request says of the connection it wants.
use crate::protocol::Wire;
use actix_http::header::HeaderMap;

/// What a client wants of its connection.
#[derive(Clone, Copy)]
pub struct ConnectionParams {
    /// Heartbeats as WebSocket pings instead of the wire's own.
    pub frame_pings: bool,
    /// What it speaks.
    pub encoding: Encoding,
}

/// The encoding that a client asks for.
#[derive(Clone, Copy)]
pub enum Encoding {
    /// It is spoken here.
    Spoken(&'static dyn Wire),
    /// It is not; the subprotocol that names it.
    Unspoken(&'static str),
}

/// What a query names encodings by.
const FORMATS: [&str; 2] = ["format", "cf_protocol"];

impl ConnectionParams {
    /// Reads it off a request's query and headers. Whoever asks for none of the endpoint's encodings gets the first.
    pub fn of(query: &str, headers: &HeaderMap, encodings: &[&'static dyn Wire]) -> Self {
        let has = |key: &str, value: &str| {
            query.split('&').filter_map(|pair| pair.split_once('=')).any(|given| given == (key, value))
        };
        let names = |format: &str| FORMATS.iter().any(|key| has(key, format));
        let offers = |subprotocol: &str| asked_protocols(headers).any(|asked| asked == subprotocol);
        let is_asked = |wire: &&'static dyn Wire| {
            wire.format().is_some_and(names) || wire.subprotocols().iter().any(|protocol| offers(protocol))
        };
        let unspoken = encodings.iter().flat_map(|wire| wire.unspoken());
        let unspoken = unspoken.copied().find(|(protocol, format)| offers(protocol) || names(format));
        let encoding = match (unspoken, encodings.iter().find(|wire| is_asked(wire)).or(encodings.first())) {
            (None, Some(wire)) => Encoding::Spoken(*wire),
            (Some((protocol, _)), _) => Encoding::Unspoken(protocol),
            (None, None) => Encoding::Unspoken(""),
        };
        ConnectionParams { frame_pings: has("cf_ws_frame_ping_pong", "true"), encoding }
    }

    /// Whether this subprotocol may be agreed on. One that is not spoken is echoed all the same: a client that gets no echo
    /// breaks the handshake off and never sees the code it is closed with.
    pub fn agrees_on(&self, asked: &str) -> bool {
        match self.encoding {
            Encoding::Spoken(wire) => wire.subprotocols().contains(&asked),
            Encoding::Unspoken(protocol) => protocol == asked,
        }
    }

    /// The subprotocols that may be agreed on.
    pub fn protocols(&self) -> Vec<&'static str> {
        match self.encoding {
            Encoding::Spoken(wire) => wire.subprotocols().to_vec(),
            Encoding::Unspoken(protocol) => vec![protocol],
        }
    }
}

/// The subprotocols that a client offers, in its order (RFC 6455, section 11.3.4).
pub fn asked_protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all("sec-websocket-protocol").filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

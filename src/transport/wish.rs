//! What a request says of the connection it wants.
use crate::protocol::Wire;
use actix_http::header::HeaderMap;

/// The subprotocol of an encoding that clients ask for and that is not spoken here.
const UNSPOKEN: &str = "centrifuge-protobuf";

/// What a client wants of its connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Heartbeats as WebSocket pings instead of the wire's own.
    pub frame_pings: bool,
    /// The client asks for an encoding that is not spoken here.
    pub unspoken: bool,
}

impl Wish {
    /// Reads it off a request's query and headers.
    pub fn of(query: &str, headers: &HeaderMap) -> Self {
        let has = |pair: &str| query.split('&').any(|given| given == pair);
        let protobuf = asked_protocols(headers).any(|protocol| protocol == UNSPOKEN);
        Wish {
            frame_pings: has("cf_ws_frame_ping_pong=true"),
            unspoken: protobuf || has("format=protobuf") || has("cf_protocol=protobuf"),
        }
    }

    /// The subprotocols that may be agreed on. One that is not spoken is echoed all the same: a client that gets no echo
    /// breaks the handshake off and never sees the code it is closed with.
    pub fn protocols(&self, wire: &'static dyn Wire) -> &'static [&'static str] {
        if self.unspoken { &[UNSPOKEN] } else { wire.subprotocols() }
    }
}

/// The subprotocols that a client offers, in its order (RFC 6455, section 11.3.4).
pub fn asked_protocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all("sec-websocket-protocol").filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

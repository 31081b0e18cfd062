//! A socket of our own: after the handshake the HTTP dispatcher is left behind, and with it its buffers and its task, which
//! are most of what an idle connection costs. Needs a server that hands over upgrades; a mounted app writes through its
//! response body instead.
use super::arrival::{Arrival, Head};
use super::carrier::{pump, websocket};
use super::connection::Connection;
use super::endpoint::{Endpoint, Refusal};
use super::line::{Line, Socket};
use crate::auth::ConnectionGrant;
use crate::protocol::Frame;
use crate::types::Answer;
use actix_codec::{Encoder, Framed};
use actix_http::body::BodySize;
use actix_http::h1::{Codec, Message};
use actix_http::header::{HeaderName, HeaderValue};
use actix_http::{HttpMessage, Method, Request, ResponseBuilder, StatusCode, ws};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

/// Takes over a socket whose request asks for an upgrade, at this endpoint if there is one where it asks: answers with an error
/// where it cannot be, else starts the connection. Returns at once; the connection lives on as actor and task of this thread.
pub fn take_over<T: Socket>(endpoint: Option<&Arc<Endpoint>>, request: Request, framed: Framed<T, Codec>) {
    let parts = framed.into_parts();
    let taken = Taken { socket: parts.io, early: parts.read_buf.freeze(), codec: parts.codec };
    let endpoint = match verify(endpoint, &request) {
        Ok(endpoint) => endpoint,
        Err(refusal) => return taken.refuse(refusal),
    };
    match endpoint.admit(&taken.arrival(endpoint, &request)) {
        Answer::Ready(grant) => taken.answer(endpoint, &request, grant),
        Answer::Later(verifying) => {
            let endpoint = endpoint.clone();
            actix_rt::spawn(async move { taken.answer(&endpoint, &request, verifying.await) });
        }
    }
}

fn verify<'a>(endpoint: Option<&'a Arc<Endpoint>>, request: &Request) -> Result<&'a Arc<Endpoint>, Refusal> {
    let endpoint = endpoint.ok_or(Refusal { status: StatusCode::NOT_FOUND, text: "nothing here\n" })?;
    if request.method() != Method::GET {
        return Err(Refusal { status: StatusCode::METHOD_NOT_ALLOWED, text: "a WebSocket begins with GET\n" });
    }
    if let Some(refusal) = endpoint.refusal(request.headers(), request.peer_addr()) {
        return Err(refusal);
    }
    ws::verify_handshake(request.head()).map_err(|_| Refusal {
        status: StatusCode::BAD_REQUEST,
        text: "no WebSocket handshake (RFC 6455, section 4.2.1)\n",
    })?;
    Ok(endpoint)
}

/// A socket that the HTTP server has handed over.
struct Taken<T> {
    socket: T,
    /// What the server had read already.
    early: Bytes,
    codec: Codec,
}

impl<T: Socket> Taken<T> {
    fn arrival<'a>(&self, endpoint: &Endpoint, request: &'a Request) -> Arrival<'a> {
        let query = request.uri().query().unwrap_or_default();
        let head = Head { headers: request.headers(), query, is_encrypted: self.socket.is_encrypted() };
        Arrival::of_commands(head, request.peer_addr(), &endpoint.encodings)
    }

    /// Answers the request, now that it is known what its token grants.
    fn answer(self, endpoint: &Endpoint, request: &Request, grant: Result<Option<ConnectionGrant>, Refusal>) {
        let grant = match grant {
            Ok(grant) => grant,
            Err(refusal) => return self.refuse(refusal),
        };
        let arrival = self.arrival(endpoint, request);
        let Taken { socket, early, codec } = self;
        let head = handshake(&arrival, request, codec);
        match endpoint.enter(&arrival, grant) {
            Ok(entered) => {
                let line = Line::new(socket);
                let incoming = pump::Reader::new(line.clone(), early);
                // The socket ends with the pump, so nothing else is needed to cut it.
                let outbox = Connection::start_on(endpoint, &arrival, entered, incoming, Some(line.clone()));
                outbox.begin_with(Frame::without_message(head));
                actix_rt::spawn(pump::write(line, outbox));
            }
            Err(reason) => {
                let close = websocket::close(reason.code, &reason.reason);
                let words = [&head, close.websocket()].map(|words| &words[..]).concat();
                actix_rt::spawn(pump::dismiss(socket, words.into()));
            }
        }
    }

    fn refuse(self, refusal: Refusal) {
        let more: Vec<_> = refusal.headers().into_iter().collect();
        let words = refused(refusal.status, "text/plain; charset=utf-8", &more, refusal.text);
        actix_rt::spawn(pump::dismiss(self.socket, words));
    }
}

/// The answer that switches protocols (RFC 6455, section 4.2.2).
fn handshake(arrival: &Arrival<'_>, request: &Request, codec: Codec) -> Bytes {
    let mut response = ws::handshake_response(request.head());
    let agreed = arrival.subprotocols();
    if let Some(protocol) = arrival.head.subprotocols().find(|asked| agreed.contains(asked)) {
        response.insert_header(("sec-websocket-protocol", protocol));
    }
    head_of(response, codec)
}

/// The head of a response as it is sent.
pub(super) fn head_of(mut response: ResponseBuilder, mut codec: Codec) -> Bytes {
    let mut bytes = BytesMut::with_capacity(256);
    let head = Message::Item((response.finish().drop_body(), BodySize::Stream));
    // The codec fails for chunks after the end of a body only.
    if codec.encode(head, &mut bytes).is_err() {
        log::error!("a handshake could not be written");
    }
    bytes.freeze()
}

/// A whole response that ends the connection.
pub(super) fn refused(status: StatusCode, content_type: &str, more: &[(HeaderName, HeaderValue)], text: &str) -> Bytes {
    let reason = status.canonical_reason().unwrap_or_default();
    let (status, length) = (status.as_u16(), text.len());
    let mut bytes = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\nconnection: close\r\n"
    )
    .into_bytes();
    for (name, value) in more {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(text.as_bytes());
    bytes.into()
}

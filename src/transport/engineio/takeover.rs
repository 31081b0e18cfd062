//! Sockets that the broker owns: after the handshake they belong to their sessions, on any thread.
use super::config::Transport;
use super::endpoint::EngineEndpoint;
use super::request::{Asked, Purpose, Refusal};
use super::session::{EngineSession, Offer};
use crate::protocol::Frame;
use crate::transport::Head;
use crate::transport::carrier::pump;
use crate::transport::line::{Line, Socket};
use crate::transport::takeover::{head_of, refused};
use actix_codec::Framed;
use actix_http::h1::Codec;
use actix_http::{HttpMessage, Request, ws};
use std::sync::Arc;

/// Takes over a socket whose request asks for an upgrade: answers with an error where it cannot be, else begins a session
/// with it, or hands it to the session that it is for. Returns at once.
pub fn take_over<T: Socket>(endpoint: &Arc<EngineEndpoint>, request: &Request, framed: Framed<T, Codec>) {
    let asked = Asked {
        method: request.method(),
        head: Head {
            headers: request.headers(),
            query: request.uri().query().unwrap_or_default(),
            is_encrypted: framed.io_ref().is_encrypted(),
        },
        peer: request.peer_addr(),
        is_upgrade: true,
    };
    let verified = endpoint.verify(&asked).and_then(|purpose| match ws::verify_handshake(request.head()) {
        Ok(()) => Ok(purpose),
        Err(_) => Err(Refusal::Request),
    });
    let parts = framed.into_parts();
    let (socket, early) = (parts.io, parts.read_buf.freeze());
    let head = |codec| {
        let mut response = ws::handshake_response(request.head());
        for header in endpoint.cors().headers(request.headers()) {
            response.append_header(header);
        }
        head_of(response, codec)
    };
    match verified {
        Ok(Purpose::Session(entry)) => match socket.into_movable() {
            Ok(socket) => entry.offer(Offer { socket, early, head: head(parts.codec) }),
            Err(error) => log::debug!("a socket ended before it was handed over: {error}"),
        },
        Ok(Purpose::Handshake(Transport::Websocket)) => {
            let Some(place) = endpoint.node().connections().enter() else {
                actix_rt::spawn(pump::dismiss(socket, refusal(endpoint, &asked, endpoint.full())));
                return;
            };
            let line = Line::new(socket);
            let incoming = pump::Reader::new(line.clone(), early);
            // The socket ends with the pump, so nothing else is needed to cut it.
            let cut = Some(line.clone() as _);
            let outbox = EngineSession::open_websocket(endpoint, &asked.arrival(), place, incoming, cut);
            outbox.begin_with(Frame::without_message(head(parts.codec)));
            actix_rt::spawn(pump::write(line, outbox));
        }
        // What asks for an upgrade cannot begin to poll: that was looked at.
        Ok(Purpose::Handshake(Transport::Polling)) => {
            actix_rt::spawn(pump::dismiss(socket, refusal(endpoint, &asked, Refusal::Request)));
        }
        Err(reason) => {
            actix_rt::spawn(pump::dismiss(socket, refusal(endpoint, &asked, reason)));
        }
    }
}

fn refusal(endpoint: &EngineEndpoint, asked: &Asked<'_>, refusal: Refusal) -> bytes::Bytes {
    refused(refusal.status(), "text/html", &endpoint.cors().headers(asked.head.headers), &refusal.to_string())
}

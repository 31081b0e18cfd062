//! Requests that arrive through an app: polls and POSTs, and WebSockets whose sockets the app keeps.
use super::config::{EngineConfig, Transport};
use super::cors::Headers;
use super::endpoint::EngineEndpoint;
use super::relay::relay;
use super::request::{Asked, Purpose, Refusal};
use super::session::{EngineSession, Offer, Order, PollAnswer};
use super::sessions::Entry;
use crate::delivery::Cut;
use crate::transport::Head;
use crate::transport::carrier::OutboxBody;
use crate::transport::cut::SocketCut;
use actix_http::ws::{hash_key, verify_handshake};
use actix_web::body::MessageBody;
use actix_web::http::Method;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
};
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use futures_util::StreamExt;
use std::rc::Rc;
use std::sync::Arc;

/// Browsers take it for bytes of unknown kind, which no client of this version sends.
const OCTETS: &str = "application/octet-stream";

/// A body that could not be read.
enum Unread {
    TooLarge,
    Broken,
    Late,
}

/// Answers a request to the endpoint.
pub(super) async fn serve(request: HttpRequest, payload: Payload, endpoint: Data<EngineEndpoint>) -> HttpResponse {
    let endpoint = endpoint.into_inner();
    let mut cors = endpoint.cors().headers(request.headers());
    let mut response = match request.method() {
        &Method::OPTIONS if endpoint.cors().is_on() => {
            cors.extend(endpoint.cors().preflight(request.headers()));
            HttpResponse::NoContent().insert_header((CONTENT_LENGTH, "0")).finish()
        }
        _ => answer(&request, payload, &endpoint).await,
    };
    add(&cors, response.headers_mut());
    response
}

fn add(cors: &Headers, headers: &mut HeaderMap) {
    for (name, value) in cors {
        headers.append(name.clone(), value.clone());
    }
}

async fn answer(request: &HttpRequest, payload: Payload, endpoint: &Arc<EngineEndpoint>) -> HttpResponse {
    let is_upgrade = request.headers().get(UPGRADE).is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let asked = Asked { method: request.method(), head: Head::of(request), peer: request.peer_addr(), is_upgrade };
    let purpose = match endpoint.verify(&asked) {
        Ok(_) if is_upgrade && verify_handshake(request.head()).is_err() => Err(Refusal::Request),
        verified => verified,
    };
    match purpose {
        Err(refusal) if is_upgrade => {
            HttpResponse::build(refusal.status()).insert_header((CONTENT_TYPE, "text/html")).body(refusal.to_string())
        }
        Err(refusal) => refused(refusal),
        Ok(Purpose::Handshake(Transport::Polling)) => match endpoint.node().connections().enter() {
            Some(place) => polled(EngineSession::open_polling(endpoint, &asked.arrival(), place)),
            None => refused(endpoint.full()),
        },
        Ok(Purpose::Handshake(Transport::Websocket)) => open_websocket(request, payload, endpoint, &asked),
        Ok(Purpose::Session(entry)) if is_upgrade => offer(request, payload, &entry),
        Ok(Purpose::Session(entry)) => match *request.method() {
            Method::GET => respond(entry.poll().await),
            Method::POST => post(request, payload, &entry, endpoint.config()).await,
            _ => HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, POST")).finish(),
        },
    }
}

fn open_websocket(
    request: &HttpRequest,
    payload: Payload,
    endpoint: &Arc<EngineEndpoint>,
    asked: &Asked<'_>,
) -> HttpResponse {
    let cut = cut_of(request).map(|cut| Rc::new(cut) as Rc<dyn Cut>);
    let Some(place) = endpoint.node().connections().enter() else { return refused(endpoint.full()) };
    let outbox = EngineSession::open_websocket(endpoint, &asked.arrival(), place, payload, cut);
    switching(request, OutboxBody(outbox))
}

/// The session may live on another thread, to which this socket cannot go.
fn offer(request: &HttpRequest, payload: Payload, entry: &Entry) -> HttpResponse {
    let (socket, body) = relay(payload, cut_of(request));
    entry.offer(Offer { socket, early: Bytes::new(), head: Bytes::new() });
    switching(request, body)
}

fn cut_of(request: &HttpRequest) -> Option<SocketCut> {
    request.conn_data::<SocketCut>().cloned()
}

fn switching(request: &HttpRequest, body: impl MessageBody + 'static) -> HttpResponse {
    let mut response = HttpResponse::SwitchingProtocols();
    // There is one: the handshake was verified.
    if let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) {
        response.insert_header((SEC_WEBSOCKET_ACCEPT, &hash_key(key.as_bytes())[..]));
    }
    response.upgrade("websocket").body(body)
}

async fn post(request: &HttpRequest, payload: Payload, entry: &Arc<Entry>, config: &EngineConfig) -> HttpResponse {
    // While it is not read, whatever ends it has lost packets of the client, and ends the session with it.
    let Some(mut under_way) = entry.begin_post() else {
        entry.order(Order::Fail);
        return HttpResponse::BadRequest().finish();
    };
    if request.content_type() == OCTETS {
        return HttpResponse::BadRequest().finish();
    }
    // A client that takes longer could not answer a heartbeat meanwhile, and counts as gone.
    let time = config.ping_interval + config.ping_timeout;
    let body = tokio::time::timeout(time, read(request, payload, config.max_payload)).await;
    match body.unwrap_or(Err(Unread::Late)) {
        Ok(body) => {
            under_way.set_read();
            respond(entry.post(body).await)
        }
        Err(Unread::TooLarge) => {
            under_way.set_read();
            HttpResponse::PayloadTooLarge().finish()
        }
        Err(Unread::Broken) => HttpResponse::BadRequest().finish(),
        Err(Unread::Late) => HttpResponse::RequestTimeout().finish(),
    }
}

async fn read(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Bytes, Unread> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Unread::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unread::Broken)?;
        if body.len() + chunk.len() > limit {
            return Err(Unread::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn respond(answer: Option<PollAnswer>) -> HttpResponse {
    match answer {
        Some(PollAnswer::Packets(packets)) => polled(packets),
        Some(PollAnswer::Done) => fresh(HttpResponse::Ok()).insert_header((CONTENT_TYPE, "text/html")).body("ok"),
        Some(PollAnswer::Moved) => refused(Refusal::Request),
        Some(PollAnswer::Second) => HttpResponse::BadRequest().finish(),
        None => refused(Refusal::Session),
    }
}

fn polled(packets: ByteString) -> HttpResponse {
    fresh(HttpResponse::Ok()).insert_header((CONTENT_TYPE, "text/plain; charset=UTF-8")).body(packets)
}

/// An answer that no cache keeps.
fn fresh(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}

fn refused(refusal: Refusal) -> HttpResponse {
    HttpResponse::build(refusal.status()).insert_header((CONTENT_TYPE, "application/json")).body(refusal.json())
}

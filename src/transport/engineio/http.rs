//! The requests of an endpoint and their answers, with the statuses and bodies of the original (contract, 3.2 to 3.4).
use super::config::TransportName;
use super::door::{Door, Fault, Query};
use super::layer::Arrival;
use super::polling::{Poll, Post};
use super::session::opening;
use super::upgrade::Candidate;
use crate::broker::Cut;
use crate::transport::body::OutboxBody;
use crate::transport::cut::SocketCut;
use crate::transport::inbound::Inbound;
use crate::transport::pump::{self, Cutter, Socket};
use actix_codec::Framed;
use actix_http::header::{HeaderMap, HeaderValue, ORIGIN, VARY};
use actix_http::{HttpMessage, Method, Request, StatusCode, h1, ws};
use actix_web::http::header;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Puts an endpoint on an app.
pub fn mount(app: &mut ServiceConfig, door: &Arc<Door>) {
    let pattern = format!("{}{{rest:.*}}", door.config.path);
    app.service(web::resource(pattern).app_data(Data::from(door.clone())).default_service(web::to(serve)));
}

async fn serve(request: HttpRequest, payload: Payload, door: Data<Door>) -> HttpResponse {
    let door = door.into_inner();
    let mut response = match *request.method() {
        Method::OPTIONS => preflight(&request),
        _ => answer(&request, payload, &door).await,
    };
    allow(&door, request.headers(), response.headers_mut());
    response
}

async fn answer(request: &HttpRequest, payload: Payload, door: &Arc<Door>) -> HttpResponse {
    let Ok(query) = web::Query::<Query>::from_query(request.query_string()) else { return fault(Fault::BadRequest) };
    let transport = match door.look(&query, request.headers(), request.peer_addr()) {
        Ok(transport) => transport,
        Err(Ok(refused)) => return fault(refused),
        Err(Err(refusal)) => return refusal.into(),
    };
    match (&query.sid, transport) {
        (Some(sid), TransportName::Polling) => of_session(request, payload, door, sid).await,
        (Some(sid), TransportName::WebSocket) => {
            fault(if door.find(sid).is_some() { Fault::BadRequest } else { Fault::UnknownSid })
        }
        (None, _) if request.method() != Method::GET => fault(Fault::BadMethod),
        (None, _) if !Door::speaks(&query) => fault(Fault::BadVersion),
        (None, TransportName::Polling) => handshake(request, door),
        (None, TransportName::WebSocket) => upgrade_here(request, payload, door),
    }
}

fn handshake(request: &HttpRequest, door: &Arc<Door>) -> HttpResponse {
    let begun =
        door.begin(&arrival(request.headers(), request.query_string()), TransportName::Polling, None, |_, _| {});
    match begun {
        Some((sid, _)) => packets(opening(door, &sid, door.upgrades()).payload()),
        None => HttpResponse::ServiceUnavailable().body("as many connections as there may be\n"),
    }
}

/// A WebSocket of a client that has no session yet, in an app that writes through its response bodies.
fn upgrade_here(request: &HttpRequest, payload: Payload, door: &Arc<Door>) -> HttpResponse {
    if ws::verify_handshake(&request_head(request)).is_err() {
        return fault(Fault::BadRequest);
    }
    let mut response = ws::handshake_response(&request_head(request));
    let cut = request.conn_data::<SocketCut>().cloned().map(|cut| Rc::new(cut) as Rc<dyn Cut>);
    let inbound = Inbound::new(payload, door.config.max_payload);
    let arrival = arrival(request.headers(), request.query_string());
    let begun = door.begin(&arrival, TransportName::WebSocket, cut, |session, ctx| {
        session.way.answer(opening(door, &session.sid, vec![]).websocket().clone());
        session.read(inbound, ctx);
    });
    match begun {
        Some((_, outbox)) => {
            let head = response.finish();
            let mut answer = HttpResponseBuilder::new(head.status());
            for pair in head.headers() {
                answer.append_header(pair);
            }
            answer.upgrade("websocket").body(OutboxBody(outbox))
        }
        None => HttpResponse::ServiceUnavailable().body("as many connections as there may be\n"),
    }
}

fn request_head(request: &HttpRequest) -> actix_http::RequestHead {
    let mut head = actix_http::RequestHead::default();
    head.method = request.method().clone();
    head.version = request.version();
    head.headers = request.headers().clone();
    head
}

async fn of_session(request: &HttpRequest, payload: Payload, door: &Arc<Door>, sid: &str) -> HttpResponse {
    let Some(session) = door.find(sid) else { return fault(Fault::UnknownSid) };
    match *request.method() {
        Method::GET => {
            let (tell, told) = oneshot::channel();
            session.do_send(Poll { answer: tell });
            match told.await {
                Ok(Some(body)) => packets(body.into_bytes()),
                Ok(None) => fault(Fault::BadRequest),
                Err(_) => fault(Fault::UnknownSid),
            }
        }
        Method::POST => {
            let is_binary = request.content_type() == "application/octet-stream";
            let Some(body) = read(payload, door.config.max_payload).await else {
                return HttpResponse::PayloadTooLarge().finish();
            };
            // Contract 3.4: binary bodies are of an older version, and end the session.
            let body = if is_binary { Bytes::from_static(b"\xff") } else { body };
            let (tell, told) = oneshot::channel();
            session.do_send(Post { body, answer: tell });
            match told.await {
                Ok(true) if !is_binary => HttpResponse::Ok()
                    .insert_header((header::CONTENT_TYPE, "text/html"))
                    .insert_header((header::CACHE_CONTROL, "no-store"))
                    .body("ok"),
                _ => HttpResponse::BadRequest().finish(),
            }
        }
        _ => HttpResponse::InternalServerError().finish(),
    }
}

/// The body; none where it is longer than it may be.
async fn read(mut payload: Payload, limit: usize) -> Option<Bytes> {
    let mut body = BytesMut::new();
    while let Some(Ok(chunk)) = payload.next().await {
        if body.len() + chunk.len() > limit {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.freeze())
}

fn packets(body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=UTF-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}

fn fault(fault: Fault) -> HttpResponse {
    let (code, message) = fault.told();
    let status = if fault == Fault::Forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    HttpResponse::build(status).json(serde_json::json!({ "code": code, "message": message }))
}

fn arrival(headers: &HeaderMap, query: &str) -> Arrival {
    Arrival { headers: headers.clone(), query: query.to_owned() }
}

fn preflight(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,PUT,PATCH,POST,DELETE"));
    if let Some(asked) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone()));
        response.append_header((VARY, "Access-Control-Request-Headers"));
    }
    response.finish()
}

/// What lets a page of another origin read the answer.
fn allow(door: &Door, asked: &HeaderMap, answered: &mut HeaderMap) {
    let Some(origin) = asked.get(ORIGIN) else { return };
    if door.config.cors.iter().any(|allowed| allowed == "*") {
        answered.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else if origin.to_str().is_ok_and(|origin| door.allows(origin)) {
        answered.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answered.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        answered.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// Takes over a socket whose request asks an endpoint for an upgrade.
pub fn take_over<T: Socket>(door: &Arc<Door>, request: &Request, framed: Framed<T, h1::Codec>) {
    let parts = framed.into_parts();
    let (socket, early, mut codec) = (parts.io, parts.read_buf.freeze(), parts.codec);
    let query = request.uri().query().unwrap_or_default();
    let refused = |message: &str, status: u16| {
        let length = message.len();
        format!(
            "HTTP/1.1 {status} Bad Request\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{message}"
        )
    };
    let looked = web::Query::<Query>::from_query(query).map_err(|_| refused(Fault::BadRequest.told().1, 400));
    let looked = looked.and_then(|asked| match door.look(&asked, request.headers(), request.peer_addr()) {
        _ if ws::verify_handshake(request.head()).is_err() => Err(refused(Fault::BadRequest.told().1, 400)),
        Ok(TransportName::Polling) => Err(refused(Fault::BadRequest.told().1, 400)),
        Ok(TransportName::WebSocket) if asked.sid.is_none() && !Door::speaks(&asked) => {
            Err(refused(Fault::BadVersion.told().1, 400))
        }
        Ok(TransportName::WebSocket) => Ok(asked),
        Err(Ok(fault)) => Err(refused(fault.told().1, if fault == Fault::Forbidden { 403 } else { 400 })),
        Err(Err(refusal)) => Err(refused(refusal.text, refusal.status.as_u16())),
    });
    let asked = match looked {
        Ok(asked) => asked,
        Err(words) => return say(door, socket, words),
    };
    let mut response = ws::handshake_response(request.head()).finish().drop_body();
    allow(door, request.headers(), response.headers_mut());
    let head = crate::transport::takeover::head(response, &mut codec);
    match asked.sid.as_deref().map(|sid| door.find(sid)) {
        Some(None) => say(door, socket, refused(Fault::UnknownSid.told().1, 400)),
        Some(Some(session)) => match socket.depart() {
            Ok(socket) => session.do_send(Candidate { socket, early, head }),
            Err(error) => log::warn!("a socket cannot be moved to its session: {error}"),
        },
        None => {
            let socket = Rc::new(RefCell::new(socket));
            let inbound = Inbound::new(pump::Reader::new(socket.clone(), early), door.config.max_payload);
            let cut = Rc::new(Cutter(socket.clone()));
            let arrival = arrival(request.headers(), query);
            let begun = door.begin(&arrival, TransportName::WebSocket, Some(cut), |session, ctx| {
                session.way.answer(head);
                session.way.answer(opening(door, &session.sid, vec![]).websocket().clone());
                session.read(inbound, ctx);
            });
            match begun {
                Some((_, outbox)) => drop(actix_rt::spawn(pump::write(socket, outbox))),
                None => socket.borrow().shut(),
            }
        }
    }
}

fn say<T: Socket>(door: &Door, socket: T, words: String) {
    let outbox = pump::last_words(door.node(), words.into());
    actix_rt::spawn(pump::write(Rc::new(RefCell::new(socket)), outbox));
}

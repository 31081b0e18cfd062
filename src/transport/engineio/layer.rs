//! What runs above the sessions of an endpoint.
use super::ClientLink;
use crate::auth::TrustedProxies;
use crate::types::Handshake;
use actix_http::header::HeaderMap;
use actix_web::web::Query;
use bytes::Bytes;
use bytestring::ByteString;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What runs above the sessions of an endpoint.
pub trait Layer: Send + Sync + 'static {
    /// A session has begun: makes its upper half. Called on the session's thread.
    fn open(&self, link: Rc<ClientLink>, arrival: &Arrival<'_>) -> Box<dyn Upper>;

    /// What it is called in metrics and logs.
    fn name(&self) -> &'static str;
}

/// The upper half of one session. Called on the session's thread only.
pub trait Upper: 'static {
    /// A message of text. An error ends the session at once.
    fn text(&mut self, text: ByteString) -> Result<(), Broken>;

    /// A message of bytes. An error ends the session at once.
    fn binary(&mut self, bytes: Bytes) -> Result<(), Broken>;

    /// Ready while another message may be read. What is not read stays in the socket, or holds up the answer to a POST.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready when the messages of a POST that has been read may be called done. A layer that answers each message waits for
    /// its answers, in a bounded time, so that the next poll brings them together.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }

    /// A time that [`ClientLink::wake_after`] asked for is over.
    fn due(&mut self);

    /// The session is over; called once, and nothing after it. The reasons are those that the original gives to its handlers
    /// of `disconnect`: `transport close`, `transport error`, `ping timeout`, `forced close`, `parse error`,
    /// `server shutting down`.
    fn closed(&mut self, reason: &'static str);
}

/// What a client sent breaks the rules of what runs above: why, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

/// The request with which a session began.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) query: &'a str,
    pub(super) peer: Option<SocketAddr>,
    pub(super) is_encrypted: bool,
}

impl<'a> Arrival<'a> {
    /// A header, unless it is no text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All its headers.
    pub fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    /// What stands behind the question mark, as it was sent.
    pub fn query(&self) -> &'a str {
        self.query
    }

    /// The request for handlers, with what trusted proxies say of it.
    pub fn handshake(&self, proxies: &TrustedProxies) -> Handshake {
        let texts = self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let query = Query::<Vec<(String, String)>>::from_query(self.query).map(Query::into_inner).unwrap_or_default();
        let peer = self.peer.map(|peer| peer.ip());
        let forwarded: Vec<&str> =
            self.headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        let address = peer.map(|peer| proxies.client_ip(peer, &forwarded));
        let scheme = peer.and_then(|peer| proxies.forwarded_proto(peer, self.header("x-forwarded-proto")));
        let is_secure = scheme.map_or(self.is_encrypted, |scheme| scheme == "https");
        Handshake::new(texts, query, address, is_secure)
    }

    /// The address that it came from, which may be a proxy's.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }
}

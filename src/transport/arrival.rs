//! How a client connected.
use super::carrier::Carrier;
use super::cut::Encrypted;
use super::encoding::EncodingChoice;
use crate::auth::{TrustedProxies, bearer_token};
use crate::broker::ClientTerms;
use crate::protocol::{Names, TokenPlace, UserNames, Wire};
use crate::types::Handshake;
use actix_http::header::HeaderMap;
use actix_web::HttpRequest;
use actix_web::web::Query;
use std::net::SocketAddr;

/// How a client came: all that its request says and its endpoint knows before there is a session. Both ways in, the WebSocket of
/// commands and Engine.IO, make one for each request, and sessions are made on its terms.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The request with which its connection begins.
    pub head: Head<'a>,
    /// The address that it came from, which may be a proxy's.
    pub peer: Option<SocketAddr>,
    /// Which authenticator its tokens are for; none for that of the section `[auth]`.
    pub authenticator: Option<&'static str>,
    /// What its names of channels mean.
    pub names: &'static dyn Names,
    /// Whether it may bring a new token before its token's end.
    pub refreshes: bool,
    /// How it is written to.
    pub encoding: EncodingChoice,
    /// What takes frames to it.
    pub carrier: Carrier,
}

/// The head of a request, as far as it is a client's own.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// What stands behind the question mark, as it was sent.
    pub query: &'a str,
    /// Whether it came over TLS.
    pub is_encrypted: bool,
}

impl<'a> Arrival<'a> {
    /// A client of an endpoint that speaks these encodings, as commands over WebSocket.
    pub fn of_commands(head: Head<'a>, peer: Option<SocketAddr>, encodings: &[&'static dyn Wire]) -> Self {
        let encoding = EncodingChoice::of(&head, encodings);
        let authenticator = encoding.wire().and_then(|wire| wire.authenticator());
        let names = encoding.wire().map_or(&UserNames as &'static dyn Names, |wire| wire.names());
        // Who has shown a token before there was a connection has no command for another.
        let refreshes = encoding.wire().is_none_or(|wire| wire.token_place().is_none());
        Arrival { head, peer, authenticator, names, refreshes, encoding, carrier: Carrier::WebSocket }
    }

    /// A client of what runs above Engine.IO.
    pub fn of_layer(head: Head<'a>, peer: Option<SocketAddr>, carrier: Carrier) -> Self {
        let ClientTerms { names, authenticator, refreshes } = ClientTerms::default();
        Arrival { head, peer, authenticator, names, refreshes, encoding: EncodingChoice::Layer, carrier }
    }

    /// The terms of its sessions.
    pub fn terms(&self) -> ClientTerms {
        ClientTerms { names: self.names, authenticator: self.authenticator, refreshes: self.refreshes }
    }

    /// The token that came with the request, where it stands here; none where there is none.
    pub fn token(&self, place: TokenPlace) -> Option<String> {
        let in_query = |name: &str| {
            let pairs = Query::<Vec<(String, String)>>::from_query(self.head.query).ok()?.into_inner();
            let mut tokens = pairs.into_iter().filter(|(key, _)| key == name).map(|(_, token)| token);
            // Nobody could tell which of two is meant.
            tokens.next().filter(|_| tokens.next().is_none())
        };
        match place {
            TokenPlace::Header => self.head.bearer(),
            TokenPlace::Query(name) => in_query(name),
            TokenPlace::HeaderOrQuery(name) => self.head.bearer().or_else(|| in_query(name)),
            TokenPlace::Subprotocol => self.head.only_subprotocol().map(str::to_owned),
        }
    }

    /// The subprotocols that may be agreed on: those of the encoding, or the token that stands in the place of one.
    pub fn subprotocols(&self) -> Vec<&'a str> {
        match self.encoding.wire().and_then(|wire| wire.token_place()) {
            Some(TokenPlace::Subprotocol) => self.head.only_subprotocol().into_iter().collect(),
            _ => self.encoding.subprotocols(),
        }
    }

    /// Whether the client came encrypted, to the broker or to a trusted proxy before it.
    pub fn is_encrypted(&self, proxies: &TrustedProxies) -> bool {
        let peer = self.peer.map(|peer| peer.ip());
        let scheme = peer.and_then(|peer| proxies.forwarded_proto(peer, self.head.header("x-forwarded-proto")));
        scheme.map_or(self.head.is_encrypted, |scheme| scheme == "https")
    }

    /// The request for handlers, with what trusted proxies say of it.
    pub fn handshake(&self, proxies: &TrustedProxies) -> Handshake {
        let Head { headers, query, .. } = self.head;
        let texts = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let query = Query::<Vec<(String, String)>>::from_query(query).map(Query::into_inner).unwrap_or_default();
        let peer = self.peer.map(|peer| peer.ip());
        let forwarded: Vec<&str> = headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        let address = peer.map(|peer| proxies.client_ip(peer, &forwarded));
        Handshake::new(texts, query, address, self.is_encrypted(proxies))
    }
}

impl<'a> Head<'a> {
    /// That of a request to an app.
    pub fn of(request: &'a HttpRequest) -> Self {
        let is_encrypted = request.conn_data::<Encrypted>().is_some() || request.app_config().secure();
        Head { headers: request.headers(), query: request.query_string(), is_encrypted }
    }

    /// A header, unless it is no text.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the query has this pair, written just so.
    pub fn has(&self, key: &str, value: &str) -> bool {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).any(|given| given == (key, value))
    }

    /// The subprotocols that the client offers, in its order (RFC 6455, section 11.3.4).
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let lines = self.headers.get_all("sec-websocket-protocol").filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(str::trim)
    }

    /// The subprotocol that the client offers where it offers just one.
    fn only_subprotocol(&self) -> Option<&'a str> {
        let mut offered = self.subprotocols();
        offered.next().filter(|first| !first.is_empty() && offered.next().is_none())
    }

    /// The token of the header `Authorization: Bearer …`.
    fn bearer(&self) -> Option<String> {
        self.header("authorization").and_then(bearer_token).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_http::header::{AUTHORIZATION, HeaderValue};

    /// The tokens of a request by place: the header, the query, the one before the other.
    fn tokens(authorization: Option<&'static str>, query: &str) -> [Option<String>; 3] {
        let mut headers = HeaderMap::new();
        if let Some(text) = authorization {
            headers.insert(AUTHORIZATION, HeaderValue::from_static(text));
        }
        let head = Head { headers: &headers, query, is_encrypted: false };
        let arrival = Arrival::of_layer(head, None, Carrier::Polling);
        [TokenPlace::Header, TokenPlace::Query("token"), TokenPlace::HeaderOrQuery("token")].map(|at| arrival.token(at))
    }

    #[test]
    fn the_header_goes_before_the_query() {
        let some = |token: &str| Some(token.to_owned());
        assert_eq!(tokens(Some("bearer abc"), "token=q"), [some("abc"), some("q"), some("abc")]);
        assert_eq!(tokens(Some("Basic abc"), "EIO=4&token=a%20b"), [None, some("a b"), some("a b")]);
        assert_eq!(tokens(None, "EIO=4"), [None, None, None]);
        assert_eq!(tokens(None, "token=a&token=b"), [None, None, None]);
    }
}

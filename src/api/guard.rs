//! Who may call the API (decision 15).
use super::refusal::Refusal;
use super::wrong_keys::WrongKeys;
use crate::broker::{Node, Settings};
use actix_web::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::web::Query;
use actix_web::{HttpMessage, HttpRequest};
use log::Level;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The header that carries a key.
const KEY_HEADER: &str = "X-API-Key";

#[derive(Default, Deserialize)]
struct Parameters {
    api_key: Option<String>,
}

/// Lets calls of the API in. Cheap to clone; clones share what is known of wrong keys.
#[derive(Clone)]
pub struct Guard {
    node: Node,
    wrong_keys: Arc<WrongKeys>,
}

impl Guard {
    /// The guard of this node's API.
    pub fn new(node: Node) -> Self {
        Guard { node, wrong_keys: Arc::default() }
    }

    /// The node that is called.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Refuses a request by its head alone, before any of its body is read.
    ///
    /// With a key configured: 401 without a right one, and 429 for a while after five wrong ones in a row from one address: then no
    /// key from there is looked at. Keyless: 403 for a page of a foreign origin, which would otherwise publish through a browser
    /// that happens to run beside the broker. Either way 415 for a content type that is not JSON; none at all passes with a key
    /// only, as a page can send such a request without asking first.
    pub fn admit(&self, request: &HttpRequest) -> Result<(), Refusal> {
        let settings = self.node.settings();
        match settings.api_keys.is_keyless() {
            true => same_origin(&self.node, &settings, request)?,
            false => self.key(&settings, request)?,
        }
        plain_content(request.headers())?;
        json_content(request, settings.api_keys.is_keyless())
    }

    /// Whether a request that was admitted would be so under the settings of now. A key that no longer counts is not one more
    /// wrong key.
    pub fn still_admits(&self, request: &HttpRequest) -> bool {
        let settings = self.node.settings();
        match settings.api_keys.is_keyless() {
            true => same_origin(&self.node, &settings, request).is_ok(),
            false => Keys::of(request).admitted_by(&settings),
        }
    }

    fn key(&self, settings: &Settings, request: &HttpRequest) -> Result<(), Refusal> {
        let keys = Keys::of(request);
        // Without an address, as in a test of an app, nobody is known to try again.
        let address = address(settings, request).filter(|_| keys.is_any());
        if let Some(wait) = address.and_then(|address| self.wrong_keys.wait(address, Instant::now())) {
            return Err(Refusal::Slowed(wait));
        }
        if keys.admitted_by(settings) {
            address.iter().for_each(|address| self.wrong_keys.right(*address));
            return Ok(());
        }
        let path = request.path();
        let line = format_args!(
            "an API call to {path:?} without a valid key was rejected: send one of api.key in the header X-API-Key"
        );
        self.node.metrics().log_some(Level::Warn, "api key", line);
        address.iter().for_each(|address| self.note(*address));
        Err(Refusal::Key)
    }

    fn note(&self, address: IpAddr) {
        let noted = self.wrong_keys.wrong(address, Instant::now());
        if noted.is_full {
            self.node.metrics().reached("wrong_keys");
        }
        if let Some(wait) = noted.wait {
            let seconds = wait.as_secs();
            let line = format_args!("wrong API keys from {address}: for {seconds} s no key from there is looked at");
            self.node.metrics().log_some(Level::Warn, "wrong keys", line);
        }
    }
}

/// The keys that a request brings, in the three places where one may be.
struct Keys<'a> {
    header: Option<&'a str>,
    authorization: Option<&'a str>,
    query: Option<String>,
}

impl<'a> Keys<'a> {
    fn of(request: &'a HttpRequest) -> Self {
        let headers = request.headers();
        let parameters = Query::<Parameters>::from_query(request.query_string()).map(Query::into_inner);
        Keys {
            header: text(headers, KEY_HEADER),
            authorization: text(headers, AUTHORIZATION.as_str()),
            query: parameters.unwrap_or_default().api_key,
        }
    }

    fn admitted_by(&self, settings: &Settings) -> bool {
        settings.api_keys.admits(self.header, self.authorization, self.query.as_deref())
    }

    /// Whether it brings any: who has forgotten the key does not guess.
    fn is_any(&self) -> bool {
        let is_key = |key: Option<&str>| key.is_some_and(|key| !key.is_empty());
        let is_scheme =
            |value: &str| value.trim_start().get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("apikey "));
        is_key(self.header) || is_key(self.query.as_deref()) || self.authorization.is_some_and(is_scheme)
    }
}

/// Where the client is; behind a trusted proxy, where that says it is.
fn address(settings: &Settings, request: &HttpRequest) -> Option<IpAddr> {
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let forwarded: Vec<&str> = forwarded.collect();
    request.peer_addr().map(|peer| settings.proxies.client_ip(peer.ip(), &forwarded))
}

fn same_origin(node: &Node, settings: &Settings, request: &HttpRequest) -> Result<(), Refusal> {
    let headers = request.headers();
    // An origin that is no text is none of ours, unlike an absent one.
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let peer = request.peer_addr().map(|peer| peer.ip());
    let forwarded = peer.and_then(|peer| settings.proxies.forwarded_host(peer, text(headers, "x-forwarded-host")));
    let host = forwarded.or_else(|| text(headers, HOST.as_str())).or(authority).unwrap_or_default();
    if settings.origins.admits(origin, host, settings.names_for_api) {
        return Ok(());
    }
    node.log_refused_page("an API call", origin, ", or set api.key");
    Err(Refusal::Origin)
}

/// Bodies are read as they are: an encoding that would have to be undone first is told so (RFC 9110, section 15.5.16).
fn plain_content(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    match headers.get_all(CONTENT_ENCODING).all(is_plain) {
        true => Ok(()),
        false => Err(Refusal::ContentType),
    }
}

fn json_content(request: &HttpRequest, keyless: bool) -> Result<(), Refusal> {
    let named = request.headers().contains_key(CONTENT_TYPE);
    let is_json = matches!(request.mime_type(), Ok(Some(mime)) if mime.essence_str() == "application/json");
    match is_json || !named && !keyless {
        true => Ok(()),
        false => Err(Refusal::ContentType),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

//! Who may call the API (decision 15).
use super::refusal::Refusal;
use crate::broker::{Node, Settings};
use actix_web::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, ORIGIN};
use actix_web::web::Query;
use actix_web::{HttpMessage, HttpRequest};
use log::Level;
use serde::Deserialize;

/// The header that carries a key.
const KEY_HEADER: &str = "X-API-Key";

#[derive(Default, Deserialize)]
struct Parameters {
    api_key: Option<String>,
}

/// Refuses a request by its head alone, before any of its body is read.
///
/// With a key configured: 401 without a right one. Keyless: 403 for a page of a foreign origin, which would otherwise
/// publish through a browser that happens to run beside the broker. Either way 415 for a content type that is not JSON;
/// none at all passes with a key only, as a page can send such a request without asking first.
pub fn admit(node: &Node, request: &HttpRequest) -> Result<(), Refusal> {
    let settings = node.settings();
    let headers = request.headers();
    let keyless = settings.api_keys.is_keyless();
    let parameters = Query::<Parameters>::from_query(request.query_string()).map(Query::into_inner);
    let query = parameters.unwrap_or_default().api_key;
    if !settings.api_keys.admits(text(headers, KEY_HEADER), text(headers, AUTHORIZATION.as_str()), query.as_deref()) {
        let path = request.path();
        let line = format_args!(
            "an API call to {path:?} without a right key was refused: send one of api.key in the header X-API-Key"
        );
        node.metrics().log_some(Level::Warn, "api key", line);
        return Err(Refusal::Key);
    }
    if keyless {
        same_origin(node, &settings, request)?;
    }
    plain_content(headers)?;
    json_content(request, keyless)
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

//! Pages of other origins: those of `auth.origins` may call services, without their cookies (Fetch standard, section 3.3: CORS).
use crate::broker::Node;
use actix_web::HttpRequest;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_REQUEST_HEADERS, HOST, HeaderMap, HeaderValue, ORIGIN, VARY,
};

/// Whether a page may make this request (decision 15); what no page makes may. A refusal is counted and logged.
pub(super) fn admits(node: &Node, request: &HttpRequest) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // An origin that is no text is none of ours, unlike an absent one.
    let origin = request.headers().get(ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let host = text(HOST.as_str()).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    let forwarded = (text("x-forwarded-host"), request.peer_addr().map(|peer| peer.ip()));
    let is_admitted = node.settings().admits_page(origin, host, forwarded);
    if !is_admitted {
        node.refused_page("a call over HTTP", origin);
    }
    is_admitted
}

/// Says in a response that the page which made the request may read it.
pub(super) fn allow(request: &HttpRequest, response: &mut HeaderMap) {
    response.append(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = request.headers().get(ORIGIN) {
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

/// Says besides what such a page may ask for, in the answer to its question before.
pub(super) fn preflight(request: &HttpRequest, response: &mut HeaderMap) {
    response.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"));
    if let Some(asked) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
}

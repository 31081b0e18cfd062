//! Who makes a request.
use super::failure::{Failure, refused};
use crate::auth::{TokenError, access_token, bearer_token};
use crate::broker::Node;
use crate::service::{App, Bearer, ErrorClass, ServiceError};
use crate::types::Identity;
use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;

/// Whose a request is.
pub(super) enum Caller {
    /// Of whom a token of `[auth]` stands for, or nobody's in particular.
    Known(Arc<Identity>),
    /// Of a user who has logged in by the authentication service.
    LoggedIn(Bearer),
}

/// Who calls: by an access token of the authentication service in the header `Authorization`, by a token of `[auth]` as
/// `Authorization: Bearer …`, else nobody in particular, where that is let in. Where no key is configured a token is none of ours, but
/// the application's matter.
pub(super) async fn identify(app: &App, headers: Option<&HeaderMap>) -> Result<Caller, Failure> {
    let node = app.node();
    let authorization = headers.and_then(|headers| headers.get(AUTHORIZATION)).and_then(|value| value.to_str().ok());
    let access = authorization.and_then(access_token).filter(|_| app.takes_access_tokens());
    let refusal = match access {
        Some(token) => match app.bearer(token).await {
            Ok(bearer) => return Ok(Caller::LoggedIn(bearer)),
            Err(error) => Some(error),
        },
        None => None,
    };
    let authenticator = node.settings().authenticators.own().clone();
    match (authorization.and_then(bearer_token).filter(|_| authenticator.has_keys()), refusal) {
        // It may be a token of `[auth]`; what is no token at all is told in the words that clients of the service know.
        (Some(token), refusal) => match (node.authentication().identify(token).await, refusal) {
            (Ok(identity), _) => Ok(Caller::Known(identity)),
            (Err(_), Some(refusal)) => Err(Failure::counted("token", refusal)),
            (Err(error), None) => Err(unknown(node, &error)),
        },
        (None, Some(refusal)) => Err(Failure::counted("token", refusal)),
        (None, None) => match authenticator.guest() {
            Some(guest) => Ok(Caller::Known(guest)),
            None => Err(refused("token", ErrorClass::NotAuthenticated, "Not authenticated")),
        },
    }
}

/// Where the client is, as trusted proxies say.
pub(super) fn address(node: &Node, request: &HttpRequest) -> Option<IpAddr> {
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let peer = request.peer_addr()?.ip();
    Some(node.settings().proxies.client_ip(peer, &forwarded.collect::<Vec<_>>()))
}

fn unknown(node: &Node, error: &TokenError) -> Failure {
    node.log_refused_token("a call over HTTP was refused", error);
    let (class, message) = match error {
        TokenError::Invalid(_) => (ErrorClass::NotAuthenticated, "The token is not valid"),
        TokenError::Expired => (ErrorClass::NotAuthenticated, "The token has expired"),
        TokenError::Unavailable => (ErrorClass::Unavailable, "The token cannot be verified now"),
    };
    Failure::counted("token", ServiceError::new(class, message))
}

/// The headers of a request as hooks see them: names in lower case, several values of one joined. What is no text is left out.
pub(super) fn texts(headers: &HeaderMap) -> Map<String, Value> {
    let texts = |name| headers.get_all(name).filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ");
    headers.keys().map(|name| (name.as_str().to_owned(), texts(name).into())).collect()
}

//! Whose request it is.
use super::failure::{Failure, refused};
use crate::auth::{TokenError, bearer_token};
use crate::broker::Node;
use crate::service::{ErrorClass, ServiceError};
use crate::types::Identity;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Who calls: by a token of `[auth]` in the header `Authorization: Bearer …`, else nobody in particular, where that is let in. Where no
/// key is configured a token is none of ours, but the application's matter.
pub(super) async fn identify(node: &Node, headers: &HeaderMap) -> Result<Arc<Identity>, Failure> {
    let authenticator = node.settings().authenticators.own().clone();
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match authorization.and_then(bearer_token).filter(|_| authenticator.has_keys()) {
        Some(token) => node.authentication().identify(token).await.map_err(|error| unknown(node, &error)),
        None => {
            authenticator.guest().ok_or_else(|| refused("token", ErrorClass::NotAuthenticated, "Not authenticated"))
        }
    }
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

//! The body of a request: JSON.
use super::failure::{Failure, refused};
use crate::service::{ErrorClass, ServiceError};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::web::{BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a body may take to arrive.
const TIME: Duration = Duration::from_secs(30);
/// How many bytes, and for how long, are read of a request that is refused.
const REST: usize = 16 * 1024 * 1024;
const REST_TIME: Duration = Duration::from_secs(5);

/// The data of a call; an empty object where nothing was sent, as with the original.
pub(super) async fn read(request: &HttpRequest, body: &mut Payload, limit: usize) -> Result<Value, Failure> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    let is_named = request.headers().contains_key(CONTENT_TYPE);
    let is_json = matches!(request.mime_type(), Ok(Some(mime)) if mime.essence_str() == "application/json");
    // Bodies are read as they are: one that would have to be unpacked first is refused, too.
    if is_named && !is_json || !request.headers().get_all(CONTENT_ENCODING).all(is_plain) {
        return Err(Failure::content_type());
    }
    if announced(request).is_some_and(|length| length > limit) {
        return Err(Failure::too_large(limit));
    }
    let body = collect(body, limit).await?;
    match body.is_empty() {
        true => Ok(Value::Object(Map::new())),
        // A page may send such a request without asking first.
        false if !is_named => Err(Failure::content_type()),
        false => serde_json::from_slice(&body).map_err(|error| unreadable(&error)),
    }
}

fn announced(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn collect(body: &mut Payload, limit: usize) -> Result<BytesMut, Failure> {
    let collected = async {
        let mut read = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| refused("malformed", ErrorClass::BadRequest, "The body broke off"))?;
            if read.len() + chunk.len() > limit {
                return Err(Failure::too_large(limit));
            }
            read.extend_from_slice(&chunk);
        }
        Ok(read)
    };
    let late = |_| refused("body_time", ErrorClass::Timeout, "The body took too long");
    tokio::time::timeout(TIME, collected).await.map_err(late)?
}

/// Reads what is left of the body of a request that is refused, within bounds. A client that still writes when the connection ends
/// would not see the answer.
pub(super) async fn pass_over(body: &mut Payload) {
    let passed = async {
        let mut left = REST;
        while let Some(Ok(chunk)) = body.next().await {
            match left.checked_sub(chunk.len()) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // One that takes longer finds the connection closed.
    let _ = tokio::time::timeout(REST_TIME, passed).await;
}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::malformed(ServiceError::bad_request(format!("The body is not valid JSON, or nested too deeply: {error}")))
}

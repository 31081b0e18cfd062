//! The bodies of requests.
use super::refusal::Refusal;
use crate::types::Json;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How long a body may take to arrive.
const TIME: Duration = Duration::from_secs(30);
/// How many bytes, and for how long, are read of a request that is refused.
const REST: usize = 16 * 1024 * 1024;
const REST_TIME: Duration = Duration::from_secs(5);

/// What is published.
#[derive(Deserialize)]
pub(super) struct Publication {
    pub event: Event,
    /// The subscriptions that have been told of it by the plugin itself.
    #[serde(default, rename = "notifiedSubscribers")]
    pub notified: Vec<String>,
}

/// An event that is published.
#[derive(Deserialize)]
pub(super) struct Event {
    pub topic: String,
    pub payload: Json,
}

/// What a subscription is for.
#[derive(Deserialize)]
pub(super) struct Topics {
    pub topics: Vec<String>,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read<T: DeserializeOwned>(
    request: &HttpRequest,
    body: &mut Payload,
    limit: usize,
) -> Result<T, Refusal> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Refusal::too_large(limit));
    }
    let body = tokio::time::timeout(TIME, collect(body, limit)).await.map_err(|_| Refusal::too_slow())??;
    serde_json::from_slice(&body).map_err(|error| Refusal::malformed(format!("the body cannot be used: {error}")))
}

async fn collect(body: &mut Payload, limit: usize) -> Result<BytesMut, Refusal> {
    let mut read = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Refusal::malformed("the body broke off"))?;
        if read.len() + chunk.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
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

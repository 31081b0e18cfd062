//! Requests that do not become calls.
use super::method::Malformed;
use crate::metrics::Metrics;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, HttpResponseBuilder};
use std::time::Duration;

/// Why a request does not become a call. What it says is the response's body.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No key, or a wrong one.
    #[error("no key, or a wrong one")]
    Key,
    /// Too many wrong keys came from this address; how much longer it has to wait.
    #[error("too many wrong keys from this address: try again in {} s", seconds(.0))]
    Slowed(Duration),
    /// A page of another origin, where no key is needed.
    #[error("this origin is not in auth.origins")]
    Origin,
    /// Not JSON by its content type.
    #[error("the content type must be application/json")]
    ContentType,
    /// More than `limits.body`.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body did not arrive in time.
    #[error("the body took too long to arrive")]
    TooSlow,
    /// The connection ended within the body.
    #[error("the connection ended before the body was complete")]
    BrokenOff,
    /// The body is no request.
    #[error("bad request: {0}")]
    Malformed(#[from] Malformed),
}

impl Refusal {
    /// Counts the refusal and writes its response.
    pub fn response(&self, metrics: &Metrics) -> HttpResponse {
        let (status, reason) = match self {
            Refusal::Key => (StatusCode::UNAUTHORIZED, "api_key"),
            Refusal::Slowed(_) => (StatusCode::TOO_MANY_REQUESTS, "wrong_keys"),
            Refusal::Origin => (StatusCode::FORBIDDEN, "origin"),
            Refusal::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            Refusal::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_size"),
            Refusal::TooSlow => (StatusCode::REQUEST_TIMEOUT, "body_time"),
            Refusal::BrokenOff | Refusal::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
        };
        Metrics::count(&metrics.refusals, reason);
        match self {
            // Source: Centrifugo answers 401 without a body.
            Refusal::Key => HttpResponse::new(status),
            _ => {
                let mut response = HttpResponseBuilder::new(status);
                if let Refusal::Slowed(wait) = self {
                    response.insert_header((RETRY_AFTER, seconds(wait)));
                }
                response.content_type("text/plain; charset=utf-8").body(format!("{self}\n"))
            }
        }
    }
}

/// Whole seconds, of which the last may be over early.
fn seconds(wait: &Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

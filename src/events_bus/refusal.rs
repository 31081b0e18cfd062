//! Requests that are refused.
use crate::metrics::Metrics;
use crate::service::events_bus::BusError;
use actix_web::http::StatusCode;
use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

/// Why a request is refused: its status, the name of its error in Backstage, and what it says.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
    /// Under which reason it is counted; none for what happens to a client that does as it should.
    reason: Option<&'static str>,
    allowed: Option<&'static str>,
}

impl Refusal {
    fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Refusal { status, name, message: message.into(), reason: None, allowed: None }
    }

    fn counted(self, reason: &'static str) -> Self {
        Refusal { reason: Some(reason), ..self }
    }

    /// What was sent is not what is asked for here.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InputError", message).counted("malformed")
    }

    /// The body is larger than so many bytes.
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeError", message).counted("body_size")
    }

    /// The body takes too long.
    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeoutError", "the body took too long").counted("body_time")
    }

    /// There is no good token.
    pub fn unauthenticated(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AuthenticationError", message).counted("token")
    }

    /// The token is good, and does not allow this.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "NotAllowedError", message).counted("not_allowed")
    }

    /// It may be possible later.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableError", message)
    }

    /// Nothing is at this path.
    pub fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NotFoundError", "Not found").counted("malformed")
    }

    /// The path wants these methods.
    pub fn method(allowed: &'static str) -> Self {
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedError", format!("use {allowed}"));
        Refusal { allowed: Some(allowed), ..refusal.counted("malformed") }
    }

    /// Counts it, and writes its response. Source of the shape: `ErrorResponseBody` of `@backstage/errors`.
    pub fn response(&self, request: &HttpRequest, metrics: &Metrics) -> HttpResponse {
        if let Some(reason) = self.reason {
            Metrics::count(&metrics.refusals, reason);
        }
        let mut response = HttpResponse::build(self.status);
        if let Some(allowed) = self.allowed {
            response.insert_header((ALLOW, allowed));
        }
        response.json(json!({
            "error": {"name": self.name, "message": self.message},
            "request": {"method": request.method().as_str(), "url": request.uri().to_string()},
            "response": {"statusCode": self.status.as_u16()},
        }))
    }
}

impl From<BusError> for Refusal {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Invalid(message) => Refusal::malformed(message),
            BusError::NoSubscription => Refusal::new(StatusCode::NOT_FOUND, "NotFoundError", error.to_string()),
            BusError::Full(_) | BusError::Stopping | BusError::Unreachable => Refusal::unavailable(error.to_string()),
        }
    }
}

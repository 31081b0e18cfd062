//! Requests that are not answered with a result.
use crate::metrics::Metrics;
use crate::service::{ErrorClass, ServiceError};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;

/// Why a request is not answered with a result. The body is the error; its status is the error's code, unless HTTP has a better one.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    /// The error as clients rebuild it.
    pub error: ServiceError,
    /// Under which reason it is counted; none where the service itself has failed.
    reason: Option<&'static str>,
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Failure { status: status(&error), error, reason: None }
    }
}

impl Failure {
    /// What was sent is no call.
    pub fn malformed(error: ServiceError) -> Self {
        Failure::counted("malformed", error)
    }

    /// A request that was refused, counted under this reason.
    pub fn counted(reason: &'static str, error: ServiceError) -> Self {
        Failure { status: status(&error), error, reason: Some(reason) }
    }

    /// The content type is not JSON.
    pub fn content_type() -> Self {
        let error = ServiceError::bad_request("The content type must be application/json");
        Failure { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..Failure::counted("content_type", error) }
    }

    /// The body is larger than so many bytes.
    pub fn too_large(limit: usize) -> Self {
        let error = ServiceError::bad_request(format!("The body is larger than {limit} bytes"));
        Failure { status: StatusCode::PAYLOAD_TOO_LARGE, ..Failure::counted("body_size", error) }
    }

    /// No service is at this path. Source: the words of the original.
    pub fn no_such_page(url: &str) -> Self {
        ServiceError::not_found("Page not found").with_data(serde_json::json!({"url": url})).into()
    }

    /// Counts it, and writes its response.
    pub fn response(&self, metrics: &Metrics) -> HttpResponse {
        if let Some(reason) = self.reason {
            Metrics::count(&metrics.refusals, reason);
        }
        let mut response = HttpResponse::build(self.status);
        let is_early = self.error.class == ErrorClass::TooManyRequests;
        if let Some(seconds) =
            self.error.data.as_ref().and_then(|data| data["retryAfter"].as_u64()).filter(|_| is_early)
        {
            response.insert_header((RETRY_AFTER, seconds));
        }
        response.json(&self.error)
    }
}

fn status(error: &ServiceError) -> StatusCode {
    StatusCode::from_u16(error.class.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// An error of this class and of these words.
pub(super) fn refused(reason: &'static str, class: ErrorClass, message: &'static str) -> Failure {
    Failure::counted(reason, ServiceError::new(class, message))
}

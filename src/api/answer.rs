//! Results and errors as responses.
use super::batch::Batch;
use super::method::Method;
use crate::types::{Json, ReplyError};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

/// Names the way in which a caller wants errors.
const MODE_HEADER: &str = "X-Centrifugo-Error-Mode";

/// Why a call was refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Error {
    /// The number: 100 internal, 102 unknown channel, 103 permission denied, 104 not found, 106 limit exceeded,
    /// 107 bad request, 108 not available, 111 too many requests, 112 unrecoverable position; 400 to 1999 a handler's own.
    pub code: u32,
    /// The reason in words.
    pub message: String,
}

/// Where an error stands in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorMode {
    /// In a body with status 200: `{"error": …}`.
    InBody,
    /// The error is the body, and the status tells its kind.
    Transport,
}

impl From<ReplyError> for Error {
    fn from(error: ReplyError) -> Self {
        Error { code: error.code, message: error.message.into_owned() }
    }
}

impl ErrorMode {
    /// What the request asks for.
    pub fn of(request: &HttpRequest) -> Self {
        match request.headers().get(MODE_HEADER) {
            Some(mode) if mode.as_bytes().eq_ignore_ascii_case(b"transport") => ErrorMode::Transport,
            _ => ErrorMode::InBody,
        }
    }

    /// The response to a call of `method`.
    pub fn response(self, method: &str, outcome: Result<Json, ReplyError>) -> HttpResponse {
        match (self, outcome) {
            (_, Ok(result)) => json(StatusCode::OK, enclosed(method, &result)),
            (ErrorMode::InBody, Err(error)) => written(StatusCode::OK, &InBody { error: error.into() }),
            (ErrorMode::Transport, Err(error)) => written(status(error.code), &Error::from(error)),
        }
    }
}

#[derive(Serialize)]
struct InBody {
    error: Error,
}

/// A batch has no result of its own: its replies stand at the top.
fn enclosed(method: &str, result: &Json) -> Vec<u8> {
    if method == Batch::NAME {
        return result.bytes().to_vec();
    }
    [b"{\"result\":", &result.bytes()[..], b"}"].concat()
}

fn written(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_vec(body) {
        Ok(body) => json(status, body),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn json(status: StatusCode, body: Vec<u8>) -> HttpResponse {
    HttpResponse::build(status).content_type("application/json").body(body)
}

/// The status of an error. Source: Centrifugo's transport error mode; what it does not name is ours.
fn status(code: u32) -> StatusCode {
    match code {
        100 => StatusCode::INTERNAL_SERVER_ERROR,
        101 | 103 => StatusCode::FORBIDDEN,
        102 | 104 => StatusCode::NOT_FOUND,
        105 | 113 => StatusCode::CONFLICT,
        107 | 108 => StatusCode::BAD_REQUEST,
        111 => StatusCode::TOO_MANY_REQUESTS,
        112 => StatusCode::RANGE_NOT_SATISFIABLE,
        // A bound was reached, or a handler has its own reason: the request was understood, and repeating it does not help.
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_status_of_the_contract() {
        for (code, expected) in
            [(100, 500), (102, 404), (103, 403), (104, 404), (106, 422), (107, 400), (108, 400), (111, 429), (112, 416)]
        {
            assert_eq!(status(code).as_u16(), expected, "{code}");
        }
        assert_eq!((status(113).as_u16(), status(1000).as_u16()), (409, 422));
    }
}

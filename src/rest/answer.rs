//! Results as responses.
use crate::service::{Method, Outcome, ServiceError};
use crate::types::Json;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What does not stand in a URL as it is. Source: the package `encodeurl`, which the original uses.
const NOT_IN_URLS: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// The response to a call that succeeded. Fails where a hook has set a status that is none.
pub(super) fn response(method: &Method, outcome: Outcome) -> Result<HttpResponse, ServiceError> {
    let (body, status, location) = match outcome {
        Outcome::Shown { body, status, location } => (body, status, location),
        // It was asked for as it is sent.
        Outcome::Value(value) => (Json::write(&value).unwrap_or_else(|_| Json::null()), None, None),
    };
    let status = match status {
        Some(status) => given(status)?,
        None => usual(method, &body, location.is_some()),
    };
    let mut response = HttpResponse::build(status);
    if let Some(location) = location {
        response.insert_header((LOCATION, utf8_percent_encode(&location, NOT_IN_URLS).to_string()));
    }
    let has_body = ![StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED].contains(&status);
    Ok(match has_body {
        true => response.insert_header((CONTENT_TYPE, "application/json")).body(body.bytes().clone()),
        false => response.finish(),
    })
}

/// The status where no hook has set one. Source: `getStatusCode` of `@feathersjs/transport-commons` 5.
fn usual(method: &Method, body: &Json, has_location: bool) -> StatusCode {
    match method {
        _ if has_location => StatusCode::SEE_OTHER,
        _ if body.is_null() => StatusCode::NO_CONTENT,
        Method::Create => StatusCode::CREATED,
        _ => StatusCode::OK,
    }
}

fn given(status: u16) -> Result<StatusCode, ServiceError> {
    let known = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational());
    known.ok_or_else(|| ServiceError::general_error(format!("A hook has set the status {status}, which is none")))
}

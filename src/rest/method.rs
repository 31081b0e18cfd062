//! Which method of a service a request calls.
use super::failure::Failure;
use crate::service::{Method, ServiceError, ServiceHandle};
use actix_web::HttpRequest;
use actix_web::http::Method as Verb;

/// Names a method of the service's own.
const HEADER: &str = "X-Service-Method";

/// The method that a request calls. Fails with `MethodNotAllowed` for one that the service has not, and for one of every service
/// that the header names.
pub(super) fn called(request: &HttpRequest, service: &ServiceHandle, has_id: bool) -> Result<Method, Failure> {
    let named = request.headers().get(HEADER).filter(|name| !name.is_empty());
    let method = match *request.method() {
        Verb::POST => match named {
            Some(name) => return own(&String::from_utf8_lossy(name.as_bytes()), service),
            None => Method::Create,
        },
        Verb::GET | Verb::HEAD if has_id => Method::Get,
        Verb::GET | Verb::HEAD => Method::Find,
        Verb::PUT => Method::Update,
        Verb::PATCH => Method::Patch,
        Verb::DELETE => Method::Remove,
        ref other => return Err(ServiceError::method_not_allowed(format!("Method {other} not allowed")).into()),
    };
    match service.has(&method) {
        true => Ok(method),
        false => Err(unsupported(method.name())),
    }
}

fn own(name: &str, service: &ServiceHandle) -> Result<Method, Failure> {
    match Method::named(name) {
        method @ Method::Custom(_) if service.has(&method) => Ok(method),
        _ => Err(unsupported(name)),
    }
}

fn unsupported(name: &str) -> Failure {
    ServiceError::method_not_allowed(format!("Method `{name}` is not supported by this endpoint.")).into()
}

//! One request, from its path to its response.
use super::caller::Caller;
use super::failure::Failure;
use super::{Endpoint, answer, body, caller, cors, method, query};
use crate::service::{AUTHENTICATION_PATH, Bearer, Method, Params, ServiceError};
use actix_web::http::Method as Verb;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use std::time::Instant;

/// Answers a request.
pub(super) async fn serve(request: HttpRequest, mut body: Payload, endpoint: Data<Endpoint>) -> HttpResponse {
    let node = endpoint.app.node();
    if !cors::admits(node, &request) {
        let refusal = ServiceError::forbidden("This origin is not in auth.origins");
        body::pass_over(&mut body).await;
        return Failure::from(refusal).response(node.metrics());
    }
    let mut response = match *request.method() {
        Verb::OPTIONS => {
            let mut response = HttpResponse::NoContent().finish();
            cors::preflight(&request, response.headers_mut());
            response
        }
        _ => match call(&endpoint, &request, &mut body).await {
            Ok(response) => response,
            Err(failure) => {
                body::pass_over(&mut body).await;
                failure.response(node.metrics())
            }
        },
    };
    cors::allow(&request, response.headers_mut());
    response
}

async fn call(endpoint: &Endpoint, request: &HttpRequest, body: &mut Payload) -> Result<HttpResponse, Failure> {
    let (started, node) = (Instant::now(), endpoint.app.node());
    let url = || request.uri().path_and_query().map_or("/", |url| url.as_str());
    let resolved = endpoint.resolve(request.uri().path())?;
    let (service, id) = resolved.ok_or_else(|| Failure::no_such_page(url()))?;
    let method = method::called(request, &service, id.is_some())?;
    // Whoever logs in may show a token that is not good any more.
    let is_login = method == Method::Create && service.path() == AUTHENTICATION_PATH;
    let shown = Some(request.headers()).filter(|_| !is_login || !endpoint.app.takes_access_tokens());
    let caller = caller::identify(&endpoint.app, shown).await?;
    let query = query::read(request.query_string())?;
    let data = match takes_data(&method) {
        true => body::read(request, body, endpoint.max_body).await?,
        false => Value::Null,
    };
    // The path of a method without an id may have one, which is passed over, as with the original.
    let id = id.filter(|_| method.has_id());
    let (headers, address) = (caller::texts(request.headers()), caller::address(node, request));
    let params = match caller {
        Caller::Known(identity) => Params::of_request(&identity, headers, address, query),
        Caller::LoggedIn(Bearer { identity, user, authentication }) => {
            Params::of_request(&identity, headers, address, query).of_bearer(user, authentication)
        }
    };
    let outcome = service.ask_for_client(method.clone(), (id, data), params).await;
    node.metrics().rest_call(method.name(), started.elapsed());
    Ok(answer::response(&method, outcome?)?)
}

fn takes_data(method: &Method) -> bool {
    !matches!(method, Method::Find | Method::Get | Method::Remove)
}

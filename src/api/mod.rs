//! The HTTP API, health, readiness and metrics.
//!
//! One file per method: a struct for the request, a struct for the result, and an implementation of `Method` between
//! them. The table in `table` mounts them and describes them in the OpenAPI document.
//!
//! | file | what lives there |
//! |---|---|
//! | `guard`, `wrong_keys` | who may call: key, origin, content type; how fast keys may be tried |
//! | `call` | one call from its request to its response |
//! | `refusal` | requests rejected before they become calls |
//! | `answer` | results and errors as responses, in both error modes |
//! | `method`, `table` | what a method is; all of them |
//! | `tail` | the live tail, whose answer is a stream |
//! | `openapi` | the description of them all |
//! | `health`, `metrics` | endpoints for orchestrators and monitoring |
//! | `draft`, `account`, `target`, `shapes` | parts that several methods share: a publish and what became of it, the target of a command, events and clients |
//!
//! Source: the server API of Centrifugo 6 (methods, fields, error codes), whose libraries use it unchanged.
mod account;
mod answer;
mod batch;
mod broadcast;
mod call;
mod channels;
mod connections;
mod disconnect;
mod draft;
mod emit;
mod guard;
mod health;
mod history;
mod info;
mod method;
mod metrics;
mod openapi;
mod presence;
mod publish;
mod refresh;
mod refusal;
mod revoke;
mod rpc;
mod shapes;
mod signal;
mod single;
mod strapi;
mod subscribe;
mod table;
mod tail;
mod target;
mod unavailable;
mod unsubscribe;
mod wrong_keys;

pub use guard::Guard;

use actix_web::http::header::{ALLOW, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Route};

/// Mounts everything that is served over plain HTTP: a resource a method below `prefix`, `PREFIX/openapi.json`, and
/// `/health`, `/ready` and `/metrics`. Paths that are none of these are left to the app.
pub fn mount(app: &mut ServiceConfig, guard: &Guard, prefix: &str) {
    let node = guard.node().clone();
    let prefix = prefix.trim_end_matches('/');
    for entry in table::METHODS {
        let guard = guard.clone();
        let answer = move |request: HttpRequest, body: Payload| call::method(guard.clone(), entry, request, body);
        app.service(resource(&format!("{prefix}/{}", entry.name), "POST", [web::post().to(answer)]));
    }
    if !prefix.is_empty() {
        let guard = guard.clone();
        let answer = move |request: HttpRequest, body: Payload| call::single(guard.clone(), request, body);
        app.service(resource(prefix, "POST", [web::post().to(answer)]));
    }
    let tailed = guard.clone();
    let answer = move |request: HttpRequest, body: Payload| tail::answer(tailed.clone(), request, body);
    app.service(resource(&format!("{prefix}/{}", tail::NAME), "POST", [web::post().to(answer)]));
    let document = Bytes::from(openapi::document(prefix));
    app.service(readable(&format!("{prefix}/openapi.json"), move || document_response(&document)));
    app.service(readable("/health", health::alive));
    let asked = node.clone();
    app.service(readable("/ready", move || health::ready(&asked)));
    app.service(readable("/metrics", move || metrics::text(&node)));
}

/// The paths that [`mount`] takes.
pub fn paths(prefix: &str) -> Vec<String> {
    let prefix = prefix.trim_end_matches('/');
    let below = table::METHODS.iter().map(|entry| entry.name).chain([tail::NAME, "openapi.json"]);
    let own = (!prefix.is_empty()).then(|| prefix.to_owned());
    let watching = ["/health", "/ready", "/metrics"].map(str::to_owned);
    below.map(|name| format!("{prefix}/{name}")).chain(own).chain(watching).collect()
}

fn readable(path: &str, answer: impl Fn() -> HttpResponse + Clone + 'static) -> Resource {
    let head = answer.clone();
    let get = web::get().to(move || std::future::ready(answer()));
    resource(path, "GET, HEAD", [get, web::head().to(move || std::future::ready(head()))])
}

/// A resource that names its methods where it is asked with another one (RFC 9110, section 15.5.6).
fn resource(path: &str, allowed: &'static str, routes: impl IntoIterator<Item = Route>) -> Resource {
    let other = move || std::future::ready(HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed)).finish());
    let resource = web::resource(path).default_service(web::to(other));
    routes.into_iter().fold(resource, Resource::route)
}

fn document_response(document: &Bytes) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(document.clone())
}

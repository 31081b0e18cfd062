//! The console: a page at `/` that shows a broker and has it do things, all through the HTTP API and under its key.
//!
//! | file | what lives there |
//! |---|---|
//! | `config` | the section `[console]` |
//! | `files` | what is served: the files of `console/` |
//! | `gate` | whose requests are answered |
mod config;
mod files;
mod gate;

pub use config::Config;
pub use gate::Error;

use crate::broker::Node;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use files::{FILES, File};
use serde::Serialize;
use std::sync::Arc;

/// Where the page reads what it is the console of.
const DESCRIPTION: &str = "/console/broker.json";

/// Where clients connect, where that is not the address of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ClientAddress {
    /// Its port; 0 where the system chose a free one.
    pub port: u16,
    /// Whether it speaks TLS.
    pub tls: bool,
}

/// What the page is told of its broker: paths, as they stand in its config.
#[derive(Clone, Debug, Serialize)]
pub struct Paths {
    /// Prefix of the HTTP API.
    pub api: String,
    /// The WebSocket endpoint.
    pub websocket: String,
    /// The endpoints of Socket.IO.
    pub socketio: Vec<String>,
    /// Where clients connect; left out where it is the console's own address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<ClientAddress>,
}

/// What the page is told of its broker.
#[derive(Serialize)]
struct Description<'a> {
    version: &'static str,
    #[serde(flatten)]
    paths: &'a Paths,
    /// Whether the HTTP API asks for a key.
    needs_key: bool,
    /// Whether clients without a token are let in.
    anonymous: bool,
}

/// Mounts the console at `/` and below `/console/`.
pub fn mount(app: &mut ServiceConfig, node: &Node, paths: &Arc<Paths>) {
    for file in FILES {
        serve(app, node, file.path, |node, request| file_response(node, request, file));
    }
    let paths = paths.clone();
    serve(app, node, DESCRIPTION, move |node, _| description(node, &paths));
}

/// The paths that [`mount`] takes.
pub fn paths() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.path).chain([DESCRIPTION])
}

fn serve(
    app: &mut ServiceConfig,
    node: &Node,
    path: &str,
    answer: impl Fn(&Node, &HttpRequest) -> HttpResponse + Clone + 'static,
) {
    let node = node.clone();
    let admitted = move |request: HttpRequest| {
        let response = gate::admit(&node, &request).map(|()| answer(&node, &request));
        std::future::ready(response.unwrap_or_else(refusal))
    };
    let other = || std::future::ready(HttpResponse::MethodNotAllowed().insert_header((ALLOW, "GET, HEAD")).finish());
    let resource = web::resource(path).default_service(web::to(other));
    app.service(resource.route(web::get().to(admitted.clone())).route(web::head().to(admitted)));
}

fn file_response(node: &Node, request: &HttpRequest, file: &File) -> HttpResponse {
    let host = gate::host(&node.settings(), request);
    closed(&mut HttpResponse::Ok())
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, policy(&host)))
        .body(file.text)
}

fn description(node: &Node, paths: &Paths) -> HttpResponse {
    let settings = node.settings();
    let needs_key = !settings.api_keys.is_keyless();
    let anonymous = settings.authenticators.own().guest().is_some();
    let version = env!("CARGO_PKG_VERSION");
    closed(&mut HttpResponse::Ok()).json(Description { version, paths, needs_key, anonymous })
}

fn refusal(error: Error) -> HttpResponse {
    closed(&mut HttpResponse::Forbidden()).content_type("text/plain; charset=utf-8").body(format!("{error}\n"))
}

/// What keeps other pages out of an answer, and caches from keeping it.
fn closed(response: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
}

/// What the page may do (Content Security Policy, level 3): run its own scripts and ask its own host, and write no markup at all
/// from text. Some browsers do not take `'self'` for WebSockets, so these are named, where the host is a plain one.
fn policy(host: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let sockets = match !host.is_empty() && host.chars().all(is_plain) {
        true => format!(" ws://{host} wss://{host}"),
        false => String::new(),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'{sockets}; \
         frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_sockets_of_a_plain_host_and_of_no_other() {
        assert!(policy("[::1]:8000").contains("connect-src 'self' ws://[::1]:8000 wss://[::1]:8000;"));
        for odd in ["", "a; script-src *", "a b", "a,b"] {
            assert!(policy(odd).contains("connect-src 'self';"), "{odd}");
        }
    }
}

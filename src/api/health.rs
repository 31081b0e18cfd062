//! Whether the broker is alive, and whether it may take traffic.
use crate::broker::Node;
use actix_web::HttpResponse;
use serde::Serialize;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<&'static str>,
}

/// The process answers. Says nothing about anything else, so that nobody restarts a broker for what a restart cannot mend.
pub fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok", reasons: vec![] })
}

/// 200 where the broker may take traffic; 503 with the reasons where not.
pub fn ready(node: &Node) -> HttpResponse {
    let stopping = node.connections().is_draining().then_some("the broker is stopping");
    let lost = (!node.registry().is_there()).then_some("the registry has ended");
    let unread =
        (!node.authentication().revocations().is_read()).then_some("what has been revoked has not been read yet");
    let reasons: Vec<_> = stopping.into_iter().chain(lost).chain(unread).chain(node.engine().trouble()).collect();
    match reasons.is_empty() {
        true => HttpResponse::Ok().json(Health { status: "ok", reasons }),
        false => HttpResponse::ServiceUnavailable().json(Health { status: "unavailable", reasons }),
    }
}

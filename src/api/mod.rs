//! The HTTP API, health and metrics.
use crate::broker::Node;
use actix_web::web::ServiceConfig;

/// Mounts everything that is served over plain HTTP.
pub fn mount(app: &mut ServiceConfig, node: Node, prefix: &str) {
    let _ = (app, node, prefix);
}

//! The metrics, for Prometheus to read.
use crate::broker::Node;
use actix_web::HttpResponse;

/// Source: the OpenMetrics specification 1.0, section "Content type".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted, in the OpenMetrics text format.
pub fn text(node: &Node) -> HttpResponse {
    match node.metrics().text() {
        Ok(text) => HttpResponse::Ok().content_type(OPEN_METRICS).body(text),
        Err(error) => {
            log::error!("the metrics could not be written: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

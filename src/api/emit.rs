//! `emit`: an event of a service.
use super::draft::given;
use super::method::Method;
use super::target::Done;
use crate::broker::Node;
use crate::service::App;
use crate::types::{Json, ReplyError};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Emits an event of a service, as the service itself would.
#[derive(Deserialize, ToSchema)]
pub struct Emit {
    /// The path of the service.
    service: Option<String>,
    /// The event, without the path: one that the service lists, or `created`, `updated`, `patched`, `removed`.
    event: Option<String>,
    /// What it brings: any JSON; left out: `null`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Json>,
}

impl Method for Emit {
    type Result = Done;
    const NAME: &'static str = "emit";
    const SUMMARY: &'static str = "Emits an event of a service";
    const REQUEST: &'static str = r#"{"service":"payments","event":"status","data":{"id":1,"status":"completed"}}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Done, ReplyError> {
        let (service, event) = (self.service.unwrap_or_default(), self.event.unwrap_or_default());
        if let Some((field, _)) = [("service", &service), ("event", &event)].iter().find(|(_, text)| text.is_empty()) {
            return Err(ReplyError::missing_field(field));
        }
        let data: Result<Value, _> = self.data.map_or(Ok(Value::Null), |data| data.read());
        let data = data.map_err(|error| ReplyError::bad_field("data", format_args!("cannot be read: {error}")))?;
        let service = App::of(node).and_then(|app| app.service(&service).ok()).ok_or_else(not_found)?;
        if !service.lists(&event) {
            return Err(ReplyError::PERMISSION_DENIED);
        }
        service.emit(&event, data);
        Ok(Done {})
    }
}

/// As for an rpc that no handler takes.
fn not_found() -> ReplyError {
    ReplyError { message: "not found".into(), ..ReplyError::METHOD_NOT_FOUND }
}

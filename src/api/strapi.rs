//! `strapi_raw` and `strapi_emit`: events for the clients of a Strapi application.
use super::draft::given;
use super::method::Method;
use super::target::Done;
use crate::broker::Node;
use crate::service::strapi::Strapi;
use crate::types::{Json, ReplyError};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Emits an event with `{data}` to clients, whatever they may be told: `strapi.$io.raw`.
#[derive(Deserialize, ToSchema)]
pub struct StrapiRaw {
    /// The event; needed.
    event: Option<String>,
    /// What it brings: any JSON; left out: `null`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Json>,
    /// The rooms whose clients get it, each once: `io-role-NAME` and `io-token-NAME` in lower case, or rooms that handlers had them
    /// join. Left out: all clients; an empty list: none.
    rooms: Option<Vec<String>>,
}

impl Method for StrapiRaw {
    type Result = Done;
    const NAME: &'static str = "strapi_raw";
    const SUMMARY: &'static str = "Emits an event to the clients of a Strapi application";
    const REQUEST: &'static str = r#"{"event":"news","data":{"text":"hello"},"rooms":["io-role-editor"]}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Done, ReplyError> {
        let (io, event) = (strapi(node)?, self.event.unwrap_or_default());
        let data = self.data.unwrap_or_else(Json::null);
        let emitted = match self.rooms {
            Some(rooms) => io.raw_to(rooms, &event, data),
            None => io.raw(&event, data),
        };
        emitted.await.map(|()| Done {})
    }
}

/// Emits an event of an entry to the roles and API tokens that permit it: `strapi.$io.emit`.
#[derive(Deserialize, ToSchema)]
pub struct StrapiEmit {
    /// What has happened to the entry, such as `create`: the last part of the event's name and of the permission; needed.
    event: Option<String>,
    /// The uid of its content type; needed.
    schema: Option<String>,
    /// The entry: an object; needed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Json>,
}

impl Method for StrapiEmit {
    type Result = Done;
    const NAME: &'static str = "strapi_emit";
    const SUMMARY: &'static str = "Emits an event of an entry to the roles and API tokens that permit it";
    const REQUEST: &'static str =
        r#"{"event":"create","schema":"api::article.article","data":{"id":1,"title":"hello"}}"#;
    const RESULT: &'static str = "{}";

    async fn answer(self, node: &Node) -> Result<Done, ReplyError> {
        let (io, event) = (strapi(node)?, self.event.unwrap_or_default());
        let data: Value = self.data.map_or(Ok(Value::Null), |data| data.read()).map_err(|_| ReplyError::BAD_REQUEST)?;
        io.emit(&event, &self.schema.unwrap_or_default(), data).await.map(|()| Done {})
    }
}

fn strapi(node: &Node) -> Result<Strapi, ReplyError> {
    let message = "there is no Strapi application: set strapi.roles";
    Strapi::of(node).ok_or(ReplyError { message: message.into(), ..ReplyError::NOT_AVAILABLE })
}

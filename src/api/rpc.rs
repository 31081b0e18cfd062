//! `rpc`: asks a handler.
use super::draft::given;
use super::method::Method;
use crate::broker::Node;
use crate::types::{Json, ReplyError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks the handler of a method.
#[derive(Deserialize, ToSchema)]
pub struct Rpc {
    /// The method.
    method: Option<String>,
    /// What the handler is given: any JSON.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<serde_json::Value>)]
    params: Option<Json>,
}

/// What the handler answered.
#[derive(Serialize, ToSchema)]
pub struct RpcAnswer {
    /// Left out where it answered nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<serde_json::Value>)]
    data: Option<Json>,
}

impl Method for Rpc {
    type Result = RpcAnswer;
    const NAME: &'static str = "rpc";
    const SUMMARY: &'static str = "Asks a handler";
    const REQUEST: &'static str = r#"{"method":"getUser","params":{"id":1}}"#;
    const RESULT: &'static str = r#"{"data":{"name":"Ada"}}"#;

    async fn answer(self, node: &Node) -> Result<RpcAnswer, ReplyError> {
        let method =
            self.method.filter(|method| !method.is_empty()).ok_or_else(|| ReplyError::missing_field("method"))?;
        Ok(RpcAnswer { data: node.handlers().ask(method, self.params).await? })
    }
}

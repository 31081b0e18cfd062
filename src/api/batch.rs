//! `batch`: several calls in one.
use super::answer::Error;
use super::method::{Method, Prepared};
use super::table::METHODS;
use crate::broker::Node;
use crate::types::{Json, ReplyError};
use futures_util::StreamExt;
use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::cell::Cell;
use std::collections::HashMap;
use utoipa::ToSchema;

/// Calls of a parallel batch that are under way at a time.
const PARALLEL: usize = 64;
/// Bytes of replies from which on no more calls are made: what is asked for is small, and what is answered need not be.
const MAX_REPLIES: usize = 64 * 1024 * 1024;

/// Several calls in one.
#[derive(Deserialize, ToSchema)]
pub struct Batch {
    /// At most `limits.batch`, each an object with one member: a method's name, and its request.
    #[schema(value_type = Option<Vec<serde_json::Map<String, serde_json::Value>>>)]
    commands: Option<Vec<Command>>,
    /// Begin all without waiting for the ones before; the replies keep their order.
    parallel: Option<bool>,
}

/// What the calls were answered.
#[derive(Serialize, ToSchema)]
pub struct Replies {
    /// In the order of the commands: each an object with one member, the method's name and its result, or `error`. A call
    /// that comes after 64 MiB of replies is not made and answered with error 106.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<serde_json::Map<String, serde_json::Value>>)]
    replies: Vec<Reply>,
}

/// One call; none where no method is named that can be batched.
struct Command(Option<(&'static str, Prepared)>);

/// What one call was answered.
struct Reply {
    method: &'static str,
    outcome: Result<Json, ReplyError>,
}

impl Method for Batch {
    type Result = Replies;
    const NAME: &'static str = "batch";
    const SUMMARY: &'static str = "Makes several calls";
    const REQUEST: &'static str =
        r#"{"commands":[{"publish":{"channel":"news","data":1}},{"presence":{"channel":"news"}}],"parallel":true}"#;
    const RESULT: &'static str =
        r#"{"replies":[{"publish":{"offset":1,"epoch":"AbCdEfGh"}},{"error":{"code":108,"message":"not available"}}]}"#;

    async fn answer(self, node: &Node) -> Result<Replies, ReplyError> {
        let commands = self.commands.unwrap_or_default();
        if commands.len() > node.limits().batch {
            node.metrics().reached("batch");
            return Err(ReplyError::LIMIT_EXCEEDED);
        }
        let at_once = if self.parallel.unwrap_or_default() { PARALLEL } else { 1 };
        let answered = Cell::new(0);
        let replies = commands.into_iter().map(|command| command.reply(node, &answered));
        Ok(Replies { replies: futures_util::stream::iter(replies).buffered(at_once).collect().await })
    }
}

impl Command {
    async fn reply(self, node: &Node, answered: &Cell<usize>) -> Reply {
        let Some((method, call)) = self.0 else {
            return Reply { method: "", outcome: Err(ReplyError::METHOD_NOT_FOUND) };
        };
        if answered.get() >= MAX_REPLIES {
            return Reply { method, outcome: Err(ReplyError::LIMIT_EXCEEDED) };
        }
        let outcome = call(node.clone()).await;
        answered.set(answered.get() + outcome.as_ref().map_or(0, |result| result.bytes().len()));
        Reply { method, outcome }
    }
}

/// A request of a wrong type makes the whole batch malformed, so that none of it is done.
impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = HashMap::<String, Option<Box<RawValue>>>::deserialize(deserializer)?;
        let named = METHODS.iter().filter(|entry| entry.name != Batch::NAME);
        let found = named.filter_map(|entry| Some((entry, members.get(entry.name)?.as_deref()?))).next();
        let Some((entry, request)) = found else { return Ok(Command(None)) };
        let call =
            (entry.prepare)(request.get()).map_err(|error| D::Error::custom(format!("{}: {error}", entry.name)))?;
        Ok(Command(Some((entry.name, call))))
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match &self.outcome {
            Ok(result) => map.serialize_entry(self.method, result)?,
            Err(error) => map.serialize_entry("error", &Error::from(error.clone()))?,
        }
        map.end()
    }
}

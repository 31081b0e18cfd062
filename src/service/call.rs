//! A call on its way to its service.
use super::app::App;
use super::error::ServiceError;
use super::method::Method;
use super::params::Params;
use crate::broker::handler::{Call, Subject};
use crate::store::Id;
use crate::types::Json;
use bytes::Bytes;
use serde_json::{Map, Value};

/// The bytes that all placeholders of one call may stand for: as a value each of them is a number of its own, some seventy times as
/// large.
const MOST_BINARY: usize = 64 * 1024;

/// A call of a service.
pub struct ServiceCall {
    pub(super) app: App,
    pub(super) method: Method,
    pub(super) input: Input,
    pub(super) params: Params,
    pub(super) purpose: Purpose,
}

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For Rust code: the answer is a value.
    Code,
    /// For a client: the answer is wanted as it is sent.
    Client,
    /// For the authentication service, which alone sees and replaces the hashes of passwords: past hooks and events.
    Vault,
}

/// The arguments of a call.
pub(super) enum Input {
    /// As values: the id and the data, each where the method has one.
    Values(Option<Id>, Value),
    /// As a Socket.IO client sent them: the path, the arguments, the query; and the binary parts that placeholders stand for.
    Sent(Json, Vec<Bytes>),
}

/// What a call has brought.
pub enum Outcome {
    /// The result, for Rust code.
    Value(Value),
    /// What a client is shown.
    Shown {
        /// The result, or what was dispatched in its place.
        body: Json,
        /// The status over HTTP; none for the usual one.
        status: Option<u16>,
        /// Where the client is sent over HTTP.
        location: Option<String>,
    },
}

impl Call for ServiceCall {
    type Answer = Result<Outcome, ServiceError>;

    fn subject(&self) -> Subject {
        Subject { kind: "method of a service", name: self.method.name().into(), session: None }
    }
}

/// The arguments of a call, read.
pub(super) struct Arguments {
    pub id: Option<Id>,
    pub data: Value,
    /// None where the call's params have it.
    pub query: Option<Value>,
}

impl Input {
    /// Reads the arguments. Fails with `BadRequest` for what is nested too deeply, for more binary data than a call may have,
    /// for an id that is none, and for a query that is no object.
    pub fn read(self, method: &Method) -> Result<Arguments, ServiceError> {
        let (args, attachments) = match self {
            Input::Values(id, data) => return Ok(Arguments { id, data, query: None }),
            Input::Sent(args, attachments) => (args, attachments),
        };
        let mut args = args.read::<Vec<Value>>().map_err(|error| {
            log::debug!("the arguments of a call cannot be read: {error}");
            ServiceError::bad_request("The arguments are nested too deeply")
        })?;
        if !attachments.is_empty() {
            let meant =
                args.iter().fold(0, |sum: usize, argument| sum.saturating_add(bytes_meant(argument, &attachments)));
            if meant > MOST_BINARY {
                let message = format!("The binary data of a call may be {MOST_BINARY} bytes at most");
                return Err(ServiceError::bad_request(message));
            }
            args.iter_mut().for_each(|argument| put_buffers(argument, &attachments));
        }
        let mut args = args.into_iter().skip(1);
        let id = match method.has_id() {
            true => Id::read(&args.next().unwrap_or_default())?,
            false => None,
        };
        let has_data = method.arguments() > usize::from(method.has_id());
        let data = if has_data { args.next().unwrap_or_default() } else { Value::Null };
        let query = match args.next().unwrap_or_default() {
            Value::Null => Value::Object(Map::new()),
            query @ Value::Object(_) => query,
            _ => return Err(ServiceError::bad_request("The query must be an object")),
        };
        Ok(Arguments { id, data, query: Some(query) })
    }
}

/// The binary part that a value stands for, where it is a placeholder: empty where there is no such part.
fn placeholder<'a>(members: &Map<String, Value>, attachments: &'a [Bytes]) -> Option<&'a [u8]> {
    if members.get("_placeholder") != Some(&Value::Bool(true)) {
        return None;
    }
    let at = members.get("num").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
    Some(at.and_then(|at| attachments.get(at)).map(|bytes| &bytes[..]).unwrap_or_default())
}

/// How many bytes the placeholders in a value stand for; a part counts as often as it is named.
fn bytes_meant(value: &Value, attachments: &[Bytes]) -> usize {
    let sum = |sum: usize, inner: &Value| sum.saturating_add(bytes_meant(inner, attachments));
    match value {
        Value::Array(items) => items.iter().fold(0, sum),
        Value::Object(members) => match placeholder(members, attachments) {
            Some(bytes) => bytes.len(),
            None => members.values().fold(0, sum),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Puts binary parts where their placeholders stand, in the JSON form that a buffer of Node.js has. Values are at most as deep as
/// serde_json reads them.
fn put_buffers(value: &mut Value, attachments: &[Bytes]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| put_buffers(item, attachments)),
        Value::Object(members) => match placeholder(members, attachments) {
            Some(bytes) => *value = serde_json::json!({"type": "Buffer", "data": bytes}),
            None => members.values_mut().for_each(|member| put_buffers(member, attachments)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(method: Method, args: Value) -> Result<Arguments, ServiceError> {
        Input::Sent(Json::write(&args).expect("a value has a JSON form"), vec![]).read(&method)
    }

    #[test]
    fn each_method_has_its_arguments_in_their_places() {
        let find = read(Method::Find, json!(["messages", {"a": 1}])).expect("they are good");
        assert_eq!((find.id, find.data, find.query), (None, Value::Null, Some(json!({"a": 1}))));
        let patch = read(Method::Patch, json!(["messages", null, {"done": true}])).expect("they are good");
        assert_eq!((patch.id, patch.data, patch.query), (None, json!({"done": true}), Some(json!({}))));
        let update = read(Method::Update, json!(["messages", 1, {"done": true}, {"x": 1}])).expect("they are good");
        assert_eq!((update.id, update.query), (Some(Id::from(1)), Some(json!({"x": 1}))));
        let custom = read(Method::Custom("archive".into()), json!(["messages", {"id": 5}])).expect("they are good");
        assert_eq!(custom.data, json!({"id": 5}));
    }

    #[test]
    fn an_id_that_is_none_and_a_query_that_is_no_object_are_refused() {
        assert!(read(Method::Get, json!(["messages", {"a": 1}])).is_err());
        assert!(read(Method::Find, json!(["messages", [1]])).is_err());
    }

    #[test]
    fn bytes_become_what_node_makes_of_a_buffer() {
        let args = json!(["messages", {"bin": {"_placeholder": true, "num": 0}}]);
        let sent = Input::Sent(Json::write(&args).expect("JSON"), vec![Bytes::from_static(&[1, 2])]);
        let read = sent.read(&Method::Create).expect("they are good");
        assert_eq!(read.data, json!({"bin": {"type": "Buffer", "data": [1, 2]}}));
    }

    #[test]
    fn a_binary_part_counts_as_often_as_it_is_named_and_what_is_too_much_in_all_is_refused() {
        let named = |times: usize, bytes: usize| {
            let args = json!(["messages", vec![json!([{"_placeholder": true, "num": 0}]); times]]);
            Input::Sent(Json::write(&args).expect("JSON"), vec![vec![7; bytes].into()]).read(&Method::Create)
        };
        let half = MOST_BINARY / 2;
        let read = named(2, half).expect("they are good");
        assert_eq!(read.data[1][0]["data"].as_array().map(Vec::len), Some(half));
        for (times, bytes) in [(3, half), (1, MOST_BINARY + 1), (10_000, 1_000_000)] {
            let refused = named(times, bytes).err().expect("it is too much");
            assert_eq!(refused.message, "The binary data of a call may be 65536 bytes at most");
        }
        assert!(named(10_000, 0).is_ok());
    }
}

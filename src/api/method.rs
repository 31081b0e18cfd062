//! What a method of the API is.
use crate::broker::Node;
use crate::types::{Json, ReplyError};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use utoipa::openapi::schema::ComponentsBuilder;

/// A method: its request, which answers itself.
pub trait Method: DeserializeOwned + ToSchema + 'static {
    /// What a call that is not refused is answered.
    type Result: Serialize + ToSchema + 'static;
    /// Its name in paths and batches.
    const NAME: &'static str;
    /// What it does, in one line.
    const SUMMARY: &'static str;
    /// A request, as JSON.
    const REQUEST: &'static str;
    /// What that request may be answered, as JSON.
    const RESULT: &'static str;

    /// Does what is asked for, or says with an error of the contract why not.
    async fn answer(self, node: &Node) -> Result<Self::Result, ReplyError>;
}

/// A call whose request has been read.
pub type Prepared = Box<dyn FnOnce(Node) -> LocalBoxFuture<'static, Result<Json, ReplyError>>>;

/// A method as the table holds it.
pub struct Entry {
    /// [`Method::NAME`].
    pub name: &'static str,
    /// [`Method::SUMMARY`].
    pub summary: &'static str,
    /// [`Method::REQUEST`].
    pub request: &'static str,
    /// [`Method::RESULT`].
    pub result: &'static str,
    /// Reads a request.
    pub prepare: fn(&str) -> Result<Prepared, Malformed>,
    /// Adds the schemas of request and result to a document; answers their names.
    pub describe: fn(ComponentsBuilder) -> (ComponentsBuilder, [String; 2]),
}

/// Why a body is no request. Shown to the caller.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// There is none.
    #[error("the body is empty: a JSON object is required")]
    Empty,
    /// Not text.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// JSON perhaps, but no object.
    #[error("a JSON object is required")]
    NoObject,
    /// No JSON.
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
    /// A field of a wrong type, or a wrong value.
    #[error("field {field:?}: {error}")]
    Field {
        /// Which, as a path: `since.offset`.
        field: String,
        /// Why.
        error: serde_json::Error,
    },
}

impl Entry {
    /// The entry of a method.
    pub const fn of<M: Method>() -> Self {
        Entry {
            name: M::NAME,
            summary: M::SUMMARY,
            request: M::REQUEST,
            result: M::RESULT,
            prepare: prepare::<M>,
            describe: describe::<M>,
        }
    }
}

/// Reads an object. Serde alone would take an array for a struct, too.
pub fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Malformed> {
    match body.trim_start_matches([' ', '\t', '\r', '\n']).chars().next() {
        None => Err(Malformed::Empty),
        Some('{') => serde_json::from_str(body).map_err(|error| located::<T>(body, error)),
        // Where it is no JSON at all, say so instead.
        Some(_) => {
            Err(serde_json::from_str::<serde::de::IgnoredAny>(body).map_or_else(Into::into, |_| Malformed::NoObject))
        }
    }
}

/// The same error with its field, for which the body is read once more; valid bodies are read once.
fn located<T: DeserializeOwned>(body: &str, error: serde_json::Error) -> Malformed {
    if !error.is_data() {
        return Malformed::Syntax(error);
    }
    let mut reader = serde_json::Deserializer::from_str(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(located) if located.path().iter().next().is_some() => {
            Malformed::Field { field: located.path().to_string(), error: located.into_inner() }
        }
        _ => Malformed::Syntax(error),
    }
}

fn prepare<M: Method>(body: &str) -> Result<Prepared, Malformed> {
    let call: M = parse(body)?;
    let answer = |node: Node| async move {
        let result = call.answer(&node).await?;
        Json::write(&result).map_err(|error| {
            log::error!("a result of {} could not be written: {error}", M::NAME);
            ReplyError::INTERNAL
        })
    };
    Ok(Box::new(|node| answer(node).boxed_local()))
}

fn describe<M: Method>(components: ComponentsBuilder) -> (ComponentsBuilder, [String; 2]) {
    let mut inner = Vec::new();
    M::schemas(&mut inner);
    M::Result::schemas(&mut inner);
    let components = components.schemas_from_iter(inner).schema_from::<M>().schema_from::<M::Result>();
    (components, [M::name().into_owned(), M::Result::name().into_owned()])
}

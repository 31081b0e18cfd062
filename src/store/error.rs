//! Why a store could not do what it was asked.
use super::Id;
use serde_json::Value;
use std::borrow::Cow;

/// Why a store could not do what it was asked. The texts are those of Feathers where it has one.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// There is no document of this id that the query matches. In Feathers `NotFound`, 404.
    #[error("No record found for id '{id}'")]
    NotFound {
        /// The id that was asked for.
        id: Id,
    },
    /// The query, the id or the data is none. In Feathers `BadRequest`, 400.
    #[error("{message}")]
    BadRequest {
        /// What is wrong.
        message: Cow<'static, str>,
        /// The part of the query that is wrong, where Feathers tells it: the innermost object with an unknown operator.
        data: Option<Value>,
    },
    /// The store's options do not allow this method for many documents. In Feathers `MethodNotAllowed`, 405.
    #[error("{message}")]
    MethodNotAllowed {
        /// What is not allowed.
        message: Cow<'static, str>,
    },
    /// A document with this id is there already. In Feathers `Conflict`, 409.
    #[error("A record with id '{id}' exists already")]
    Conflict {
        /// The id that is taken.
        id: Id,
    },
    /// A bound of the store is reached. In Feathers `Unavailable`, 503.
    #[error("The store is full: it holds no more than {max} {what}")]
    Full {
        /// The bound.
        max: usize,
        /// What it counts, in English: `records`, `bytes`.
        what: &'static str,
    },
    /// Where the documents live did not answer. In Feathers `Unavailable`, 503.
    #[error("{message}")]
    Unavailable {
        /// What did not answer.
        message: Cow<'static, str>,
    },
}

impl StoreError {
    /// A [`StoreError::BadRequest`] that tells no part of the query.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        StoreError::BadRequest { message: message.into(), data: None }
    }
}

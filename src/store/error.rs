//! Why a store cannot be opened, and why it could not do what it was asked.
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

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The features of this build leave out stores of that kind.
    #[error("stores in {0} are not built in: build with the feature {1}")]
    NotBuiltIn(&'static str, &'static str),
    /// The address is none. It is not repeated, for it may have a password in it.
    #[error("the address of the database cannot be read: {0}")]
    Address(String),
    /// The database does not answer, or lets nobody in.
    #[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
    #[error("the database cannot be opened: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// The file is something else.
    #[error("{path} is not an SQLite database: name another file, or move this one away")]
    NotADatabase {
        /// The file.
        path: String,
    },
    /// PostgreSQL keeps text in another encoding.
    #[error("the database keeps text as {found}: create it with ENCODING 'UTF8'")]
    Encoding {
        /// What it is.
        found: String,
    },
    /// A newer Callboard has written the table.
    #[error(
        "the table {table:?} has schema version {found}, and this Callboard knows versions up to {known}: run the Callboard that wrote \
         it, or restore a backup from before"
    )]
    Newer {
        /// Which table.
        table: String,
        /// Its version.
        found: i64,
        /// The latest version that is known here.
        known: i64,
    },
    /// There is a table of that name that no store has made.
    #[error("the table {table:?} is there already and no store has made it: name another table")]
    Foreign {
        /// Which table.
        table: String,
    },
    /// The name cannot be that of a table.
    #[error(
        "{name:?} cannot be the name of a table: it takes 1 to 63 bytes, no NUL, and no beginning with callboard_ or sqlite_"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A path that cannot have an index.
    #[error(
        "{path:?} cannot be indexed: a path of field names takes 255 bytes at most, and none of its names is a number"
    )]
    Index {
        /// The path.
        path: String,
    },
    /// No thread could be started for the database.
    #[error("no thread for the database: {0}")]
    Thread(#[source] std::io::Error),
    /// The database's thread has ended.
    #[error("the database was closed")]
    Closed,
}

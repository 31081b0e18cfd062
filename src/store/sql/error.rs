//! Why a database cannot be opened, and what a failed statement is to a caller.
use super::connection::{Backend, Failed, Fault};
use crate::store::StoreError;

/// Why a database or a table cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none. It is not repeated, for it may have a password in it.
    #[error("the address of the database cannot be read: {0}")]
    Address(String),
    /// The database does not answer, or lets nobody in.
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

/// What a failure means.
pub(super) fn fault(backend: &dyn Backend, failed: &Failed) -> Fault {
    match failed {
        Failed::Database(error) => error.code().and_then(|code| backend.fault(&code)).unwrap_or(Fault::Refused),
        Failed::Io(_) | Failed::Tls(_) | Failed::Protocol(_) | Failed::WorkerCrashed => Fault::Lost,
        _ => Fault::Refused,
    }
}

/// What a caller is told. Details of the database are for the log only.
pub(super) fn refusal(backend: &dyn Backend, failed: &Failed) -> StoreError {
    let message = match (fault(backend, failed), backend.max_bytes()) {
        (Fault::Full, Some(max)) => return StoreError::Full { max, what: "bytes" },
        (Fault::Full, None) => "The database is full",
        (Fault::Busy, _) => "The database is locked",
        (Fault::Lost, _) => "The database does not answer",
        (Fault::Refused, _) => "The database cannot do this now",
    };
    unavailable(message)
}

pub(super) fn unavailable(message: &'static str) -> StoreError {
    StoreError::Unavailable { message: message.into() }
}

/// A statement that did not end in time.
pub(super) fn timed_out() -> Failed {
    Failed::Io(std::io::ErrorKind::TimedOut.into())
}

/// What stands in a row is not what was put there.
pub(super) fn unreadable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failed {
    Failed::Decode(reason.into())
}

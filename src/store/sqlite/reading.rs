//! Connections that read, for threads that may block.
use crate::store::sql::connection::{
    ANSWERS_WITHIN, Argument, Blocking, Cell, Connection, EachRow, Failed, Patience, Row, Statement,
};
use futures_util::future::{BoxFuture, ready};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, ErrorCode, OpenFlags};
use sqlx::error::{DatabaseError, ErrorKind};
use std::borrow::Cow;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Statements that a connection keeps prepared; each form of a query is one.
const PREPARED: usize = 128;
/// Instructions of SQLite's between two looks at the time.
const LOOK_EVERY: i32 = 1_000;
/// How long a thread that others wait for may read.
const BRIEFLY: Duration = Duration::from_millis(1);

/// How they are opened.
pub(super) struct Reading {
    pub file: PathBuf,
    pub busy_timeout: Duration,
}

impl Blocking for Reading {
    fn connect(&self, patience: Patience) -> Result<Box<dyn Connection>, Failed> {
        let (busy_timeout, within) = match patience {
            Patience::Long => (self.busy_timeout, ANSWERS_WITHIN),
            Patience::Brief => (Duration::ZERO, BRIEFLY),
        };
        // A connection has one thread at a time.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let connection = rusqlite::Connection::open_with_flags(&self.file, flags)?;
            connection.busy_timeout(busy_timeout)?;
            connection.pragma_update(None, "query_only", true)?;
            // Else a statement is compiled anew for each set of arguments, where a partial index might serve some of them.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            Ok(Connected { connection, within })
        };
        Ok(Box::new(open().map_err(failed)?))
    }
}

struct Connected {
    connection: rusqlite::Connection,
    /// How long a statement may take.
    within: Duration,
}

impl Connection for Connected {
    fn stream<'a>(&'a mut self, statement: Statement, each: EachRow<'a>) -> BoxFuture<'a, Result<(), Failed>> {
        Box::pin(ready(self.show(&statement, each)))
    }
}

impl Connected {
    fn show(&self, statement: &Statement, each: EachRow<'_>) -> Result<(), Failed> {
        let end = Instant::now() + self.within;
        self.connection.progress_handler(LOOK_EVERY, Some(move || Instant::now() > end)).map_err(failed)?;
        let mut prepared = self.connection.prepare_cached(&statement.sql).map_err(failed)?;
        bind(&mut prepared, &statement.arguments)?;
        let columns = prepared.column_count();
        let mut rows = prepared.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = (0..columns).map(|at| cell(row.get_ref(at).map_err(failed)?));
            if each(cells.collect::<Result<Row, Failed>>()?).is_break() {
                break;
            }
            // SQLite looks at the time while it searches; here, what looks at the rows may take longer.
            if Instant::now() > end {
                return Err(late());
            }
        }
        Ok(())
    }
}

/// Binds what the parameters name by their numbers, `$1` and so on, in whatever order they stand in the statement.
fn bind(prepared: &mut CachedStatement<'_>, arguments: &[Argument]) -> Result<(), Failed> {
    for at in 1..=prepared.parameter_count() {
        let number = prepared.parameter_name(at).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let argument = number.and_then(|number| arguments.get(number.checked_sub(1)?));
        let bound = match argument {
            Some(Argument::Text(text)) => prepared.raw_bind_parameter(at, text),
            Some(Argument::Whole(number)) => prepared.raw_bind_parameter(at, number),
            Some(Argument::List(texts)) => {
                let list = serde_json::to_string(texts).map_err(|error| Failed::Encode(error.into()))?;
                prepared.raw_bind_parameter(at, list)
            }
            None => return Err(Failed::Encode("a parameter that nothing is bound to".into())),
        };
        bound.map_err(failed)?;
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Result<Cell, Failed> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Whole(number),
        ValueRef::Text(text) => {
            Cell::Text(std::str::from_utf8(text).map_err(|error| Failed::Decode(error.into()))?.into())
        }
        ValueRef::Real(_) | ValueRef::Blob(_) => {
            return Err(Failed::Decode("neither a text nor a whole number".into()));
        }
    })
}

/// A statement took too long.
fn late() -> Failed {
    Failed::Io(std::io::ErrorKind::TimedOut.into())
}

/// The same error as the connection that writes would tell.
fn failed(error: rusqlite::Error) -> Failed {
    match error {
        rusqlite::Error::SqliteFailure(error, _) if error.code == ErrorCode::OperationInterrupted => late(),
        rusqlite::Error::SqliteFailure(error, message) => {
            let message = message.unwrap_or_else(|| error.to_string());
            Failed::Database(Box::new(Refused { code: error.extended_code.to_string(), message }))
        }
        other => Failed::Decode(other.into()),
    }
}

/// What SQLite said. `code` is its extended code.
#[derive(Debug, thiserror::Error)]
#[error("(code: {code}) {message}")]
struct Refused {
    code: String,
    message: String,
}

impl DatabaseError for Refused {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.as_str().into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

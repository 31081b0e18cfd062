//! What SQLite says its own way.
use super::SqliteOptions;
use super::reading::Reading;
use crate::store::OpenError;
use crate::store::sql::connection::{
    Argument, Backend, Blocking, Cell, Connection, Dialect, EachRow, Failed, Fault, Row, Statement,
};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _, TypeInfo, ValueRef};
use std::path::Path;

/// Source: <https://www.sqlite.org/rescode.html>. The low byte of a code is its kind.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const FULL: i32 = 13;
const CANNOT_OPEN: i32 = 14;
const NOT_A_DATABASE: i32 = 26;

/// An SQLite file.
pub(in crate::store) struct Sqlite {
    options: SqliteConnectOptions,
    reading: Reading,
    max_pages: Option<u64>,
    max_bytes: usize,
}

impl Sqlite {
    pub async fn open(file: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let connect = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .busy_timeout(options.busy_timeout)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let reading = Reading { file: file.to_owned(), busy_timeout: options.busy_timeout };
        let mut sqlite = Sqlite { options: connect, reading, max_pages: None, max_bytes: usize::MAX };
        let not_a_database = || OpenError::NotADatabase { path: file.display().to_string() };
        let failed = |failed: Failed| match kind(&failed) {
            Some(NOT_A_DATABASE) => not_a_database(),
            _ => OpenError::Unreachable(failed),
        };
        let mut connection = sqlite.connect().await.map_err(failed)?;
        let page = whole(&mut *connection, "PRAGMA page_size").await.map_err(failed)?.max(1);
        sqlite.max_pages = options.max_bytes.map(|bytes| (bytes / page).max(1));
        let pages = match sqlite.max_pages {
            Some(pages) => pages,
            None => whole(&mut *connection, "PRAGMA max_page_count").await.map_err(failed)?,
        };
        sqlite.max_bytes = usize::try_from(pages.saturating_mul(page)).unwrap_or(usize::MAX);
        Ok(sqlite)
    }
}

async fn whole(connection: &mut dyn Connection, sql: &str) -> Result<u64, Failed> {
    let rows = connection.rows(Statement::new(sql, [])).await?;
    let number = rows.first().and_then(|row| row.first()?.whole());
    number.and_then(|number| u64::try_from(number).ok()).ok_or(Failed::RowNotFound)
}

fn kind(failed: &Failed) -> Option<i32> {
    let code = failed.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xff)
}

impl Backend for Sqlite {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Connection>, Failed>> {
        Box::pin(async move {
            let mut connection: Box<dyn Connection> = Box::new(Connected(self.options.connect().await?));
            if let Some(pages) = self.max_pages {
                // It holds for a connection only.
                connection.say(format!("PRAGMA max_page_count = {pages}")).await?;
            }
            Ok(connection)
        })
    }

    fn fault(&self, code: &str) -> Option<Fault> {
        match code.parse::<i32>().ok()? & 0xff {
            BUSY | LOCKED => Some(Fault::Busy),
            FULL => Some(Fault::Full),
            CANNOT_OPEN => Some(Fault::Lost),
            _ => None,
        }
    }

    fn max_bytes(&self) -> Option<usize> {
        Some(self.max_bytes)
    }

    fn is_on_one_node(&self) -> bool {
        true
    }

    fn label(&self) -> String {
        let name = self.reading.file.file_name().unwrap_or_default();
        format!("sqlite:{}", name.to_string_lossy())
    }

    fn readers(&self) -> usize {
        4
    }

    fn blocking(&self) -> Option<&dyn Blocking> {
        Some(&self.reading)
    }
}

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn facet(&self, label: &str) -> String {
        format!("json_extract(facets, '$.\"{label}\"')")
    }

    fn first_of(&self, label: &str) -> String {
        format!("json_extract(facets, '$.\"{label}\"[0]')")
    }

    fn items_of(&self, label: &str) -> String {
        format!("json_each(facets, '$.\"{label}\"') AS item")
    }

    fn item(&self) -> &'static str {
        "item.value"
    }

    fn head(&self, text: &str, letters: usize) -> String {
        format!("substr({text}, 1, {letters})")
    }

    fn is_cut(&self, key: &str) -> String {
        format!("substr({key}, -2) = char(2) || '~'")
    }

    fn is_one_of(&self, text: &str, number: usize) -> String {
        format!("{text} IN (SELECT value FROM json_each(${number}))")
    }

    fn create_table(&self, table: &str) -> String {
        format!(
            "CREATE TABLE {table} (ord INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, facets TEXT NOT NULL, doc TEXT NOT NULL)"
        )
    }

    fn bound_facets(&self, number: usize) -> String {
        format!("${number}")
    }

    fn begin(&self) -> &'static str {
        "BEGIN IMMEDIATE"
    }

    fn lock_schema(&self) -> Option<&'static str> {
        None
    }

    fn for_update(&self) -> &'static str {
        ""
    }

    fn now(&self) -> &'static str {
        "CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)"
    }

    fn table_exists(&self) -> &'static str {
        "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = $1 COLLATE NOCASE"
    }

    fn indexes(&self) -> &'static str {
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name"
    }
}

struct Connected(SqliteConnection);

impl Connection for Connected {
    fn stream<'a>(&'a mut self, statement: Statement, each: EachRow<'a>) -> BoxFuture<'a, Result<(), Failed>> {
        Box::pin(async move {
            let mut arguments = SqliteArguments::default();
            for argument in statement.arguments {
                let added = match argument {
                    Argument::Text(text) => sqlx::Arguments::add(&mut arguments, text),
                    Argument::Whole(number) => sqlx::Arguments::add(&mut arguments, number),
                    Argument::List(texts) => {
                        let list = serde_json::to_string(&texts).map_err(|error| Failed::Encode(error.into()))?;
                        sqlx::Arguments::add(&mut arguments, list)
                    }
                };
                added.map_err(Failed::Encode)?;
            }
            let mut rows = sqlx::query_with(AssertSqlSafe(statement.sql), arguments).fetch(&mut self.0);
            while let Some(row) = rows.try_next().await? {
                if each(cells(&row)?).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }
}

fn cells(row: &SqliteRow) -> Result<Row, Failed> {
    let cell = |at: usize| {
        let value = row.try_get_raw(at)?;
        let is_text = value.type_info().name() == "TEXT";
        Ok(match (value.is_null(), is_text) {
            (true, _) => Cell::Null,
            (false, true) => Cell::Text(row.try_get_unchecked(at)?),
            (false, false) => Cell::Whole(row.try_get_unchecked(at)?),
        })
    };
    (0..row.len()).map(cell).collect()
}

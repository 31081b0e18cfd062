//! What PostgreSQL says its own way.
use crate::store::OpenError;
use crate::store::sql::connection::{
    Argument, Backend, Cell, Connection, Dialect, EachRow, Failed, Fault, Row, Statement,
};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row as _, TypeInfo, ValueRef};
use std::time::Duration;
use tokio::time::timeout;

/// How long the server may take at the start.
const OPENS_WITHIN: Duration = Duration::from_secs(10);

/// A database of PostgreSQL.
pub(super) struct Postgres(PgConnectOptions);

impl Postgres {
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(|error: Failed| OpenError::Address(error.to_string()))?;
        let postgres = Postgres(options.application_name("callboard").disable_statement_logging());
        let encoding = timeout(OPENS_WITHIN, postgres.encoding()).await;
        let late = |_| Err(Failed::Io(std::io::ErrorKind::TimedOut.into()));
        match encoding.unwrap_or_else(late).map_err(OpenError::Unreachable)? {
            utf8 if utf8 == "UTF8" => Ok(postgres),
            found => Err(OpenError::Encoding { found }),
        }
    }

    async fn encoding(&self) -> Result<String, Failed> {
        let mut connection = self.connect().await?;
        let rows = connection.rows(Statement::new("SELECT current_setting('server_encoding')", [])).await?;
        let encoding = rows.into_iter().next().and_then(|row| row.into_iter().next()?.into_text());
        encoding.ok_or(Failed::RowNotFound)
    }
}

impl Backend for Postgres {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Connection>, Failed>> {
        Box::pin(async move { Ok(Box::new(Connected(self.0.connect().await?)) as Box<dyn Connection>) })
    }

    /// Source: PostgreSQL's documentation, appendix A.
    fn fault(&self, code: &str) -> Option<Fault> {
        match code {
            // Disk full.
            "53100" => Some(Fault::Full),
            // Too many connections; serialization failure, deadlock, lock not available.
            "53300" | "40001" | "40P01" | "55P03" => Some(Fault::Busy),
            // Shut down, crashed, not yet up.
            "57P01" | "57P02" | "57P03" => Some(Fault::Lost),
            other if other.starts_with("08") => Some(Fault::Lost),
            _ => None,
        }
    }

    fn max_bytes(&self) -> Option<usize> {
        None
    }

    fn is_on_one_node(&self) -> bool {
        false
    }

    fn label(&self) -> String {
        // One that is not named is that of the user.
        format!("postgres:{}", self.0.get_database().unwrap_or_else(|| self.0.get_username()))
    }

    fn readers(&self) -> usize {
        8
    }
}

impl Dialect for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn facet(&self, label: &str) -> String {
        format!("((facets ->> '{label}') COLLATE \"C\")")
    }

    fn first_of(&self, label: &str) -> String {
        format!("((facets -> '{label}' ->> 0) COLLATE \"C\")")
    }

    fn items_of(&self, label: &str) -> String {
        format!(
            "jsonb_array_elements_text(CASE WHEN jsonb_typeof(facets -> '{label}') = 'array' \
             THEN facets -> '{label}' ELSE '[]'::jsonb END) AS item(value)"
        )
    }

    fn item(&self) -> &'static str {
        "(item.value COLLATE \"C\")"
    }

    fn head(&self, text: &str, letters: usize) -> String {
        format!("left({text}, {letters})")
    }

    fn is_cut(&self, key: &str) -> String {
        format!("right({key}, 2) = chr(2) || '~'")
    }

    fn is_one_of(&self, text: &str, number: usize) -> String {
        format!("{text} = ANY(${number})")
    }

    fn create_table(&self, table: &str) -> String {
        format!(
            "CREATE TABLE {table} (ord BIGINT PRIMARY KEY, key TEXT COLLATE \"C\" NOT NULL UNIQUE, facets JSONB NOT NULL, \
             doc TEXT NOT NULL)"
        )
    }

    fn bound_facets(&self, number: usize) -> String {
        format!("CAST(${number}::text AS jsonb)")
    }

    fn begin(&self) -> &'static str {
        "BEGIN"
    }

    fn lock_schema(&self) -> Option<&'static str> {
        // Any number that nobody else takes.
        Some("SELECT pg_advisory_xact_lock(7310590342874531)")
    }

    fn for_update(&self) -> &'static str {
        "FOR UPDATE"
    }

    fn now(&self) -> &'static str {
        "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
    }

    fn table_exists(&self) -> &'static str {
        "SELECT 1::bigint FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1"
    }

    fn indexes(&self) -> &'static str {
        "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = $1 ORDER BY indexname"
    }
}

struct Connected(PgConnection);

impl Connection for Connected {
    fn stream<'a>(&'a mut self, statement: Statement, each: EachRow<'a>) -> BoxFuture<'a, Result<(), Failed>> {
        Box::pin(async move {
            let mut arguments = PgArguments::default();
            for argument in statement.arguments {
                let added = match argument {
                    Argument::Text(text) => sqlx::Arguments::add(&mut arguments, text),
                    Argument::Whole(number) => sqlx::Arguments::add(&mut arguments, number),
                    Argument::List(texts) => sqlx::Arguments::add(&mut arguments, texts),
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

fn cells(row: &PgRow) -> Result<Row, Failed> {
    let cell = |at: usize| {
        let value = row.try_get_raw(at)?;
        Ok(match (value.is_null(), value.type_info().name()) {
            (true, _) => Cell::Null,
            (false, "INT8") => Cell::Whole(row.try_get(at)?),
            (false, "TEXT") => Cell::Text(row.try_get(at)?),
            // The lock that opening takes answers nothing.
            (false, _) => Cell::Null,
        })
    };
    (0..row.len()).map(cell).collect()
}

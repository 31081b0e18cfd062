//! A database of a test's own, as another program sees it that has a connection to it.
use crate::harness::postgres::Postgres;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, Row};
use std::time::Duration;
use tempfile::TempDir;

/// How long a broker may take with notes that are overdue.
const PATIENCE: Duration = Duration::from_secs(60);

/// A kind of database.
#[derive(Clone, Copy)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database, which is empty at first.
pub struct Database {
    /// Its address for a store.
    pub address: String,
    stranger: Stranger,
    _folder: Option<TempDir>,
}

enum Stranger {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    pub async fn new(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("test.db");
                let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
                let stranger = Stranger::Sqlite(options.connect().await.expect("a connection"));
                Database { address: format!("sqlite:{}", file.display()), stranger, _folder: Some(folder) }
            }
            Kind::Postgres => {
                let address = Postgres::shared().new_database().await;
                let stranger = Stranger::Postgres(PgConnection::connect(&address).await.expect("a connection"));
                Database { address, stranger, _folder: None }
            }
        }
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &'static str) {
        match &mut self.stranger {
            Stranger::Sqlite(stranger) => drop(stranger.execute(sql).await.expect("a statement")),
            Stranger::Postgres(stranger) => drop(stranger.execute(sql).await.expect("a statement")),
        }
    }

    /// The number that a query answers.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match &mut self.stranger {
            Stranger::Sqlite(stranger) => stranger.fetch_one(sql).await.expect("a row").get(0),
            Stranger::Postgres(stranger) => stranger.fetch_one(sql).await.expect("a row").get(0),
        }
    }

    /// The time by the database's clock, in milliseconds.
    pub async fn now(&mut self) -> i64 {
        let sql = match self.stranger {
            Stranger::Sqlite(_) => "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)",
            Stranger::Postgres(_) => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        };
        self.number(sql).await
    }

    /// The paths of the notes, each with whether it is ready.
    pub async fn notes(&mut self) -> Vec<(String, bool)> {
        let sql = "SELECT path, body IS NOT NULL FROM callboard_outbox ORDER BY path";
        match &mut self.stranger {
            Stranger::Sqlite(stranger) => {
                let rows = stranger.fetch_all(sql).await.expect("the notes");
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
            Stranger::Postgres(stranger) => {
                let rows = stranger.fetch_all(sql).await.expect("the notes");
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        }
    }

    /// Waits for a broker to settle all notes.
    pub async fn until_no_notes_are_left(&mut self) {
        let waits = async {
            while !self.notes().await.is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waits).await.expect("the notes are settled");
    }
}

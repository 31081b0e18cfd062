//! Stores in an SQLite file.
mod backend;
mod reading;

use super::query::Path;
use super::sql::Database;
use super::{OpenError, SqlTable, Store, StoreOptions, UndeclaredIndex};
pub(super) use backend::Sqlite;
use std::fmt;
use std::path;
use std::sync::Arc;
use std::time::Duration;

/// How a file is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How many bytes the file takes at most; more is [`Full`](super::StoreError::Full). Default: as many as SQLite takes.
    pub max_bytes: Option<u64>,
    /// How long a call waits for another process that writes. Default 5 s.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions { max_bytes: None, busy_timeout: Duration::from_secs(5) }
    }
}

/// An SQLite file, in which any number of services have their tables. Clones are the same one.
///
/// It is kept with a write-ahead log that each transaction is synced to, so what was answered is on the disk. One connection writes,
/// four read; other processes may use the file, too.
///
/// ```
/// use callboard::store::query::Path;
/// use callboard::store::{CallOptions, Query, Select, SqliteDatabase, Store, StoreOptions, documents};
/// use serde_json::json;
///
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("callboard.db");
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let database = SqliteDatabase::open(file).await?;
/// let indexes = [Path::parse("company_id")?];
/// let messages = database.store("messages", StoreOptions::default(), &indexes).await?;
///
/// let text = documents(json!({ "text": "hello", "company_id": 7 }))?;
/// messages.create(text, Select::all(), CallOptions::default()).await?;
/// let found = messages.find(Query::read(r#"{ "company_id": 7 }"#)?, CallOptions::default()).await?;
/// assert_eq!(found.into_documents()[0]["text"], "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SqliteDatabase(Arc<Database>);

impl SqliteDatabase {
    /// Opens a file, or makes it where there is none.
    ///
    /// [`OpenError::NotADatabase`] for another kind of file, [`OpenError::Unreachable`] where it cannot be read and written.
    pub async fn open(file: impl AsRef<path::Path>) -> Result<Self, OpenError> {
        Self::open_with(file, SqliteOptions::default()).await
    }

    /// The same with options.
    pub async fn open_with(file: impl AsRef<path::Path>, options: SqliteOptions) -> Result<Self, OpenError> {
        let backend = Sqlite::open(file.as_ref(), options).await?;
        Ok(SqliteDatabase(Database::start(Arc::new(backend))?))
    }

    /// Opens a table of documents, with indexes for conditions on these paths. A table that is not there is made, one of an older
    /// version is brought to that of here.
    ///
    /// [`OpenError::Newer`] for a table that a newer version has written, [`OpenError::Foreign`] for one that is no store's,
    /// [`OpenError::Name`] and [`OpenError::Index`] for what cannot be a name or a path here.
    pub async fn table(&self, table: &str, indexes: &[Path]) -> Result<SqlTable, OpenError> {
        self.0.table(table, indexes).await
    }

    /// The indexes that stores once made of tables opened here, and that no [`table`](Self::table) of this database has declared since it
    /// was opened. They cost time with each write. None of them is dropped, since another node or program may declare it. Fails where
    /// the database cannot be read.
    ///
    /// ```
    /// use callboard::store::SqliteDatabase;
    /// use callboard::store::query::Path;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let file = folder.path().join("callboard.db");
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// SqliteDatabase::open(&file).await?.table("messages", &[Path::parse("company_id")?]).await?;
    /// // The next version of the program asks for other fields.
    /// let database = SqliteDatabase::open(&file).await?;
    /// database.table("messages", &[Path::parse("author_id")?]).await?;
    /// let found = database.undeclared_indexes().await?;
    /// assert_eq!((found[0].table.as_str(), found[0].field.as_str()), ("messages", "company_id"));
    /// assert!(found[0].removal.starts_with("DROP INDEX "));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn undeclared_indexes(&self) -> Result<Vec<UndeclaredIndex>, OpenError> {
        self.0.undeclared().await
    }

    /// A store of its own of such a table.
    pub async fn store(
        &self,
        table: &str,
        options: StoreOptions,
        indexes: &[Path],
    ) -> Result<impl Store + Clone + use<>, OpenError> {
        Ok(self.table(table, indexes).await?.store(options))
    }
}

impl fmt::Debug for SqliteDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteDatabase").finish_non_exhaustive()
    }
}

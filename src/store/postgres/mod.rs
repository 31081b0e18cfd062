//! Stores in PostgreSQL.
mod backend;

use super::query::Path;
use super::sql::Database;
use super::{OpenError, SqlTable, Store, StoreOptions, UndeclaredIndex};
use backend::Postgres;
use std::fmt;
use std::sync::Arc;

/// A database of PostgreSQL 14 or later, in which any number of services have their tables. Clones are the same one.
///
/// One connection writes and eight read. Other nodes may use the database, too; writes to one table are done one transaction after
/// the other, whichever node they come from.
#[derive(Clone)]
pub struct PostgresDatabase(Arc<Database>);

impl PostgresDatabase {
    /// Opens a database by its address, such as `postgres://user:password@host:5432/database?sslmode=verify-full`.
    ///
    /// [`OpenError::Address`] for an address that is none, [`OpenError::Unreachable`] where the server does not answer or lets
    /// nobody in, [`OpenError::Encoding`] for a database that does not keep text as UTF-8.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Ok(PostgresDatabase(Database::start(Arc::new(Postgres::open(url).await?))?))
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

impl fmt::Debug for PostgresDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresDatabase").finish_non_exhaustive()
    }
}

//! Stores by address: what several services name alike, they share.
#[cfg(feature = "store-postgres")]
use super::PostgresDatabase;
#[cfg(feature = "store-sqlite")]
use super::SqliteDatabase;
use super::address::Place;
use super::query::Path;
use super::{MemoryStore, OpenError, Store, StoreAddress, StoreOptions, Table, UndeclaredIndex};
use std::collections::HashMap;
use std::path;
#[cfg(feature = "store-sqlite")]
use std::path::PathBuf;
use std::sync::Arc;

/// The stores of a broker, as they are opened. Those of one address share its database, and those of one table its documents, each
/// with options of its own.
#[derive(Default)]
pub struct Stores {
    tables: HashMap<String, Table>,
    #[cfg(feature = "store-sqlite")]
    files: HashMap<PathBuf, SqliteDatabase>,
    #[cfg(feature = "store-postgres")]
    servers: HashMap<String, PostgresDatabase>,
}

impl Stores {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a store of this table, which is made where it is not there yet. `indexes` are the fields that queries ask for most; in
    /// memory they make no difference. Fails where the address cannot be reached or used.
    pub async fn open(
        &mut self,
        address: &StoreAddress,
        table: &str,
        options: StoreOptions,
        indexes: &[Path],
    ) -> Result<Arc<dyn Store>, OpenError> {
        match address.place() {
            Place::Memory => {
                let table = self.tables.entry(table.to_owned()).or_default();
                Ok(Arc::new(MemoryStore::over(table.clone(), options)))
            }
            Place::Sqlite(file) => self.in_file(file, table, options, indexes).await,
            Place::Postgres(url) => self.on_server(url, table, options, indexes).await,
        }
    }

    /// The indexes that stores once made of the tables opened here, and that none of these stores declares. None is dropped, since another
    /// node or program may declare it. Fails where a database cannot be read.
    pub async fn undeclared_indexes(&self) -> Result<Vec<UndeclaredIndex>, OpenError> {
        #[cfg_attr(not(any(feature = "store-sqlite", feature = "store-postgres")), allow(unused_mut))]
        let mut all = vec![];
        #[cfg(feature = "store-sqlite")]
        for database in self.files.values() {
            all.extend(database.undeclared_indexes().await?);
        }
        #[cfg(feature = "store-postgres")]
        for database in self.servers.values() {
            all.extend(database.undeclared_indexes().await?);
        }
        Ok(all)
    }

    #[cfg(feature = "store-sqlite")]
    async fn in_file(
        &mut self,
        file: &path::Path,
        table: &str,
        options: StoreOptions,
        indexes: &[Path],
    ) -> Result<Arc<dyn Store>, OpenError> {
        // A file may be written in several ways; one that is not there yet is there when it is open.
        let known = std::fs::canonicalize(file).ok().and_then(|file| self.files.get(&file));
        let database = match known {
            Some(database) => database.clone(),
            None => {
                let database = SqliteDatabase::open(file).await?;
                let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
                self.files.entry(file).or_insert(database).clone()
            }
        };
        Ok(Arc::new(database.store(table, options, indexes).await?))
    }

    #[cfg(not(feature = "store-sqlite"))]
    async fn in_file(
        &mut self,
        _: &path::Path,
        _: &str,
        _: StoreOptions,
        _: &[Path],
    ) -> Result<Arc<dyn Store>, OpenError> {
        Err(OpenError::NotBuiltIn("SQLite", "store-sqlite"))
    }

    #[cfg(feature = "store-postgres")]
    async fn on_server(
        &mut self,
        url: &str,
        table: &str,
        options: StoreOptions,
        indexes: &[Path],
    ) -> Result<Arc<dyn Store>, OpenError> {
        let database = match self.servers.get(url) {
            Some(database) => database.clone(),
            None => {
                let database = PostgresDatabase::open(url).await?;
                self.servers.entry(url.to_owned()).or_insert(database).clone()
            }
        };
        Ok(Arc::new(database.store(table, options, indexes).await?))
    }

    #[cfg(not(feature = "store-postgres"))]
    async fn on_server(&mut self, _: &str, _: &str, _: StoreOptions, _: &[Path]) -> Result<Arc<dyn Store>, OpenError> {
        Err(OpenError::NotBuiltIn("PostgreSQL", "store-postgres"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CallOptions, Found, Query, Select, documents};
    use serde_json::json;

    #[actix_rt::test]
    async fn stores_of_one_table_share_its_documents_and_keep_their_own_options() {
        let mut stores = Stores::new();
        let memory = StoreAddress::parse("memory").expect("an address");
        let named = |id: &str| StoreOptions { id: id.into(), ..StoreOptions::default() };
        let one = stores.open(&memory, "notes", named("id"), &[]).await.expect("it opens");
        let same = stores.open(&memory, "notes", named("id"), &[]).await.expect("it opens");
        let other = stores.open(&memory, "others", named("_id"), &[]).await.expect("it opens");
        let text = documents(json!({"text": "a"})).expect("a document");
        one.create(text, Select::all(), CallOptions::default()).await.expect("it fits");
        let count = async |store: &Arc<dyn Store>| match store.find(Query::default(), CallOptions::default()).await {
            Ok(Found::All(all)) => all.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((count(&same).await, count(&other).await), (1, 0));
        assert_eq!(other.options().id, "_id");
    }
}

//! Stores: where the documents of services live, behind one trait.
//!
//! # The rules
//! A [`Store`] implements the six methods of a service with Feathers' queries, pages and errors. Source:
//! `@feathersjs/memory` 5, `@feathersjs/adapter-commons` 5 and, for what a condition matches, `sift` 17. `tests/store` runs one
//! suite over every store. The rules:
//!
//! * **A query also applies to an id.** `get`, `update`, `patch` and `remove` of an id whose document the query does not match
//!   answer [`StoreError::NotFound`], and nothing is written. The answer to a write is the new document, even if it no longer
//!   matches.
//! * **All or nothing.** A write of many documents is done for all of them or for none.
//! * **Many only where allowed.** Without [`StoreOptions::multi`] a write of many is [`StoreError::MethodNotAllowed`]. It ignores
//!   pages, `$limit`, `$skip` and `$sort`, and answers with all documents that matched before it.
//! * **Answers are copies.** Changing one does not change the store.
//! * **The id is always there.** `$select` keeps it, no write changes it. The text `"1"` and the number 1 identify the same document; it
//!   keeps the id with which it was created.
//! * **Ids are unique.** Creating a document under an id that exists is [`StoreError::Conflict`]; the original
//!   replaces what was there.
//! * **Names are opaque.** Dots separate a path and `$` begins an operator; any other text, including `__proto__`, is an ordinary name.
//! * **The order** of results without `$sort` is that of the original: ids that are whole numbers below 2³²-1 ascending,
//!   then the others as they were created.
//! * **A store answers as every other.** [`MemoryStore`], [`SqliteDatabase`] and [`PostgresDatabase`] find the same documents in the
//!   same order.
//! * **Input is bounded.** A query is at most [`Query::MAX_DEPTH`] levels deep, a document [`MAX_DOCUMENT_DEPTH`], and
//!   [`StoreOptions::max_document_bytes`] large.
//!
//! ```
//! use callboard::store::{CallOptions, Found, MemoryStore, Query, Select, Store, StoreOptions, documents};
//! use serde_json::json;
//!
//! # tokio_test(async {
//! let store = MemoryStore::new(StoreOptions::default());
//! let text = documents(json!({ "text": "hello", "stars": 3 }))?;
//! store.create(text, Select::all(), CallOptions::default()).await?;
//!
//! let query = Query::read(r#"{ "stars": { "$gt": 2 }, "$select": ["text"] }"#)?;
//! let found = store.find(query, CallOptions::default()).await?;
//! assert_eq!(serde_json::to_value(found).unwrap(), json!([{ "id": 0, "text": "hello" }]));
//! # Ok::<(), callboard::store::StoreError>(())
//! # }).unwrap();
//! # fn tokio_test<T>(future: impl Future<Output = T>) -> T {
//! #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
//! # }
//! ```
mod address;
mod document;
mod error;
mod id;
mod memory;
mod nesting;
mod options;
mod outbox;
#[cfg(feature = "store-postgres")]
mod postgres;
pub mod query;
mod size;
#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
mod sql;
#[cfg(feature = "store-sqlite")]
mod sqlite;
mod stores;
mod undeclared;

pub use address::{NoAddress, StoreAddress};
pub use document::{Document, Documents, Found, MAX_DOCUMENT_DEPTH, Page, document, documents, replacement};
pub use error::{OpenError, StoreError};
pub use id::Id;
pub use memory::{MemoryStore, Table};
pub use options::{CallOptions, Multi, Paginate, StoreOptions, Write};
pub use outbox::{Dispatch, Draft, Note, Outbox, Plain};
#[cfg(feature = "store-postgres")]
pub use postgres::PostgresDatabase;
pub use query::{Query, Select};
#[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
pub use sql::{SqlStore, SqlTable};
#[cfg(feature = "store-sqlite")]
pub use sqlite::{SqliteDatabase, SqliteOptions};
pub use stores::Stores;
pub use undeclared::UndeclaredIndex;

use crate::metrics::Metrics;
use crate::types::{BoxFuture, Json, JsonError};
use std::sync::Arc;

/// What a store answers, now or later.
pub type StoreFuture<T> = BoxFuture<Result<T, StoreError>>;

/// Documents of one service, or of several that share them.
///
/// Whatever a method is given is parsed: [`Query::read`], [`Select::read`], [`Id::read`], [`documents`], [`document`] and
/// [`replacement`] refuse what came over a wire and is none. Every method may answer [`StoreError::Unavailable`] where the
/// documents live elsewhere.
pub trait Store: Send + Sync + 'static {
    /// The options that the store was opened with.
    fn options(&self) -> &StoreOptions;

    /// Whether what is stored is on this node alone: other nodes have documents of their own.
    fn is_on_one_node(&self) -> bool;

    /// Where the events of writes are noted; none where a crash loses the documents, too.
    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        None
    }

    /// The same documents for calls of any thread, where to ask for some takes that thread about a millisecond at most; none where it
    /// may take longer.
    fn anywhere(&self) -> Option<Arc<dyn Store>> {
        None
    }

    /// The same store, whose first write notes this event in its transaction; none where there is no outbox.
    fn noting(&self, draft: Draft) -> Option<Arc<dyn Store>> {
        let _ = draft;
        None
    }

    /// Has these metrics tell how many calls wait for the store, and how often one was refused because too many did. Does nothing where
    /// no call waits. The first metrics stay: a store tells those of one broker.
    fn watch(&self, metrics: &Metrics) {
        let _ = metrics;
    }

    /// The documents that a query matches: a page where pages are on, by the store's options or by the call's, else all.
    fn find(&self, query: Query, call: CallOptions) -> StoreFuture<Found>;

    /// The same as it is written on the wire. A store that can write what it found without making values of it first says so here.
    fn find_written(&self, query: Query, call: CallOptions) -> StoreFuture<Json> {
        let found = self.find(query, call);
        Box::pin(async move {
            let unwritten = |error: JsonError| StoreError::Unavailable { message: error.to_string().into() };
            Json::write(&found.await?).map_err(unwritten)
        })
    }

    /// The document with this id. [`StoreError::NotFound`] where there is none that the query matches.
    fn get(&self, id: Id, query: Query) -> StoreFuture<Document>;

    /// Keeps new documents and answers them in the same number and order. An id that is missing, `null`, `false`, 0 or `""` is
    /// given by the store: the next whole number that is free, from [`StoreOptions::start_id`] on.
    ///
    /// [`StoreError::MethodNotAllowed`] for many where only one may be created, [`StoreError::BadRequest`] for an id that is
    /// neither text nor a number or data nested too deeply or too large, [`StoreError::Conflict`] for an id that is taken,
    /// [`StoreError::Full`] where no more fit.
    fn create(&self, data: Documents, select: Select, call: CallOptions) -> StoreFuture<Documents>;

    /// Replaces the document with this id by the data, but for the id. [`StoreError::NotFound`] where there is none that the
    /// query matches, [`StoreError::BadRequest`] for data nested too deeply or too large, [`StoreError::Full`] where it does not
    /// fit.
    fn update(&self, id: Id, data: Document, query: Query) -> StoreFuture<Document>;

    /// Sets the fields of the data in the document with this id, or without an id in all that the query matches; one in, one
    /// out, none in, many out. [`StoreError::NotFound`] where there is none of this id that the query matches,
    /// [`StoreError::MethodNotAllowed`] without an id where only one may be patched, [`StoreError::BadRequest`] for data nested
    /// too deeply and for documents that become too large, [`StoreError::Full`] where they do not fit.
    fn patch(&self, id: Option<Id>, data: Document, query: Query, call: CallOptions) -> StoreFuture<Documents>;

    /// Removes the document with this id, or without an id all that the query matches, and answers what was removed. Errors as
    /// those of [`Store::patch`].
    fn remove(&self, id: Option<Id>, query: Query, call: CallOptions) -> StoreFuture<Documents>;
}

/// A store of a kind that turns out when it is opened.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn options(&self) -> &StoreOptions {
        (**self).options()
    }

    fn is_on_one_node(&self) -> bool {
        (**self).is_on_one_node()
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        (**self).outbox()
    }

    fn anywhere(&self) -> Option<Arc<dyn Store>> {
        (**self).anywhere()
    }

    fn noting(&self, draft: Draft) -> Option<Arc<dyn Store>> {
        (**self).noting(draft)
    }

    fn watch(&self, metrics: &Metrics) {
        (**self).watch(metrics);
    }

    fn find(&self, query: Query, call: CallOptions) -> StoreFuture<Found> {
        (**self).find(query, call)
    }

    fn find_written(&self, query: Query, call: CallOptions) -> StoreFuture<Json> {
        (**self).find_written(query, call)
    }

    fn get(&self, id: Id, query: Query) -> StoreFuture<Document> {
        (**self).get(id, query)
    }

    fn create(&self, data: Documents, select: Select, call: CallOptions) -> StoreFuture<Documents> {
        (**self).create(data, select, call)
    }

    fn update(&self, id: Id, data: Document, query: Query) -> StoreFuture<Document> {
        (**self).update(id, data, query)
    }

    fn patch(&self, id: Option<Id>, data: Document, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        (**self).patch(id, data, query, call)
    }

    fn remove(&self, id: Option<Id>, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        (**self).remove(id, query, call)
    }
}

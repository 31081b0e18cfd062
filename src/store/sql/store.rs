//! The store of a table in a database.
use super::database::Database;
use super::error::unavailable;
use super::find::{Search, Texts, get};
use super::schema::Table;
use super::writer::{Change, Event, Work};
use crate::metrics::Metrics;
use crate::store::document::{check_depth, check_size};
use crate::store::{
    CallOptions, Document, Documents, Draft, Found, Id, Outbox, Page, Query, Select, Store, StoreError, StoreFuture,
    StoreOptions, Write,
};
use crate::types::Json;
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

/// An id is a key of an index, which takes no more.
const MOST_OF_ID: usize = 1_024;

/// An open table, of which any number of stores may be made, each with options of its own.
#[derive(Clone)]
pub struct SqlTable {
    pub(super) database: Arc<Database>,
    pub(super) table: Arc<Table>,
}

impl SqlTable {
    pub(super) fn new(database: Arc<Database>, table: Arc<Table>) -> Self {
        SqlTable { database, table }
    }

    /// A store of this table. All of them should agree in [`StoreOptions::id`].
    pub fn store(&self, options: StoreOptions) -> SqlStore {
        SqlStore { table: self.clone(), options: options.into(), draft: None }
    }
}

impl fmt::Debug for SqlTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlTable").field("name", &self.table.name).finish_non_exhaustive()
    }
}

/// A store of a table in a database.
///
/// A write is done in a transaction, whoever waits for it; one that came earlier is done earlier. A `find` whose conditions the
/// database can answer, which is all but those on elements by their index and those of very long arrays and objects, is answered there.
#[derive(Debug, Clone)]
pub struct SqlStore {
    table: SqlTable,
    options: Arc<StoreOptions>,
    /// What the first write notes.
    draft: Option<Draft>,
}

impl SqlStore {
    /// Searches, and makes of what is found what is wanted where it is read: who waits for it may be a worker.
    fn search<T: Send + 'static>(
        &self,
        query: Query,
        call: &CallOptions,
        make: impl Fn(Texts, Option<usize>) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> StoreFuture<T> {
        let database = &self.table.database;
        let search = Arc::new(Search::new(database.backend(), &self.table.table, query, call, &self.options));
        let make = Arc::new(make);
        let found = database.read(Box::new(move |connection| {
            let (search, make) = (search.clone(), make.clone());
            Box::pin(async move { Ok(make(search.run(connection).await?, search.page)) })
        }));
        Box::pin(async move { found.await? })
    }

    /// A search that makes documents of what is found, as they were asked for.
    fn find_and<T: Send + 'static>(
        &self,
        query: Query,
        call: &CallOptions,
        make: impl Fn(Found) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> StoreFuture<T> {
        let (skip, select, options) = (query.skip(), query.select().clone(), self.options.clone());
        self.search(query, call, move |Texts { total, documents }, page| {
            let data = documents.iter().map(|text| read(text, &select, &options)).collect::<Result<_, _>>()?;
            make(match page {
                Some(limit) => Found::Page(Page { total, limit, skip, data }),
                None => Found::All(data),
            })
        })
    }

    fn change(
        &self,
        id: Option<Id>,
        query: Query,
        change: Change,
    ) -> impl Future<Output = Result<Documents, StoreError>> + Send + 'static {
        let select = query.select().clone();
        let is_many = id.is_none();
        let options = self.options.clone();
        let event = self.event(select.clone());
        let work = Work::Change { id, query, change, options: options.clone(), event };
        let written = self.table.database.write(self.table.table.clone(), work);
        async move { Ok(answered(is_many, written.await?, &select, &options)) }
    }

    fn event(&self, select: Select) -> Event {
        Event { draft: self.draft.clone().filter(Draft::take), select }
    }

    /// Reads the ids of new documents, and refuses what no table is needed to refuse.
    fn checked(&self, documents: Vec<Document>) -> Result<Vec<(Option<Id>, Document)>, StoreError> {
        let check = |document: Document| {
            check_depth(&document)?;
            let id = Id::of_new(document.get(self.options.id.as_str()))?;
            check_size(&document, id.is_some(), &self.options)?;
            match id.as_ref().is_some_and(|id| id.key().len() > MOST_OF_ID) {
                true => Err(StoreError::bad_request(format!("An id may be {MOST_OF_ID} bytes at most"))),
                false => Ok((id, document)),
            }
        };
        documents.into_iter().map(check).collect()
    }

    fn created(
        &self,
        data: Documents,
        select: Select,
        call: &CallOptions,
    ) -> Result<impl Future<Output = Result<Documents, StoreError>> + Send + 'static, StoreError> {
        let (is_many, documents) = match data {
            Documents::One(document) => (false, vec![document]),
            Documents::Many(documents) => {
                self.options.allow_many(Write::Create, call)?;
                (true, documents)
            }
        };
        let options = self.options.clone();
        let documents = self.checked(documents)?;
        let event = self.event(select.clone());
        let work = Work::Create { documents, options: options.clone(), event };
        let written = self.table.database.write(self.table.table.clone(), work);
        Ok(async move { Ok(answered(is_many, written.await?, &select, &options)) })
    }
}

/// What a write answers: many, or the one that there is.
fn answered(is_many: bool, written: Vec<Document>, select: &Select, options: &StoreOptions) -> Documents {
    let answer = |document: Document| match select.names() {
        None => document,
        Some(_) => select.of(&document, &options.id),
    };
    let mut answers = written.into_iter().map(answer);
    match is_many {
        true => Documents::Many(answers.collect()),
        // One was asked for, so one is there.
        false => Documents::One(answers.next().unwrap_or_default()),
    }
}

impl Store for SqlStore {
    fn options(&self) -> &StoreOptions {
        &self.options
    }

    fn is_on_one_node(&self) -> bool {
        self.table.database.backend().is_on_one_node()
    }

    fn find(&self, query: Query, call: CallOptions) -> StoreFuture<Found> {
        self.find_and(query, &call, Ok)
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        Some(Arc::new(self.table.clone()))
    }

    fn anywhere(&self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(self.clone()))
    }

    fn watch(&self, metrics: &Metrics) {
        self.table.database.watch(metrics);
    }

    fn noting(&self, draft: Draft) -> Option<Arc<dyn Store>> {
        Some(Arc::new(SqlStore { draft: Some(draft), ..self.clone() }))
    }

    /// The texts are put together as they are stored.
    fn find_written(&self, query: Query, call: CallOptions) -> StoreFuture<Json> {
        if query.select().names().is_some() {
            return self.find_and(query, &call, |found| written(&found));
        }
        let skip = query.skip();
        self.search(query, &call, move |Texts { total, documents }, page| {
            let raw = documents.into_iter().map(RawValue::from_string).collect::<Result<Vec<_>, _>>();
            let data = raw.map_err(|_| damaged())?;
            written(&match page {
                Some(limit) => Part::Page { total, limit, skip, data },
                None => Part::All(data),
            })
        })
    }

    fn get(&self, id: Id, query: Query) -> StoreFuture<Document> {
        let (table, options) = (self.table.table.clone(), self.options.clone());
        let asked = id.clone();
        let text = self.table.database.read(Box::new(move |connection| get(connection, &table, &asked)));
        Box::pin(async move {
            let document = text.await?.map(|text| read(&text, &Select::all(), &options)).transpose()?;
            let matching = document.filter(|document| query.matches(document));
            matching.map(|document| query.select().of(&document, &options.id)).ok_or(StoreError::NotFound { id })
        })
    }

    fn create(&self, data: Documents, select: Select, call: CallOptions) -> StoreFuture<Documents> {
        match self.created(data, select, &call) {
            Ok(created) => Box::pin(created),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn update(&self, id: Id, data: Document, query: Query) -> StoreFuture<Document> {
        if let Err(refusal) = check_depth(&data) {
            return Box::pin(ready(Err(refusal)));
        }
        let changed = self.change(Some(id), query, Change::Update(data));
        Box::pin(async move {
            match changed.await? {
                Documents::One(document) => Ok(document),
                // One id is one document.
                Documents::Many(_) => Err(damaged()),
            }
        })
    }

    fn patch(&self, id: Option<Id>, data: Document, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        let allowed = if id.is_none() { self.options.allow_many(Write::Patch, &call) } else { Ok(()) };
        match check_depth(&data).and(allowed) {
            Ok(()) => Box::pin(self.change(id, query, Change::Patch(data))),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }

    fn remove(&self, id: Option<Id>, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        match if id.is_none() { self.options.allow_many(Write::Remove, &call) } else { Ok(()) } {
            Ok(()) => Box::pin(self.change(id, query, Change::Remove)),
            Err(refusal) => Box::pin(ready(Err(refusal))),
        }
    }
}

/// What is found, as it is stored. Written as [`Found`] is.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Page { total: usize, limit: usize, skip: usize, data: Vec<Box<RawValue>> },
    All(Vec<Box<RawValue>>),
}

fn read(text: &str, select: &Select, options: &StoreOptions) -> Result<Document, StoreError> {
    let document: Document = serde_json::from_str(text).map_err(|_| damaged())?;
    Ok(match select.names() {
        None => document,
        Some(_) => select.of(&document, &options.id),
    })
}

fn written(found: &impl Serialize) -> Result<Json, StoreError> {
    Json::write(found).map_err(|error| StoreError::Unavailable { message: error.to_string().into() })
}

/// Somebody else has written to the table.
fn damaged() -> StoreError {
    unavailable("A document in the database cannot be read")
}

//! Documents in memory.
mod columns;
mod rows;
mod table;

pub use table::Table;

use super::document::{check_depth, check_size, with_id_of};
use super::size::size;
use super::{
    CallOptions, Document, Documents, Found, Id, Page, Query, Select, Store, StoreError, StoreFuture, StoreOptions,
    Write,
};
use crate::types::Json;
use rows::{Place, Rows};
use serde::Serialize;
use smol_str::SmolStr;
use std::collections::HashSet;
use std::future::ready;
use std::sync::Arc;

/// A store in memory, of a table of its own or of one that it shares.
///
/// A call is done when it returns; its future is ready. A write locks the table while it lasts, a read keeps writes away. The
/// longest are those that look at all documents: `find`, and writes of many.
#[derive(Debug, Clone)]
pub struct MemoryStore {
    table: Table,
    options: Arc<StoreOptions>,
}

impl MemoryStore {
    /// A store of a new table that holds [`Table::MAX_DOCUMENTS`].
    pub fn new(options: StoreOptions) -> Self {
        MemoryStore::over(Table::default(), options)
    }

    /// A store of this table, as are all that were opened over it or its clones: each sees what the others write. They should
    /// agree in [`StoreOptions::id`]; the ids given are never below the `start_id` of who gives them.
    pub fn over(table: Table, options: StoreOptions) -> Self {
        MemoryStore { table, options: options.into() }
    }

    fn find_now(&self, query: &Query, call: &CallOptions) -> Found {
        self.found(query, call, |part| match part {
            Part::Page { total, limit, skip, data } => {
                let data = data.iter().map(|document| self.answer(document, query)).collect();
                Found::Page(Page { total, limit, skip, data })
            }
            Part::All(data) => Found::All(data.iter().map(|document| self.answer(document, query)).collect()),
        })
    }

    /// What is found, written where it stands: nothing of it is copied, unless only some fields are answered.
    fn find_written_now(&self, query: &Query, call: &CallOptions) -> Result<Json, StoreError> {
        let written = match query.select().names() {
            None => self.found(query, call, |part| Json::write(&part)),
            Some(_) => Json::write(&self.find_now(query, call)),
        };
        written.map_err(|error| StoreError::Unavailable { message: error.to_string().into() })
    }

    /// Shows what a query finds, in its order, while the table is read.
    fn found<R>(&self, query: &Query, call: &CallOptions, show: impl FnOnce(Part<'_>) -> R) -> R {
        let rows = self.table.read();
        let slots = rows.matching_slots(query);
        let (total, skip) = (slots.len(), query.skip());
        let page = self.options.paginate_for(call).map(|pages| pages.limit(query.limit()));
        let limit = page.or(query.limit()).unwrap_or(usize::MAX);
        let of = |slots: &[u32]| -> Vec<&Document> { slots.iter().filter_map(|slot| rows.in_slot(*slot)).collect() };
        let data = match query.sort().is_none() {
            true => of(part(&slots, skip, limit)),
            false => {
                let mut all = of(&slots);
                all.sort_by(|a, b| query.sort().compare(a, b));
                part(&all, skip, limit).to_vec()
            }
        };
        match page {
            Some(limit) => show(Part::Page { total, limit, skip, data }),
            None => show(Part::All(data)),
        }
    }

    fn get_now(&self, id: Id, query: &Query) -> Result<Document, StoreError> {
        let rows = self.table.read();
        let (_, document) = matching(&rows, id, query)?;
        Ok(self.answer(document, query))
    }

    fn create_now(&self, data: Documents, select: &Select, call: &CallOptions) -> Result<Documents, StoreError> {
        let answer = |document: &Document| select.of(document, &self.options.id);
        match data {
            Documents::One(document) => {
                let mut created = self.insert(vec![document])?;
                // One was given, so one is there.
                Ok(Documents::One(created.pop().map(|document| answer(&document)).unwrap_or_default()))
            }
            Documents::Many(documents) => {
                self.options.allow_many(Write::Create, call)?;
                Ok(Documents::Many(self.insert(documents)?.iter().map(answer).collect()))
            }
        }
    }

    /// Gives each document its id and keeps a copy of all, or of none.
    fn insert(&self, mut documents: Vec<Document>) -> Result<Vec<Document>, StoreError> {
        let mut brought = Vec::with_capacity(documents.len());
        let mut bytes = 0;
        for document in &documents {
            check_depth(document)?;
            let id = Id::of_new(document.get(self.options.id.as_str()))?;
            bytes += check_size(document, id.is_some(), &self.options)?.memory;
            brought.push(id);
        }
        let mut rows = self.table.write();
        if documents.len() > self.table.max_documents().saturating_sub(rows.len()) {
            return Err(StoreError::Full { max: self.table.max_documents(), what: "records" });
        }
        self.table.check_bytes(rows.bytes() + bytes)?;
        let mut taken = HashSet::new();
        for id in brought.iter().flatten() {
            if rows.place_of(&id.key()).is_some() || !taken.insert(id.key()) {
                return Err(StoreError::Conflict { id: id.clone() });
            }
        }
        // From here on nothing fails.
        for (document, id) in documents.iter_mut().zip(brought) {
            let key = id.map_or_else(|| self.give_id(document, &mut rows, &taken), |id| id.key());
            rows.insert(&key, document.clone());
        }
        Ok(documents)
    }

    fn give_id(&self, document: &mut Document, rows: &mut Rows, taken: &HashSet<SmolStr>) -> SmolStr {
        let id = Id::from(rows.next_id(self.options.start_id, taken));
        let key = id.key();
        document.insert(self.options.id.to_string(), id.into());
        key
    }

    fn update_now(&self, id: Id, data: Document, query: &Query) -> Result<Document, StoreError> {
        check_depth(&data)?;
        let mut rows = self.table.write();
        let (place, before) = matching(&rows, id, query)?;
        let after = with_id_of(&self.options.id, before, data);
        let grown = check_size(&after, true, &self.options)?.memory;
        self.table.check_bytes(rows.bytes() - size(before).memory + grown)?;
        let answer = self.answer(&after, query);
        rows.replace(place, after);
        Ok(answer)
    }

    fn patch_now(
        &self,
        id: Option<Id>,
        data: &Document,
        query: &Query,
        call: &CallOptions,
    ) -> Result<Documents, StoreError> {
        check_depth(data)?;
        let is_many = self.is_of_many(Write::Patch, &id, call)?;
        let mut rows = self.table.write();
        let mut bytes = rows.bytes();
        let mut patch = |(place, before): (Place, &Document)| {
            let mut after = before.clone();
            after.extend(data.clone());
            let after = with_id_of(&self.options.id, before, after);
            // Checked with each: what is too much in all is never made.
            bytes = bytes - size(before).memory + check_size(&after, true, &self.options)?.memory;
            self.table.check_bytes(bytes)?;
            Ok::<_, StoreError>((place, after))
        };
        let patched: Result<Vec<_>, StoreError> = match id {
            Some(id) => patch(matching(&rows, id, query)?).map(|one| vec![one]),
            None => rows.matching(query).map(patch).collect(),
        };
        // From here on nothing fails.
        let written = patched?.into_iter().map(|(place, after)| {
            let answer = self.answer(&after, query);
            rows.replace(place, after);
            answer
        });
        Ok(answered(is_many, written.collect()))
    }

    fn remove_now(&self, id: Option<Id>, query: &Query, call: &CallOptions) -> Result<Documents, StoreError> {
        let is_many = self.is_of_many(Write::Remove, &id, call)?;
        let mut rows = self.table.write();
        let copy = |(place, document): (Place, &Document)| (place, self.answer(document, query));
        let removed: Vec<_> = match id {
            Some(id) => vec![copy(matching(&rows, id, query)?)],
            None => rows.matching(query).map(copy).collect(),
        };
        removed.iter().for_each(|(place, _)| rows.remove(*place));
        Ok(answered(is_many, removed.into_iter().map(|(_, answer)| answer).collect()))
    }

    /// Whether this write is of all that the query matches. Fails where the options do not allow that.
    fn is_of_many(&self, write: Write, id: &Option<Id>, call: &CallOptions) -> Result<bool, StoreError> {
        if id.is_none() {
            self.options.allow_many(write, call)?;
        }
        Ok(id.is_none())
    }

    fn answer(&self, document: &Document, query: &Query) -> Document {
        query.select().of(document, &self.options.id)
    }
}

/// What a query finds, as it stands in the table. Written as [`Found`] is.
#[derive(Serialize)]
#[serde(untagged)]
enum Part<'r> {
    Page { total: usize, limit: usize, skip: usize, data: Vec<&'r Document> },
    All(Vec<&'r Document>),
}

/// At most so many items after the first ones.
fn part<T>(items: &[T], skip: usize, limit: usize) -> &[T] {
    let rest = items.get(skip..).unwrap_or_default();
    rest.get(..limit).unwrap_or(rest)
}

/// What a write answers: many, or the one that there is.
fn answered(is_many: bool, mut written: Vec<Document>) -> Documents {
    match is_many {
        true => Documents::Many(written),
        false => Documents::One(written.pop().unwrap_or_default()),
    }
}

/// The document of an id, where the query matches it.
fn matching<'r>(rows: &'r Rows, id: Id, query: &Query) -> Result<(Place, &'r Document), StoreError> {
    let entry = rows.place_of(&id.key()).and_then(|place| Some((place, rows.document(place)?)));
    entry.filter(|(_, document)| query.matches(document)).ok_or(StoreError::NotFound { id })
}

impl Store for MemoryStore {
    fn options(&self) -> &StoreOptions {
        &self.options
    }

    fn is_on_one_node(&self) -> bool {
        true
    }

    fn find(&self, query: Query, call: CallOptions) -> StoreFuture<Found> {
        Box::pin(ready(Ok(self.find_now(&query, &call))))
    }

    fn find_written(&self, query: Query, call: CallOptions) -> StoreFuture<Json> {
        Box::pin(ready(self.find_written_now(&query, &call)))
    }

    fn get(&self, id: Id, query: Query) -> StoreFuture<Document> {
        Box::pin(ready(self.get_now(id, &query)))
    }

    fn create(&self, data: Documents, select: Select, call: CallOptions) -> StoreFuture<Documents> {
        Box::pin(ready(self.create_now(data, &select, &call)))
    }

    fn update(&self, id: Id, data: Document, query: Query) -> StoreFuture<Document> {
        Box::pin(ready(self.update_now(id, data, &query)))
    }

    fn patch(&self, id: Option<Id>, data: Document, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        Box::pin(ready(self.patch_now(id, &data, &query, &call)))
    }

    fn remove(&self, id: Option<Id>, query: Query, call: CallOptions) -> StoreFuture<Documents> {
        Box::pin(ready(self.remove_now(id, &query, &call)))
    }
}

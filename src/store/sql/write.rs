//! The writes of one transaction. What is refused is refused before anything of it is written.
use super::condition::Writer;
use super::connection::{Argument, Backend, Connection, Failed, Row, Statement};
use super::error::unreadable;
use super::facets::{facets, id_key};
use super::outbox;
use super::schema::{SCHEMA, Table};
use super::writer::{Change, Event, Work};
use crate::store::document::{check_size, with_id_of};
use crate::store::{Document, Id, Query, StoreError, StoreOptions};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

/// Ids that are whole numbers below stand in the order of the numbers, all others behind them. Source: the order of an object's
/// properties (ECMAScript, OrdinaryOwnPropertyKeys).
const FIRST_TURN: i64 = u32::MAX as i64;

/// Either what a write answers or why it is refused; the database may fail at any of it.
type Written<T> = Result<Result<T, StoreError>, Failed>;

/// A transaction that has begun.
pub(super) struct Transaction<'c> {
    backend: &'c dyn Backend,
    connection: &'c mut dyn Connection,
    numbers: HashMap<String, Numbers>,
}

/// What new documents of a table are given.
#[derive(Debug, Clone, Copy)]
struct Numbers {
    next_id: i64,
    /// The greatest place of a whole number; where documents were removed since, it may be greater.
    last_index: i64,
    /// The greatest place of any.
    last: i64,
}

impl<'c> Transaction<'c> {
    pub fn new(backend: &'c dyn Backend, connection: &'c mut dyn Connection) -> Self {
        Transaction { backend, connection, numbers: HashMap::new() }
    }

    /// Keeps other processes from writing to these tables, in one order, so that no two wait for each other.
    pub async fn lock(&mut self, tables: impl Iterator<Item = &Table>) -> Result<(), Failed> {
        let lock = self.backend.for_update();
        if lock.is_empty() {
            return Ok(());
        }
        let mut names: Vec<&str> = tables.map(|table| table.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let sql = format!("SELECT next_id FROM {SCHEMA} WHERE name = $1 {lock}");
            self.connection.run(Statement::new(sql, [Argument::Text(name.to_owned())])).await?;
        }
        Ok(())
    }

    pub async fn write(&mut self, table: &Table, work: &Work) -> Written<Vec<Document>> {
        let (written, event, options) = match work {
            Work::Create { documents, options, event } => {
                (self.create(table, documents, options).await?, event, options)
            }
            Work::Change { id, query, change, options, event } => {
                (self.change(table, id.as_ref(), query, change, options).await?, event, options)
            }
            Work::Errand(errand) => return outbox::run(self.backend, self.connection, errand).await.map(Ok),
        };
        if let Ok(documents) = &written {
            self.note(event, documents, &options.id).await?;
        }
        Ok(written)
    }

    /// Notes the event of what was written, where there is any.
    async fn note(&mut self, event: &Event, documents: &[Document], id: &str) -> Result<(), Failed> {
        let Some(draft) = event.draft.as_ref().filter(|_| !documents.is_empty()) else { return Ok(()) };
        let dispatched = draft.plain().map(|plain| {
            let shown = documents.iter().map(|document| event.select.of(document, id));
            outbox::written(&shown.map(|document| plain.dispatched(document)).collect::<Vec<_>>())
        });
        outbox::note(self.backend, self.connection, draft.id(), draft.path(), dispatched.transpose()?).await
    }

    pub async fn commit(mut self) -> Result<(), Failed> {
        for (name, numbers) in std::mem::take(&mut self.numbers) {
            let sql = format!("UPDATE {SCHEMA} SET next_id = $1 WHERE name = $2");
            let arguments = [Argument::Whole(numbers.next_id), Argument::Text(name)];
            self.connection.run(Statement::new(sql, arguments)).await?;
        }
        self.connection.say("COMMIT").await
    }

    async fn create(
        &mut self,
        table: &Table,
        documents: &[(Option<Id>, Document)],
        options: &StoreOptions,
    ) -> Written<Vec<Document>> {
        let brought: Vec<&Id> = documents.iter().filter_map(|(id, _)| id.as_ref()).collect();
        let taken = match self.taken(table, &brought).await? {
            Ok(taken) => taken,
            Err(conflict) => return Ok(Err(conflict)),
        };
        let mut numbers = self.numbers_of(table).await?;
        let mut created = Vec::with_capacity(documents.len());
        for (id, document) in documents {
            let mut document = document.clone();
            let key = match id {
                Some(id) => id_key(&id.key()),
                None => {
                    let id = Id::from(self.next_id(table, &mut numbers, options.start_id, &taken).await?);
                    let key = id_key(&id.key());
                    document.insert(options.id.to_string(), id.into());
                    key
                }
            };
            self.insert(table, numbers.place(&key), key, &document).await?;
            created.push(document);
        }
        self.numbers.insert(table.name.clone(), numbers);
        Ok(Ok(created))
    }

    /// The keys of ids that are brought along. [`StoreError::Conflict`] for the first that a document has already, or another of
    /// these.
    async fn taken(&mut self, table: &Table, brought: &[&Id]) -> Written<HashSet<String>> {
        let mut taken = HashSet::new();
        if brought.is_empty() {
            return Ok(Ok(taken));
        }
        let keys = brought.iter().map(|id| id_key(&id.key())).collect();
        let sql = format!("SELECT key FROM {} WHERE {}", table.quoted, self.backend.is_one_of("key", 1));
        let rows = self.connection.rows(Statement::new(sql, [Argument::List(keys)])).await?;
        let kept: HashSet<String> = rows.into_iter().flatten().filter_map(|cell| cell.into_text()).collect();
        for id in brought {
            let key = id_key(&id.key());
            if kept.contains(&key) || !taken.insert(key) {
                return Ok(Err(StoreError::Conflict { id: (*id).clone() }));
            }
        }
        Ok(Ok(taken))
    }

    async fn insert(&mut self, table: &Table, place: i64, key: String, document: &Document) -> Result<(), Failed> {
        let (name, facets_at_3) = (&table.quoted, self.backend.bound_facets(3));
        let sql = format!("INSERT INTO {name} (ord, key, facets, doc) VALUES ($1, $2, {facets_at_3}, $4)");
        let texts = [key, facets(document), written(document)?].map(Argument::Text);
        self.connection.run(Statement::new(sql, [Argument::Whole(place)].into_iter().chain(texts))).await
    }

    async fn numbers_of(&mut self, table: &Table) -> Result<Numbers, Failed> {
        if let Some(numbers) = self.numbers.get(&table.name) {
            return Ok(*numbers);
        }
        let name = &table.quoted;
        let sql = format!(
            "SELECT (SELECT next_id FROM {SCHEMA} WHERE name = $1), (SELECT max(ord) FROM {name} WHERE ord < {FIRST_TURN}), \
             (SELECT max(ord) FROM {name})"
        );
        let rows = self.connection.rows(Statement::new(sql, [Argument::Text(table.name.clone())])).await?;
        let number = |at: usize| rows.first().and_then(|row| row.get(at)?.whole());
        let next_id = number(0).ok_or_else(|| unreadable(format!("{SCHEMA} knows no table {:?}", table.name)))?;
        Ok(Numbers { next_id, last_index: number(1).unwrap_or(-1), last: number(2).unwrap_or(-1) })
    }

    /// The next number that is the id of no document and none of these. No number is given twice, unless the write is undone.
    async fn next_id(
        &mut self,
        table: &Table,
        numbers: &mut Numbers,
        start: u32,
        taken: &HashSet<String>,
    ) -> Result<u64, Failed> {
        let mut next = numbers.next_id.max(start.into());
        loop {
            next = self.free_from(table, next, numbers).await?;
            let id = u64::try_from(next).map_err(unreadable)?;
            next += 1;
            if !taken.contains(&id_key(&Id::from(id).key())) {
                numbers.next_id = next;
                return Ok(id);
            }
        }
    }

    /// The first number from this one on that is the id of no document.
    async fn free_from(&mut self, table: &Table, number: i64, numbers: &Numbers) -> Result<i64, Failed> {
        let name = &table.quoted;
        if number > numbers.last_index && number < FIRST_TURN {
            return Ok(number);
        }
        if number < FIRST_TURN {
            // A row of places without a gap is walked along once, for the next number is kept.
            let is_taken = format!("SELECT ord FROM {name} WHERE ord = $1");
            if self.connection.rows(Statement::new(is_taken, [Argument::Whole(number)])).await?.is_empty() {
                return Ok(number);
            }
            let gap = format!(
                "SELECT ord FROM {name} AS a WHERE ord >= $1 AND NOT EXISTS \
                 (SELECT 1 FROM {name} AS b WHERE b.ord = a.ord + 1) ORDER BY ord LIMIT 1"
            );
            let last = self.connection.rows(Statement::new(gap, [Argument::Whole(number)])).await?;
            let free = last.first().and_then(|row| row.first()?.whole()).map_or(number, |last| last + 1);
            if free < FIRST_TURN {
                return Ok(free);
            }
        }
        let mut free = number.max(FIRST_TURN);
        loop {
            let sql = format!("SELECT ord FROM {name} WHERE key = $1");
            let key = Argument::Text(free.to_string());
            if self.connection.rows(Statement::new(sql, [key])).await?.is_empty() {
                return Ok(free);
            }
            free += 1;
        }
    }

    async fn change(
        &mut self,
        table: &Table,
        id: Option<&Id>,
        query: &Query,
        change: &Change,
        options: &StoreOptions,
    ) -> Written<Vec<Document>> {
        let matching = self.matching(table, id, query, options).await?;
        if let (Some(id), true) = (id, matching.is_empty()) {
            return Ok(Err(StoreError::NotFound { id: id.clone() }));
        }
        let mut changed = Vec::with_capacity(matching.len());
        for (place, before) in matching {
            let after = match change {
                Change::Remove => None,
                Change::Update(data) => Some(data.clone()),
                Change::Patch(data) => {
                    let mut after = before.clone();
                    after.extend(data.clone());
                    Some(after)
                }
            };
            let after = after.map(|after| with_id_of(&options.id, &before, after));
            if let Some(Err(too_large)) = after.as_ref().map(|after| check_size(after, true, options)) {
                return Ok(Err(too_large));
            }
            changed.push((place, before, after));
        }
        let mut answers = Vec::with_capacity(changed.len());
        for (place, before, after) in changed {
            match &after {
                Some(after) => self.replace(table, place, after).await?,
                None => self.remove(table, place).await?,
            }
            answers.push(after.unwrap_or(before));
        }
        Ok(Ok(answers))
    }

    /// The documents that are to be changed, in their order, with their places.
    async fn matching(
        &mut self,
        table: &Table,
        id: Option<&Id>,
        query: &Query,
        options: &StoreOptions,
    ) -> Result<Vec<(i64, Document)>, Failed> {
        let name = &table.quoted;
        let statement = match id {
            Some(id) => {
                let key = Argument::Text(id_key(&id.key()));
                Statement::new(format!("SELECT ord, doc FROM {name} WHERE key = $1"), [key])
            }
            None => {
                let mut writer = Writer::new(self.backend, &table.indexes, &options.id);
                let (conditions, _) = writer.conditions(query);
                let sql = format!("SELECT ord, doc FROM {name} WHERE {conditions} ORDER BY ord");
                Statement::new(sql, writer.arguments)
            }
        };
        let (mut matching, mut problem) = (vec![], None);
        let mut look = |row: Row| match placed(row) {
            Ok((place, document)) => {
                if query.matches(&document) {
                    matching.push((place, document));
                }
                ControlFlow::Continue(())
            }
            Err(failed) => {
                problem = Some(failed);
                ControlFlow::Break(())
            }
        };
        self.connection.stream(statement, &mut look).await?;
        problem.map_or(Ok(matching), Err)
    }

    async fn replace(&mut self, table: &Table, place: i64, document: &Document) -> Result<(), Failed> {
        let (name, facets_at_2) = (&table.quoted, self.backend.bound_facets(2));
        let sql = format!("UPDATE {name} SET facets = {facets_at_2}, doc = $3 WHERE ord = $1");
        let texts = [facets(document), written(document)?].map(Argument::Text);
        self.connection.run(Statement::new(sql, [Argument::Whole(place)].into_iter().chain(texts))).await
    }

    async fn remove(&mut self, table: &Table, place: i64) -> Result<(), Failed> {
        let sql = format!("DELETE FROM {} WHERE ord = $1", table.quoted);
        self.connection.run(Statement::new(sql, [Argument::Whole(place)])).await
    }
}

impl Numbers {
    /// The place of a document among the others.
    fn place(&mut self, key: &str) -> i64 {
        let is_plain = key == "0" || key.starts_with(|first: char| matches!(first, '1'..='9'));
        match key.parse::<u32>().ok().map(i64::from).filter(|index| is_plain && *index < FIRST_TURN) {
            Some(index) => {
                self.last_index = self.last_index.max(index);
                self.last = self.last.max(index);
                index
            }
            None => {
                self.last = self.last.max(FIRST_TURN - 1) + 1;
                self.last
            }
        }
    }
}

fn placed(row: Row) -> Result<(i64, Document), Failed> {
    let mut cells = row.into_iter();
    let place = cells.next().and_then(|cell| cell.whole()).ok_or_else(|| unreadable("a row without a place"))?;
    let text = cells.next().and_then(|cell| cell.into_text()).ok_or_else(|| unreadable("a row without a document"))?;
    Ok((place, read(&text)?))
}

/// A document from its text.
pub(super) fn read(text: &str) -> Result<Document, Failed> {
    serde_json::from_str(text).map_err(unreadable)
}

fn written(document: &Document) -> Result<String, Failed> {
    serde_json::to_string(document).map_err(unreadable)
}

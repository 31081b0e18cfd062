//! What `find` and `get` read.
use super::condition::{Order, Writer};
use super::connection::{Argument, Backend, Cell, Connection, Failed, Row, Statement};
use super::error::unreadable;
use super::facets::id_key;
use super::schema::Table;
use super::write::read;
use crate::store::{CallOptions, Document, Id, Query, StoreOptions};
use futures_util::future::BoxFuture;
use std::ops::ControlFlow;

/// A number that no database takes for too large, nor the sum of two.
const MOST: usize = 1 << 53;
/// So many documents more than are asked for are kept before those behind are let go.
const SPARE: usize = 256;

/// What is found: the texts of documents.
#[derive(Debug)]
pub(super) struct Texts {
    /// How many match.
    pub total: usize,
    pub documents: Vec<String>,
}

/// One `find`, ready to be asked.
pub(super) struct Search {
    query: Query,
    table: String,
    conditions: String,
    arguments: Vec<Argument>,
    /// None where the documents are sorted here.
    order: Option<Order>,
    is_exact: bool,
    /// The length of the page, where pages are on.
    pub page: Option<usize>,
    limit: usize,
    skip: usize,
}

impl Search {
    pub fn new(backend: &dyn Backend, table: &Table, query: Query, call: &CallOptions, options: &StoreOptions) -> Self {
        let page = options.paginate_for(call).map(|pages| pages.limit(query.limit()));
        let limit = page.or(query.limit()).unwrap_or(MOST).min(MOST);
        let skip = query.skip().min(MOST);
        let mut writer = Writer::new(backend, &table.indexes, &options.id);
        let (conditions, is_exact) = writer.conditions(&query);
        let order = writer.order(query.sort());
        let arguments = writer.arguments;
        let table = table.quoted.clone();
        Search { query, table, conditions, arguments, order, is_exact, page, limit, skip }
    }

    /// Asks it on a connection.
    pub fn run<'c>(&'c self, connection: &'c mut dyn Connection) -> BoxFuture<'c, Result<Texts, Failed>> {
        Box::pin(async move {
            match (&self.order, self.is_exact) {
                (Some(order), true) => match self.in_database(connection, order).await? {
                    Some(texts) => Ok(texts),
                    None => self.here(connection).await,
                },
                _ => self.here(connection).await,
            }
        })
    }

    /// The database tells all, or none where it is not sure of the order of what it found. Where a page is the last one, it also
    /// tells how many there are.
    async fn in_database(&self, connection: &mut dyn Connection, order: &Order) -> Result<Option<Texts>, Failed> {
        let (table, conditions, bound) = (&self.table, &self.conditions, self.arguments.len());
        let Order { by, is_unsure } = order;
        let sql = format!(
            "SELECT doc, CAST({is_unsure} AS BIGINT) FROM {table} WHERE {conditions} ORDER BY {by}ord LIMIT ${} OFFSET ${}",
            bound + 1,
            bound + 2
        );
        let more = usize::from(self.page.is_some());
        // Both are below 2⁵⁴.
        let window = [(self.limit + more) as i64, self.skip as i64].map(Argument::Whole);
        let statement = Statement::new(sql, self.arguments.iter().cloned().chain(window));
        let (mut documents, mut is_sure) = (vec![], true);
        let mut keep = |row: Row| {
            is_sure = row.get(1).and_then(Cell::whole) == Some(0);
            documents.extend(row.into_iter().next().and_then(|cell| cell.into_text()));
            if is_sure { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        connection.stream(statement, &mut keep).await?;
        if !is_sure {
            return Ok(None);
        }
        let found = documents.len();
        documents.truncate(self.limit);
        let seen = self.skip + documents.len();
        let is_last = found <= self.limit && (found > 0 || self.skip == 0);
        let total = match self.page.is_none() || is_last {
            true => seen,
            // What was written in between makes no page of more documents than there are.
            false => self.count(connection).await?.max(if found > 0 { seen } else { 0 }),
        };
        Ok(Some(Texts { total, documents }))
    }

    async fn count(&self, connection: &mut dyn Connection) -> Result<usize, Failed> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", self.table, self.conditions);
        let rows = connection.rows(Statement::new(sql, self.arguments.clone())).await?;
        let count = rows.first().and_then(|row| row.first()?.whole()).and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| unreadable("a count that is none"))
    }

    /// The database lets through more than matches, or cannot sort; each document is looked at. Of those that match no more are
    /// kept than are asked for.
    async fn here(&self, connection: &mut dyn Connection) -> Result<Texts, Failed> {
        let (table, conditions) = (&self.table, &self.conditions);
        let sql = format!("SELECT doc FROM {table} WHERE {conditions} ORDER BY ord");
        let mut kept = Kept::new(self);
        let mut problem = None;
        let mut look = |row: Row| {
            kept.look(row).unwrap_or_else(|failed| {
                problem = Some(failed);
                ControlFlow::Break(())
            })
        };
        connection.stream(Statement::new(sql, self.arguments.clone()), &mut look).await?;
        problem.map_or_else(|| Ok(kept.texts()), Err)
    }
}

/// The documents that match, as far as they are asked for.
struct Kept<'s> {
    search: &'s Search,
    is_sorted_here: bool,
    total: usize,
    documents: Vec<(Document, String)>,
}

impl<'s> Kept<'s> {
    fn new(search: &'s Search) -> Self {
        let is_sorted_here = !search.query.sort().is_none();
        Kept { search, is_sorted_here, total: 0, documents: vec![] }
    }

    fn look(&mut self, row: Row) -> Result<ControlFlow<()>, Failed> {
        let text = row.into_iter().next().and_then(|cell| cell.into_text());
        let text = text.ok_or_else(|| unreadable("a row without a document"))?;
        let document = read(&text)?;
        if !self.search.query.matches(&document) {
            return Ok(ControlFlow::Continue(()));
        }
        self.total += 1;
        let wanted = self.search.skip.saturating_add(self.search.limit);
        if self.is_sorted_here {
            self.documents.push((document, text));
            if self.documents.len() > wanted.saturating_mul(2).saturating_add(SPARE) {
                self.sort();
                self.documents.truncate(wanted);
            }
        } else if self.total > self.search.skip && self.total <= wanted {
            self.documents.push((Document::new(), text));
        }
        // Where nobody asks how many there are.
        let is_done = self.total >= wanted && self.search.page.is_none() && !self.is_sorted_here;
        Ok(if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    /// Keeps those that are equal as they came.
    fn sort(&mut self) {
        let sort = self.search.query.sort();
        self.documents.sort_by(|(a, _), (b, _)| sort.compare(a, b));
    }

    fn texts(mut self) -> Texts {
        if !self.is_sorted_here {
            return Texts { total: self.total, documents: self.documents.into_iter().map(|(_, text)| text).collect() };
        }
        self.sort();
        let part = self.documents.into_iter().skip(self.search.skip).take(self.search.limit);
        Texts { total: self.total, documents: part.map(|(_, text)| text).collect() }
    }
}

/// The text of the document with this id.
pub(super) fn get<'c>(
    connection: &'c mut dyn Connection,
    table: &Table,
    id: &Id,
) -> BoxFuture<'c, Result<Option<String>, Failed>> {
    let sql = format!("SELECT doc FROM {} WHERE key = $1", table.quoted);
    let statement = Statement::new(sql, [Argument::Text(id_key(&id.key()))]);
    Box::pin(async move {
        let rows = connection.rows(statement).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()?.into_text()))
    })
}

#[cfg(all(test, feature = "store-sqlite"))]
mod tests {
    use super::*;
    use crate::store::query::Path;
    use crate::store::sql::connection::Patience;
    use crate::store::sql::label::Label;
    use crate::store::sql::schema;
    use crate::store::sqlite::{Sqlite, SqliteOptions};
    use serde_json::{Value, json};

    /// How SQLite finds what a query asks, over a table with an index on `a` and `b.c`.
    async fn plan(query: Value) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let sqlite = Sqlite::open(&folder.path().join("test.db"), SqliteOptions::default()).await.expect("a database");
        let mut connection = sqlite.connect().await.expect("a connection");
        let label = |path: &str| Label::of_path(&Path::parse(path).expect("a path")).expect("a label");
        let indexes = ["a", "b.c"].map(label).to_vec();
        let table = Table { name: "documents".into(), quoted: "\"documents\"".into(), indexes };
        schema::open(&sqlite, &mut *connection, &table).await.expect("a table");
        let query = Query::parse(&query).expect("a query");
        let (call, options) = (CallOptions::default(), StoreOptions::default());
        let search = Search::new(&sqlite, &table, query, &call, &options);
        // The connection that reads plans without a look at the arguments.
        let blocking = sqlite.blocking().expect("it is on this machine");
        let mut connection = blocking.connect(Patience::Long).expect("a connection");
        let (order, conditions) = (search.order.map(|order| order.by).unwrap_or_default(), search.conditions);
        let sql =
            format!("EXPLAIN QUERY PLAN SELECT doc FROM documents WHERE {conditions} ORDER BY {order}ord LIMIT 10");
        let rows = connection.rows(Statement::new(sql, search.arguments)).await.expect("a plan");
        rows.into_iter().filter_map(|mut row| row.pop()?.into_text()).collect::<Vec<_>>().join("\n")
    }

    #[tokio::test]
    async fn conditions_on_indexed_paths_and_ids_look_at_no_other_document() {
        for query in [
            json!({ "a": 1 }),
            json!({ "a": "text", "x": { "$ne": 2 } }),
            json!({ "a": null }),
            json!({ "a": { "$in": [1, "x", null] } }),
            json!({ "a": { "$gte": 1, "$lt": 2 } }),
            json!({ "b.c": true, "$sort": { "x": 1 } }),
            json!({ "a": "x".repeat(1_000) }),
            json!({ "$or": [{ "a": 1 }, { "b.c": { "$gt": "x" } }] }),
            json!({ "id": 5 }),
            json!({ "id": { "$in": [5, "x"] } }),
        ] {
            let plan = plan(query.clone()).await;
            assert!(!plan.contains("SCAN documents"), "{query}:\n{plan}");
            assert!(plan.contains("SEARCH documents USING"), "{query}:\n{plan}");
        }
        assert!(plan(json!({ "x": 1 })).await.contains("SCAN documents"));
    }
}

//! What `find` and `get` read.
use super::condition::Writer;
use super::connection::{Argument, Backend, Connection, Failed, Row, Statement};
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
    /// What follows `ORDER BY`; none where the documents are sorted here.
    order: Option<String>,
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
                (Some(order), true) => self.in_database(connection, order).await,
                (order, _) => self.here(connection, order.as_deref()).await,
            }
        })
    }

    /// The database tells all. Where a page is the last one, it also tells how many there are.
    async fn in_database(&self, connection: &mut dyn Connection, order: &str) -> Result<Texts, Failed> {
        let (table, conditions, bound) = (&self.table, &self.conditions, self.arguments.len());
        let sql = format!(
            "SELECT doc FROM {table} WHERE {conditions} ORDER BY {order}ord LIMIT ${} OFFSET ${}",
            bound + 1,
            bound + 2
        );
        let more = usize::from(self.page.is_some());
        // Both are below 2⁵⁴.
        let window = [(self.limit + more) as i64, self.skip as i64].map(Argument::Whole);
        let statement = Statement::new(sql, self.arguments.iter().cloned().chain(window));
        let mut documents = vec![];
        let mut keep = |row: Row| {
            documents.extend(row.into_iter().next().and_then(|cell| cell.into_text()));
            ControlFlow::Continue(())
        };
        connection.stream(statement, &mut keep).await?;
        let found = documents.len();
        documents.truncate(self.limit);
        let seen = self.skip + documents.len();
        let is_last = found <= self.limit && (found > 0 || self.skip == 0);
        let total = match self.page.is_none() || is_last {
            true => seen,
            // What was written in between makes no page of more documents than there are.
            false => self.count(connection).await?.max(if found > 0 { seen } else { 0 }),
        };
        Ok(Texts { total, documents })
    }

    async fn count(&self, connection: &mut dyn Connection) -> Result<usize, Failed> {
        let sql = format!("SELECT count(*) FROM {} WHERE {}", self.table, self.conditions);
        let rows = connection.rows(Statement::new(sql, self.arguments.clone())).await?;
        let count = rows.first().and_then(|row| row.first()?.whole()).and_then(|count| usize::try_from(count).ok());
        count.ok_or_else(|| unreadable("a count that is none"))
    }

    /// The database lets through more than matches, or cannot sort; each document is looked at. Of those that match no more are
    /// kept than are asked for.
    async fn here(&self, connection: &mut dyn Connection, order: Option<&str>) -> Result<Texts, Failed> {
        let (table, conditions) = (&self.table, &self.conditions);
        let sql = format!("SELECT doc FROM {table} WHERE {conditions} ORDER BY {}ord", order.unwrap_or_default());
        let mut kept = Kept::new(self, order.is_none());
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
    fn new(search: &'s Search, is_sorted_here: bool) -> Self {
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

//! The notes of events: a table of its own, in the same database as the documents.
use super::connection::{Argument, Backend, Connection, Failed, Statement};
use super::error::unreadable;
use super::store::SqlTable;
use super::writer::Work;
use crate::store::{Dispatch, Document, Note, Outbox, StoreError, StoreFuture};
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// The table of the notes. `body` is what is to be sent, as JSON; null where that is not told yet. `at` is when somebody last touched it,
/// in milliseconds since 1970.
pub(super) const OUTBOX: &str = "callboard_outbox";

/// How many notes are taken at once.
const MOST_AT_ONCE: usize = 256;

pub(super) fn create_table() -> String {
    format!("CREATE TABLE {OUTBOX} (id TEXT PRIMARY KEY, path TEXT NOT NULL, at BIGINT NOT NULL, body TEXT)")
}

/// What is done to the notes.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    Ready(Uuid, String),
    Remove(Uuid),
    Overdue { path: String, since: Duration },
}

/// Leaves a note; none of no event.
pub(super) async fn note(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    id: Uuid,
    path: &str,
    body: Option<String>,
) -> Result<(), Failed> {
    let (now, body_at_3) = (backend.now(), if body.is_some() { "$3" } else { "NULL" });
    let sql = format!("INSERT INTO {OUTBOX} (id, path, at, body) VALUES ($1, $2, {now}, {body_at_3})");
    let arguments = [Some(id.to_string()), Some(path.to_owned()), body];
    connection.run(Statement::new(sql, arguments.into_iter().flatten().map(Argument::Text))).await
}

/// Answers the notes that are overdue, each as a document.
pub(super) async fn run(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    errand: &Errand,
) -> Result<Vec<Document>, Failed> {
    let now = backend.now();
    match errand {
        Errand::Ready(id, body) => {
            let sql = format!("UPDATE {OUTBOX} SET body = $2, at = {now} WHERE id = $1");
            let arguments = [id.to_string(), body.clone()].map(Argument::Text);
            connection.run(Statement::new(sql, arguments)).await.map(|()| vec![])
        }
        Errand::Remove(id) => {
            let sql = format!("DELETE FROM {OUTBOX} WHERE id = $1");
            connection.run(Statement::new(sql, [Argument::Text(id.to_string())])).await.map(|()| vec![])
        }
        Errand::Overdue { path, since } => {
            // Looked at twice, for another node may have touched it while this one waited for the row.
            let is_overdue = format!("at <= {now} - $1");
            let sql = format!(
                "UPDATE {OUTBOX} SET at = {now} WHERE {is_overdue} AND id IN (SELECT id FROM {OUTBOX} WHERE {is_overdue} AND \
                 path = $2 ORDER BY at LIMIT {MOST_AT_ONCE}) RETURNING id, body"
            );
            let since = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
            let arguments = [Argument::Whole(since), Argument::Text(path.clone())];
            let rows = connection.rows(Statement::new(sql, arguments)).await?;
            let texts = rows
                .into_iter()
                .map(|row| row.into_iter().map(|cell| cell.into_text().map_or(Value::Null, Value::String)));
            let named = texts.map(|row| ["id", "body"].map(str::to_owned).into_iter().zip(row).collect());
            Ok(named.collect())
        }
    }
}

/// What is to be sent, as it is stored.
pub(super) fn written(dispatches: &[Dispatch]) -> Result<String, Failed> {
    serde_json::to_string(dispatches).map_err(unreadable)
}

fn noted(row: &Document) -> Option<Note> {
    let id = Uuid::try_parse(row.get("id")?.as_str()?).ok()?;
    // What cannot be read was never ready.
    let dispatches = row.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
    Some(Note { id, dispatches })
}

impl SqlTable {
    fn errand(&self, errand: Result<Errand, StoreError>) -> StoreFuture<Vec<Document>> {
        match errand {
            Ok(errand) => self.database.write(self.table.clone(), Work::Errand(errand)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl Outbox for SqlTable {
    fn is_on_one_node(&self) -> bool {
        self.database.backend().is_on_one_node()
    }

    fn ready(&self, id: Uuid, dispatches: Vec<Dispatch>) -> StoreFuture<()> {
        let unwritten = |error: Failed| StoreError::Unavailable { message: error.to_string().into() };
        let done = self.errand(written(&dispatches).map(|body| Errand::Ready(id, body)).map_err(unwritten));
        Box::pin(async move { done.await.map(drop) })
    }

    fn remove(&self, id: Uuid) -> StoreFuture<()> {
        let done = self.errand(Ok(Errand::Remove(id)));
        Box::pin(async move { done.await.map(drop) })
    }

    fn overdue(&self, path: &str, since: Duration) -> StoreFuture<Vec<Note>> {
        let rows = self.errand(Ok(Errand::Overdue { path: path.to_owned(), since }));
        Box::pin(async move { Ok(rows.await?.iter().filter_map(noted).collect()) })
    }
}

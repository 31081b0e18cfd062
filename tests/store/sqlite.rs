//! The SQLite store, and what it alone promises.
use super::fixture::{Answer, Service, Shelf, refusal};
use callboard::store::query::Path;
use callboard::store::{Multi, OpenError, SqlTable, SqliteDatabase, SqliteOptions, Store, StoreError, StoreOptions};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A shelf whose stores share one table, with indexes on some of the paths that the rules ask for.
pub async fn shelf(id: &'static str) -> Shelf {
    let folder = tempfile::tempdir().expect("a folder");
    let database = SqliteDatabase::open(folder.path().join("test.db")).await.expect("a database");
    let indexes = ["a", "name", "a.b", "x"].map(|path| Path::parse(path).expect("a path"));
    let table = database.table("documents", &indexes).await.expect("a table");
    of(folder, table, id)
}

fn of(folder: TempDir, table: SqlTable, id: &'static str) -> Shelf {
    Shelf {
        id,
        open: Box::new(move |options| {
            let _ = &folder;
            Arc::new(table.store(options))
        }),
    }
}

struct File(TempDir);

impl File {
    fn new() -> Self {
        File(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("test.db")
    }

    async fn open(&self, options: SqliteOptions) -> Service {
        let database = SqliteDatabase::open_with(self.path(), options).await.expect("a database");
        service(&database).await
    }

    /// Another program's connection.
    async fn stranger(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.path()).connect().await.expect("a connection")
    }
}

async fn service(database: &SqliteDatabase) -> Service {
    let options = StoreOptions { multi: Multi::ALL, ..StoreOptions::default() };
    Service::of(Arc::new(database.store("documents", options, &[]).await.expect("a store")))
}

fn impatient() -> SqliteOptions {
    SqliteOptions { busy_timeout: Duration::from_millis(50), ..SqliteOptions::default() }
}

#[tokio::test]
async fn documents_and_the_next_id_are_there_when_it_is_opened_again() {
    let file = File::new();
    let first = file.open(SqliteOptions::default()).await;
    let data = json!({ "é\0": [1.1, 5e-324, u64::MAX, "\u{2028}"], "b": null, "a": { "z": 1, "y": 2 } });
    first.create(json!([data, {}])).await.expect("documents that may be created");
    first.remove(1, json!({})).await.expect("a document to remove");
    drop(first);
    let second = file.open(SqliteOptions::default()).await;
    let kept = second.get(0, json!({})).await.expect("the document");
    let mut expected = data;
    expected["id"] = json!(0);
    assert_eq!(kept.to_string(), expected.to_string());
    assert_eq!(second.add(json!({})).await, json!(2));
}

#[tokio::test]
async fn two_processes_write_to_one_file() {
    let file = File::new();
    let (one, other) = (file.open(SqliteOptions::default()).await, file.open(SqliteOptions::default()).await);
    for at in 0..10 {
        assert_eq!([one.add(json!({})).await, other.add(json!({})).await], [json!(at * 2), json!(at * 2 + 1)]);
    }
    assert_eq!(one.field("id", json!({})).await, other.field("id", json!({})).await);
}

#[tokio::test]
async fn a_locked_database_is_unavailable_to_writes_until_it_is_free() {
    let file = File::new();
    let service = file.open(impatient()).await;
    service.add(json!({ "a": 1 })).await;
    let mut stranger = file.stranger().await;
    stranger.execute("BEGIN IMMEDIATE").await.expect("the lock");
    let locked = Err(StoreError::Unavailable { message: "The database is locked".into() });
    assert_eq!(service.create(json!({})).await, locked);
    assert_eq!(service.update(0, json!({}), json!({})).await, locked);
    assert_eq!(service.patch(0, json!({}), json!({})).await, locked);
    assert_eq!(service.remove(0, json!({})).await, locked);
    assert_eq!(service.find(json!({ "a": 1 })).await, Ok(json!([{ "a": 1, "id": 0 }])));
    stranger.execute("ROLLBACK").await.expect("no lock");
    assert_eq!(service.add(json!({})).await, json!(1));
}

#[tokio::test]
async fn a_full_database_takes_no_document_more_and_nothing_is_half_written() {
    let file = File::new();
    let options = SqliteOptions { max_bytes: Some(200_000), ..SqliteOptions::default() };
    let service = file.open(options).await;
    let large = json!({ "text": "x".repeat(10_000) });
    let mut created = 0;
    let full = loop {
        match service.create(large.clone()).await {
            Ok(_) => created += 1,
            full => break full,
        }
        assert!(created < 100);
    };
    let max = 200_000 / 4_096 * 4_096;
    assert_eq!(full, Err(StoreError::Full { max, what: "bytes" }));
    let before = service.find(json!({})).await;
    let refused: [Answer; 3] = [
        service.create(json!([{}, large, large, large])).await,
        service.patch(Value::Null, json!({ "more": "y".repeat(10_000) }), json!({})).await,
        service.update(0, json!({ "text": "y".repeat(60_000) }), json!({})).await,
    ];
    for refused in refused {
        assert_eq!(refusal(refused), format!("The store is full: it holds no more than {max} bytes"));
    }
    assert_eq!(service.find(json!({})).await, before);
    service.remove(0, json!({})).await.expect("a document to remove");
    service.remove(1, json!({})).await.expect("a document to remove");
    service.create(large).await.expect("room again");
}

#[tokio::test]
async fn a_write_that_fails_takes_none_of_those_along_that_share_its_transaction() {
    let file = File::new();
    let service = file.open(SqliteOptions { max_bytes: Some(200_000), ..SqliteOptions::default() }).await;
    let large = json!({ "text": "x".repeat(100_000) });
    let many = (0..40).map(|at| service.create(if at % 10 == 5 { large.clone() } else { json!({ "a": at }) }));
    let answers = futures_util::future::join_all(many).await;
    for (at, answer) in answers.iter().enumerate() {
        assert!(answer.is_ok() || at % 10 == 5, "{at}: {answer:?}");
    }
    assert!(answers.iter().any(|answer| matches!(answer, Err(StoreError::Full { .. }))));
    let kept = service.find(json!({})).await.expect("documents");
    assert_eq!(kept.as_array().map(Vec::len), Some(answers.iter().filter(|answer| answer.is_ok()).count()));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_by_its_name() {
    let file = File::new();
    std::fs::write(file.path(), "this is no database at all, ".repeat(100)).expect("a file");
    let error = SqliteDatabase::open(file.path()).await.expect_err("no database");
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert!(error.to_string().contains("test.db is not an SQLite database"), "{error}");
    let folder = SqliteDatabase::open(file.0.path().join("no/such/folder.db")).await;
    assert!(matches!(folder, Err(OpenError::Unreachable(_))));
}

#[tokio::test]
async fn a_table_of_a_newer_version_is_left_alone() {
    let file = File::new();
    file.open(SqliteOptions::default()).await.add(json!({ "a": 1 })).await;
    let mut stranger = file.stranger().await;
    stranger
        .execute("UPDATE callboard_schema SET version = 99 WHERE name = 'documents'")
        .await
        .expect("a newer version");
    let database = SqliteDatabase::open(file.path()).await.expect("a database");
    let error = database.table("documents", &[]).await.expect_err("a newer version");
    assert!(matches!(error, OpenError::Newer { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("run the Callboard that wrote it"), "{error}");
    assert!(database.table("others", &[]).await.is_ok());
    stranger
        .execute("UPDATE callboard_schema SET version = 99 WHERE name = 'callboard_outbox'")
        .await
        .expect("another");
    let error = database.table("others", &[]).await.expect_err("newer notes of events");
    assert!(error.to_string().contains("callboard_outbox"), "{error}");
}

#[tokio::test]
async fn a_table_that_no_store_has_made_is_left_alone() {
    let file = File::new();
    let database = SqliteDatabase::open(file.path()).await.expect("a database");
    file.stranger().await.execute("CREATE TABLE Mine (a)").await.expect("a table");
    for name in ["Mine", "mine"] {
        assert!(matches!(database.table(name, &[]).await, Err(OpenError::Foreign { .. })));
    }
    for name in ["", "a\0", "callboard_schema", &"x".repeat(64)] {
        assert!(matches!(database.table(name, &[]).await, Err(OpenError::Name { .. })), "{name:?}");
    }
    for path in ["tags.0", &"x".repeat(300)] {
        let indexes = [Path::parse(path).expect("a path")];
        assert!(matches!(database.table("others", &indexes).await, Err(OpenError::Index { .. })), "{path}");
    }
}

#[tokio::test]
async fn any_text_names_a_table_and_a_field_with_an_index() {
    let file = File::new();
    let database = SqliteDatabase::open(file.path()).await.expect("a database");
    for name in ["todos/:id/items", "\"; DROP TABLE callboard_schema; --", "'", "select", "\u{1}\u{1f600}"] {
        let indexes = [Path::parse(name).expect("a path")];
        let options = StoreOptions { id: name.replace('.', "").into(), ..StoreOptions::default() };
        let store = database.store(name, options.clone(), &indexes).await.expect("a store");
        let service = Service::of(Arc::new(store.clone()));
        service.create(json!({ name: name })).await.expect("a document that may be created");
        assert_eq!(service.find(json!({ name: name })).await, Ok(json!([{ name: name }])), "{name:?}");
        assert!(store.is_on_one_node());
    }
}

#[tokio::test]
async fn a_table_that_another_program_removed_is_an_error_of_its_calls_only() {
    let file = File::new();
    let database = SqliteDatabase::open(file.path()).await.expect("a database");
    let service = service(&database).await;
    let other = database.store("others", StoreOptions::default(), &[]).await.expect("a store");
    file.stranger().await.execute("DROP TABLE documents").await.expect("a table to drop");
    for answer in [service.create(json!({})).await, service.find(json!({})).await, service.get(0, json!({})).await] {
        assert_eq!(refusal(answer), "The database cannot do this now");
    }
    assert_eq!(Service::of(Arc::new(other)).add(json!({})).await, json!(0));
}

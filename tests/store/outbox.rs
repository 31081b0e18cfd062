//! Notes of events in the transaction that stores what they tell of, on every database that has them.
use crate::harness::postgres::Postgres;
use callboard::store::{
    Dispatch, Draft, Id, MemoryStore, Multi, Note, Plain, PostgresDatabase, Query, Select, SqliteDatabase, Store,
    StoreOptions, documents,
};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

async fn stores() -> (TempDir, [Arc<dyn Store>; 2]) {
    let (folder, postgres) = (tempfile::tempdir().expect("a folder"), Postgres::shared());
    let options = StoreOptions { multi: Multi::ALL, ..StoreOptions::default() };
    let sqlite = SqliteDatabase::open(folder.path().join("test.db")).await.expect("a database");
    let sqlite = sqlite.store("documents", options.clone(), &[]).await.expect("a store");
    let postgres_store = PostgresDatabase::open(&postgres.url()).await.expect("a database");
    let postgres_store = postgres_store.store(&postgres.new_name(), options, &[]).await.expect("a store");
    (folder, [Arc::new(sqlite), Arc::new(postgres_store)])
}

fn path() -> String {
    // Stores of one database share an outbox.
    format!("path {}", Draft::new("", None).id())
}

async fn create(store: &dyn Store, draft: &Draft, data: Value) -> bool {
    let noting = store.noting(draft.clone()).expect("an outbox");
    noting.create(documents(data).expect("documents"), Select::all(), Default::default()).await.is_ok()
}

async fn overdue(store: &dyn Store, path: &str) -> Vec<Note> {
    store.outbox().expect("an outbox").overdue(path, Duration::ZERO).await.expect("notes")
}

#[tokio::test]
async fn a_note_is_there_when_the_document_is_and_says_later_what_is_to_be_sent() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let (path, outbox) = (path(), store.outbox().expect("an outbox"));
        let draft = Draft::new(&path, None);
        assert!(create(&*store, &draft, json!({ "id": "a" })).await && draft.is_noted());
        assert_eq!(overdue(&*store, &path).await, [Note { id: draft.id(), dispatches: None }]);
        let dispatch = Dispatch {
            name: "notes created".into(),
            data: json!({ "a\0": "é" }),
            to: Some(vec!["group".into()]),
            except: vec!["other".into()],
            tags: [("k".to_owned(), "v".to_owned())].into(),
        };
        outbox.ready(draft.id(), vec![dispatch.clone()]).await.expect("a note");
        assert_eq!(overdue(&*store, &path).await, [Note { id: draft.id(), dispatches: Some(vec![dispatch]) }]);
        assert!(outbox.overdue(&path, Duration::from_secs(30)).await.expect("notes").is_empty());
        assert!(overdue(&*store, "another path").await.is_empty());
        outbox.remove(draft.id()).await.expect("a note");
        assert!(overdue(&*store, &path).await.is_empty());
    }
}

#[tokio::test]
async fn a_plain_note_says_at_once_what_each_document_is_sent_as() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let path = path();
        let draft = Draft::new(&path, Some(Plain { name: "notes created".into(), tags: Default::default() }));
        assert!(create(&*store, &draft, json!([{ "id": "a" }, { "id": "b", "x": 1 }])).await);
        let notes = overdue(&*store, &path).await;
        let dispatches = notes[0].dispatches.as_ref().expect("a note that is ready");
        let data: Vec<_> = dispatches.iter().map(|dispatch| dispatch.data.clone()).collect();
        assert_eq!(data, [json!({ "id": "a" }), json!({ "id": "b", "x": 1 })]);
        assert!(dispatches.iter().all(|dispatch| dispatch.to.is_none() && dispatch.name == "notes created"));
    }
}

#[tokio::test]
async fn what_is_not_stored_leaves_no_note_and_a_call_leaves_one() {
    let (_folder, stores) = stores().await;
    for store in stores {
        let path = path();
        let draft = Draft::new(&path, None);
        assert!(create(&*store, &draft, json!({ "id": "a" })).await);
        // The second write of the same call.
        assert!(create(&*store, &draft, json!({ "id": "b" })).await);
        let refused = Draft::new(&path, None);
        assert!(!create(&*store, &refused, json!({ "id": "a" })).await && !refused.is_noted());
        let missing = Draft::new(&path, None);
        let noting = store.noting(missing.clone()).expect("an outbox");
        assert!(noting.remove(Some(Id::from("zzz")), Query::default(), Default::default()).await.is_err());
        assert_eq!(overdue(&*store, &path).await, [Note { id: draft.id(), dispatches: None }]);
    }
    assert!(MemoryStore::new(StoreOptions::default()).outbox().is_none());
}

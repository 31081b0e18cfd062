//! The PostgreSQL store, and what it alone promises.
use super::fixture::{Answer, Service, Shelf, refusal};
use crate::harness::postgres::Postgres;
use callboard::store::query::Path;
use callboard::store::{Multi, OpenError, PostgresDatabase, Store, StoreOptions};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection};
use std::sync::Arc;
use std::time::Duration;

/// A shelf whose stores share one table, with indexes on some of the paths that the rules ask for.
pub async fn shelf(id: &'static str) -> Shelf {
    let postgres = Postgres::shared();
    let database = PostgresDatabase::open(&postgres.url()).await.expect("a database");
    let indexes = ["a", "name", "a.b", "x"].map(|path| Path::parse(path).expect("a path"));
    let table = database.table(&postgres.new_name(), &indexes).await.expect("a table");
    Shelf { id, open: Box::new(move |options| Arc::new(table.store(options))) }
}

async fn service(url: &str) -> Service {
    let database = PostgresDatabase::open(url).await.expect("a database");
    let options = StoreOptions { multi: Multi::ALL, ..StoreOptions::default() };
    let store = database.store("documents", options, &[]).await.expect("a store");
    assert!(!store.is_on_one_node());
    Service::of(Arc::new(store))
}

/// Each kind of call.
async fn calls(service: &Service) -> Vec<Answer> {
    vec![
        service.find(json!({})).await,
        service.get(0, json!({})).await,
        service.create(json!({ "is": "new" })).await,
        service.update(0, json!({ "is": "new" }), json!({})).await,
        service.patch(0, json!({ "is": "new" }), json!({})).await,
        service.patch(Value::Null, json!({ "is": "new" }), json!({})).await,
        service.remove(Value::Null, json!({})).await,
    ]
}

#[tokio::test]
async fn documents_and_the_next_id_are_there_when_it_is_opened_again() {
    let url = Postgres::shared().new_database().await;
    let first = service(&url).await;
    let data = json!({ "é\0": [1.1, 5e-324, u64::MAX, "\u{2028}"], "b": null, "a": { "z": 1, "y": 2 } });
    first.create(json!([data, {}])).await.expect("documents that may be created");
    first.remove(1, json!({})).await.expect("a document to remove");
    drop(first);
    let second = service(&url).await;
    let kept = second.get(0, json!({})).await.expect("the document");
    let mut expected = data;
    expected["id"] = json!(0);
    assert_eq!(kept.to_string(), expected.to_string());
    assert_eq!(second.add(json!({})).await, json!(2));
}

#[tokio::test]
async fn two_nodes_give_each_id_once_and_conflict_where_both_bring_one() {
    let url = Postgres::shared().new_database().await;
    let nodes = [service(&url).await, service(&url).await];
    let created = futures_util::future::join_all((0..60).map(|at| nodes[at % 2].add(json!({ "at": at })))).await;
    let mut ids: Vec<u64> = created.iter().filter_map(Value::as_u64).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..60).collect::<Vec<_>>());
    let same = futures_util::future::join_all(nodes.iter().map(|node| node.create(json!({ "id": "x" })))).await;
    assert_eq!(same.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(same.into_iter().any(|answer| answer.is_err_and(|error| error.to_string().contains("exists already"))));
}

#[tokio::test]
async fn calls_fail_while_the_server_is_away_and_go_on_when_it_is_back() {
    let mut postgres = Postgres::start();
    let service = service(&postgres.url()).await;
    service.create(json!([{}, {}])).await.expect("documents that may be created");
    for _ in 0..2 {
        let before = service.find(json!({})).await;
        postgres.kill();
        for answer in calls(&service).await {
            assert_eq!(refusal(answer), "The database does not answer");
        }
        postgres.start_again();
        assert_eq!(service.find(json!({})).await, before);
        service.create(json!({})).await.expect("the server is back");
    }
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_calls_leaves_nothing_half_written() {
    let mut postgres = Postgres::start();
    let service = Arc::new(service(&postgres.url()).await);
    service.create((0..50).map(|at| json!({ "at": at })).collect()).await.expect("documents");
    postgres.pause();
    // All are under way: their statements are sent and not answered.
    let under_way = (0..20).map(|round: i32| {
        let service = service.clone();
        tokio::task::spawn_local(async move {
            match round % 3 {
                0 => service.create((0..30).map(|at| json!({ "round": round, "at": at })).collect()).await,
                1 => service.patch(Value::Null, json!({ "round": round }), json!({ "at": { "$lt": 50 } })).await,
                _ => service.find(json!({ "at": 1 })).await,
            }
        })
    });
    let local = tokio::task::LocalSet::new();
    let answers = local
        .run_until(async {
            let under_way: Vec<_> = under_way.collect();
            tokio::time::sleep(Duration::from_millis(100)).await;
            postgres.resume();
            postgres.kill();
            futures_util::future::join_all(under_way).await
        })
        .await;
    postgres.start_again();
    let kept = service.find(json!({})).await.expect("the server is back");
    let kept = kept.as_array().expect("documents");
    for (round, answer) in answers.into_iter().enumerate() {
        let answer = answer.expect("no panic");
        let of_round = kept.iter().filter(|document| document["round"] == round).count();
        match round % 3 {
            0 => assert!(of_round == 30 || (of_round == 0 && answer.is_err()), "{round}: {of_round}"),
            1 => assert!(of_round == 0 || of_round >= 50, "{round}: {of_round}"),
            _ => assert!(answer.is_ok() || refusal(answer) == "The database does not answer"),
        }
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_not_repeated() {
    for address in ["postgres://user:secret@host:port/x", "nonsense secret"] {
        let error = PostgresDatabase::open(address).await.expect_err("no address");
        assert!(matches!(error, OpenError::Address(_)), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let error = PostgresDatabase::open("postgres://user:secret@127.0.0.1:1/x").await.expect_err("nobody is there");
    assert!(matches!(error, OpenError::Unreachable(_)) && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let postgres = Postgres::shared();
    let name = postgres.new_name();
    let mut connection = PgConnection::connect(&postgres.url()).await.expect("a connection");
    let create =
        format!("CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' LOCALE_PROVIDER libc TEMPLATE template0");
    connection.execute(sqlx::AssertSqlSafe(create)).await.expect("a database");
    let error = PostgresDatabase::open(&postgres.url_of(&name)).await.expect_err("another encoding");
    assert!(error.to_string().contains("SQL_ASCII"), "{error}");
}

#[tokio::test]
async fn tables_that_are_newer_or_of_others_are_left_alone() {
    let url = Postgres::shared().new_database().await;
    service(&url).await;
    let mut stranger = PgConnection::connect(&url).await.expect("a connection");
    stranger
        .execute("UPDATE callboard_schema SET version = 99 WHERE name = 'documents'")
        .await
        .expect("a newer version");
    stranger.execute("CREATE TABLE mine (a int)").await.expect("a table");
    let database = PostgresDatabase::open(&url).await.expect("a database");
    assert!(matches!(database.table("documents", &[]).await, Err(OpenError::Newer { found: 99, .. })));
    assert!(matches!(database.table("mine", &[]).await, Err(OpenError::Foreign { .. })));
}

#[tokio::test]
async fn long_texts_are_found_by_an_index() {
    let url = Postgres::shared().new_database().await;
    let database = PostgresDatabase::open(&url).await.expect("a database");
    let indexes = [Path::parse("text").expect("a path")];
    let store = database.store("documents", StoreOptions::default(), &indexes).await.expect("a store");
    let service = Service::of(Arc::new(store));
    let long = |end: &str| json!("é".repeat(50_000) + end);
    for end in ["a", "b", "c"] {
        service.create(json!({ "text": long(end) })).await.expect("a document that may be created");
    }
    assert_eq!(service.field("id", json!({ "text": long("b") })).await, [1]);
    assert_eq!(service.field("id", json!({ "text": { "$gt": long("a"), "$lte": long("c") } })).await, [1, 2]);
    assert_eq!(service.field("id", json!({ "text": { "$in": [long("c"), "x"] } })).await, [2]);
}

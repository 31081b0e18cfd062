//! Calls that wait for a database: how many there are, and what becomes of one too many.
use super::fixture::{Service, refusal};
use crate::harness::postgres::Postgres;
use callboard::metrics::Metrics;
use callboard::store::{Multi, PostgresDatabase, SqliteDatabase, SqliteOptions, Store, StoreOptions};
use futures_util::future::{join_all, poll_immediate};
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};
use std::sync::Arc;
use std::time::Duration;

/// How many calls of a kind wait at most.
const MOST: usize = 1_024;

fn number(metrics: &Metrics, metric: &str) -> Option<usize> {
    let text = metrics.text().expect("a text");
    let line = text.lines().find(|line| line.starts_with(metric) || (line.contains(metric) && !line.starts_with('#')));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
}

async fn until(metrics: &Metrics, metric: &str, wanted: usize) {
    let waits = async {
        while number(metrics, metric) != Some(wanted) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waits).await;
    assert!(waited.is_ok(), "{metric} is not {wanted}: {:?}", number(metrics, metric));
}

fn watched(store: impl Store) -> (Service, Metrics) {
    let metrics = Metrics::new();
    store.watch(&metrics);
    // Those of another broker do not count twice.
    let other = Metrics::new();
    store.watch(&other);
    assert!(!other.text().expect("a text").contains("callboard_store_waiting{"));
    (Service::of(Arc::new(store)), metrics)
}

/// A writer that is held has one write, and the others wait; the last is one too many.
async fn write_too_many(service: &Service, metrics: &Metrics, label: &str, release: impl Future<Output = ()>) {
    let waiting = format!("store=\"{label}\",queue=\"write\"");
    let mut held = Box::pin(service.create(json!({})));
    assert!(poll_immediate(&mut held).await.is_none());
    until(metrics, &waiting, 0).await;
    let mut others: Vec<_> = (0..MOST).map(|_| Box::pin(service.create(json!({})))).collect();
    for (at, other) in others.iter_mut().enumerate() {
        if at % 64 == 0 {
            assert_eq!(number(metrics, &waiting), Some(at));
        }
        assert!(poll_immediate(other).await.is_none());
    }
    for times in 1..=2 {
        assert_eq!(refusal(service.create(json!({})).await), "Too many writes wait for the database");
        assert_eq!(number(metrics, "callboard_limits_reached_total{limit=\"store_writes\"}"), Some(times));
    }
    release.await;
    assert!(held.await.is_ok());
    assert!(join_all(others).await.iter().all(Result::is_ok));
    assert_eq!(number(metrics, &waiting), Some(0));
}

#[tokio::test]
async fn writes_that_wait_for_sqlite_are_counted_and_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    let options = SqliteOptions { busy_timeout: Duration::from_secs(60), ..SqliteOptions::default() };
    let database = SqliteDatabase::open_with(&file, options).await.expect("a database");
    let store = database.store("documents", StoreOptions::default(), &[]).await.expect("a store");
    let (service, metrics) = watched(store);
    let mut stranger = SqliteConnectOptions::new().filename(&file).connect().await.expect("a connection");
    stranger.execute("BEGIN IMMEDIATE").await.expect("the lock");
    let release = async move {
        stranger.execute("ROLLBACK").await.expect("no lock");
    };
    write_too_many(&service, &metrics, "sqlite:test.db", release).await;
}

#[tokio::test]
async fn writes_and_reads_that_wait_for_postgres_are_counted_and_bounded() {
    let url = Postgres::shared().new_database().await;
    let database = PostgresDatabase::open(&url).await.expect("a database");
    let options = StoreOptions { multi: Multi::ALL, ..StoreOptions::default() };
    let (service, metrics) = watched(database.store("documents", options, &[]).await.expect("a store"));
    let mut stranger = PgConnection::connect(&url).await.expect("a connection");
    stranger.execute("BEGIN").await.expect("a transaction");
    stranger.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE").await.expect("the lock");
    let database = url.rsplit('/').next().and_then(|end| end.split('?').next()).expect("the name of a database");
    let label = format!("postgres:{database}");

    // Eight read, and the others wait.
    let waiting = format!("store=\"{label}\",queue=\"read\"");
    let mut reads: Vec<_> = (0..MOST).map(|_| Box::pin(service.find(json!({})))).collect();
    for read in &mut reads {
        assert!(poll_immediate(read).await.is_none());
    }
    until(&metrics, &waiting, MOST - 8).await;
    assert_eq!(refusal(service.find(json!({})).await), "Too many calls wait for the database");
    assert_eq!(number(&metrics, "callboard_limits_reached_total{limit=\"store_reads\"}"), Some(1));

    let release = async move {
        stranger.execute("ROLLBACK").await.expect("no lock");
    };
    write_too_many(&service, &metrics, &label, release).await;
    assert!(join_all(reads).await.iter().all(Result::is_ok));
    until(&metrics, &waiting, 0).await;
}

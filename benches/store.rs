//! What stores in SQLite cost: a `find` of ten documents by an indexed field among few and among many, and creating. Set `POSTGRES` to
//! the address of an empty database to measure that, too. Without `--bench` the tables are small.
use callboard::store::query::Path;
use callboard::store::{
    CallOptions, Documents, Multi, Paginate, PostgresDatabase, Query, Select, SqliteDatabase, Store, StoreOptions,
    document,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::{self, Runtime};

/// How many documents the tables have.
const SIZES: [usize; 2] = [10_000, 1_000_000];
/// How many documents share one value.
const ALIKE: usize = 10;
/// How many calls are under way at once.
const AT_ONCE: usize = 16;

fn options() -> StoreOptions {
    let paginate = Some(Paginate { default: 10, max: Some(50) });
    StoreOptions { paginate, multi: Multi::ALL, ..StoreOptions::default() }
}

fn message(number: usize) -> Value {
    json!({ "text": "hello from the bench", "company_id": number / ALIKE, "author": { "id": number % 1_000, "name": "Mia" } })
}

fn made(number: usize) -> callboard::store::Document {
    document(message(number)).expect("an object")
}

async fn fill(store: &dyn Store, size: usize) {
    for first in (0..size).step_by(1_000) {
        let documents = (first..size.min(first + 1_000)).map(made).collect();
        let created = store.create(
            Documents::Many(documents),
            Select::read(&json!({ "$select": [] })).expect("a select"),
            CallOptions::default(),
        );
        created.await.expect("documents that may be created");
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0)
}

fn measure(c: &mut Criterion, name: &str, runtime: &Runtime, open: impl Fn(usize) -> Arc<dyn Store>) {
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let sizes = if is_measured { SIZES } else { [100, 1_000] };
    let mut group = c.benchmark_group(name);
    group.sample_size(30);
    for size in sizes {
        let store = open(size);
        runtime.block_on(fill(&*store, size));
        if is_measured {
            println!("{name}: {size} documents are stored, the process has {} MiB", resident() / 1024);
        }
        let mut turn = 0;
        group.throughput(Throughput::Elements(AT_ONCE as u64));
        group.bench_function(format!("find 10 of {size} by an indexed field, {AT_ONCE} at once"), |b| {
            b.iter(|| {
                turn += 7_919;
                let finds = (0..AT_ONCE).map(|at| {
                    let query =
                        Query::parse(&json!({ "company_id": (turn + at * 31) % (size / ALIKE) })).expect("a query");
                    store.find_written(query, CallOptions::default())
                });
                for found in runtime.block_on(join_all(finds)) {
                    assert!(found.expect("documents").as_str().starts_with("{\"total\":10,"));
                }
            });
        });
        group.bench_function(format!("create beside {size}, {AT_ONCE} at once"), |b| {
            b.iter(|| {
                let created = (0..AT_ONCE).map(|at| {
                    turn += 1;
                    store.create(Documents::One(made(size * 2 + turn + at)), Select::all(), CallOptions::default())
                });
                for created in runtime.block_on(join_all(created)) {
                    created.expect("a document that may be created");
                }
            });
        });
        if is_measured {
            println!("{name}: after the calls the process has {} MiB", resident() / 1024);
        }
    }
}

fn indexes() -> [Path; 1] {
    ["company_id"].map(|path| Path::parse(path).expect("a path"))
}

fn stores(c: &mut Criterion) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    measure(c, "SQLite", &runtime, |size| {
        let file = folder.path().join(format!("{size}.db"));
        runtime.block_on(async {
            let database = SqliteDatabase::open(file).await.expect("a database");
            Arc::new(database.store("messages", options(), &indexes()).await.expect("a store")) as Arc<dyn Store>
        })
    });
    if let Ok(address) = std::env::var("POSTGRES") {
        measure(c, "PostgreSQL", &runtime, |size| {
            runtime.block_on(async {
                let database = PostgresDatabase::open(&address).await.expect("a database");
                let table = format!("messages_{size}");
                Arc::new(database.store(&table, options(), &indexes()).await.expect("a store")) as Arc<dyn Store>
            })
        });
    }
}

criterion_group!(benches, stores);
criterion_main!(benches);

//! Indexes that nobody declares any more: they are told, and stay.
use crate::harness::Broker as Process;
use crate::harness::postgres::Postgres;
use callboard::store::query::Path;
use callboard::store::{StoreAddress, StoreOptions, Stores, UndeclaredIndex};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};

fn paths<const N: usize>(names: [&str; N]) -> [Path; N] {
    names.map(|name| Path::parse(name).expect("a path"))
}

/// The indexes that nobody declares where these services are opened, each a table with its paths.
async fn undeclared(address: &str, services: &[(&str, &[Path])]) -> Vec<UndeclaredIndex> {
    let (mut stores, address) = (Stores::new(), StoreAddress::parse(address).expect("an address"));
    for (table, indexes) in services {
        stores.open(&address, table, StoreOptions::default(), indexes).await.expect("a store");
    }
    stores.undeclared_indexes().await.expect("the indexes")
}

fn named(found: &[UndeclaredIndex]) -> Vec<(&str, &str)> {
    let mut named: Vec<_> = found.iter().map(|index| (index.table.as_str(), index.field.as_str())).collect();
    named.sort_unstable();
    named
}

/// What is told of a database, where `run` runs a statement of another program.
async fn tells_what_nobody_declares(address: &str, run: impl AsyncFn(String)) {
    let [company, author, at] = paths(["company", "author.id", "at"]);
    let all = [company.clone(), author.clone(), at.clone()];
    assert_eq!(undeclared(address, &[("it's", &all), ("others", &all[..1])]).await, []);
    // An index of somebody else's is none of the store's.
    run("CREATE INDEX of_another ON others (key, ord)".to_owned()).await;
    // Two services of one table declare some each; a table that is not open is not looked at.
    let two: [(&str, &[Path]); 2] = [("it's", &[company]), ("it's", &[at])];
    let found = undeclared(address, &two).await;
    assert_eq!(named(&found), [("it's", "author.id")]);
    let none: [(&str, &[Path]); 2] = [("it's", &[]), ("others", &[])];
    let found = undeclared(address, &none).await;
    assert_eq!(named(&found), [("it's", "at"), ("it's", "author.id"), ("it's", "company"), ("others", "company")]);
    // They are still there, and each can be removed as is told.
    assert_eq!(undeclared(address, &none).await, found);
    for index in &found[1..] {
        run(index.removal.clone()).await;
    }
    assert_eq!(undeclared(address, &none).await, found[..1]);
    // Declared again, it is none of these.
    assert_eq!(undeclared(address, &[("it's", &all), ("others", &all)]).await, []);
}

#[tokio::test]
async fn an_index_in_sqlite_that_no_service_declares_is_told_and_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    let run = async |statement: String| {
        let mut stranger = SqliteConnectOptions::new().filename(&file).connect().await.expect("a connection");
        stranger.execute(AssertSqlSafe(statement)).await.expect("a statement");
    };
    tells_what_nobody_declares(&format!("sqlite:{}", file.display()), run).await;
}

#[tokio::test]
async fn an_index_in_postgres_that_no_service_declares_is_told_and_left() {
    let url = Postgres::shared().new_database().await;
    let run = async |statement: String| {
        let mut stranger = PgConnection::connect(&url).await.expect("a connection");
        stranger.execute(AssertSqlSafe(statement)).await.expect("a statement");
    };
    tells_what_nobody_declares(&url, run).await;
}

#[tokio::test]
async fn services_that_write_one_file_in_different_ways_declare_their_indexes_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let addresses = ["test.db", "./test.db"].map(|file| format!("sqlite:{}/{file}", folder.path().display()));
    for _ in 0..2 {
        let mut stores = Stores::new();
        for (address, index) in addresses.iter().zip(paths(["company", "at"])) {
            let address = StoreAddress::parse(address).expect("an address");
            stores.open(&address, "notes", StoreOptions::default(), &[index]).await.expect("a store");
        }
        assert_eq!(stores.undeclared_indexes().await.expect("the indexes"), []);
    }
}

#[tokio::test]
async fn a_broker_warns_of_an_index_that_its_config_no_longer_declares() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    undeclared(&address, &[("notes", &paths(["company", "at"]))]).await;
    let service =
        format!("[[service]]\npath = 'notes'\nstore = '{address}'\nindexes = ['at']\nfilter = {{ all = 'true' }}\n");
    let process = Process::start(&format!("{service}[auth]\nanonymous = true\n"));
    let log = process.log();
    let told = "the table \"notes\" has an index on \"company\" that no service here declares";
    assert!(log.contains(told) && log.contains("DROP INDEX \"callboard_index_"), "{log}");
    assert!(!log.contains("an index on \"at\""), "{log}");
}

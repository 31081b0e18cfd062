//! A broker whose users log in, and what they say.
use crate::harness::postgres::Postgres;
use crate::harness::socketio::Client;
pub use crate::service::house::{House, Notes, answer, call, echo, nothing_comes};
use callboard::auth::Secret;
use callboard::server::{BrokerBuilder, Config};
use callboard::service::{AuthenticationConfig, Params, Registration, Stored};
use callboard::store::{
    self, CallOptions, Document, Found, MemoryStore, Multi, PostgresDatabase, Query, Select, SqlTable, SqliteDatabase,
    Store, StoreOptions, documents,
};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::Arc;
use tempfile::TempDir;

/// What signs the tokens of these tests.
pub const SECRET: &str = "the secret of the tests of logins, which is long";
/// A password, so odd that it is found wherever it stands.
pub const PASSWORD: &str = "Pa55-wörd-of-ann";

pub fn config() -> Config {
    let mut config = crate::service::house::config();
    config.auth.hmac_secret = vec![Secret::new(SECRET)].into();
    config.authentication = AuthenticationConfig { service: Some("users".into()), ..AuthenticationConfig::default() };
    config
}

/// Where the users of a test are.
#[derive(Clone, Copy)]
pub enum Kind {
    Memory,
    Sqlite,
    Postgres,
}

impl Kind {
    /// An empty table of users, in a database of its own.
    pub async fn table(self) -> Table {
        let (address, folder) = self.address().await;
        let file = address.trim_start_matches("sqlite:");
        let opened = match self {
            Kind::Memory => return Table::memory(),
            Kind::Sqlite => SqliteDatabase::open(file).await.expect("a database").table("users", &[]).await,
            Kind::Postgres => PostgresDatabase::open(&address).await.expect("a database").table("users", &[]).await,
        };
        Table::Sql { table: opened.expect("a table"), _folder: folder }
    }

    /// The address of an empty database for a config, and the folder that it is in.
    pub async fn address(self) -> (String, Option<Arc<TempDir>>) {
        match self {
            Kind::Memory => ("memory".to_owned(), None),
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                (format!("sqlite:{}", folder.path().join("test.db").display()), Some(Arc::new(folder)))
            }
            Kind::Postgres => (Postgres::shared().new_database().await, None),
        }
    }
}

/// Users, whatever they are kept in.
#[derive(Clone)]
pub enum Table {
    Memory(store::Table),
    /// With the folder that a file is in.
    Sql {
        table: SqlTable,
        _folder: Option<Arc<TempDir>>,
    },
}

impl Table {
    pub fn memory() -> Self {
        Table::Memory(store::Table::default())
    }
}

fn store(table: &Table) -> Arc<dyn Store> {
    let options = StoreOptions { multi: Multi::ALL, start_id: 1, ..StoreOptions::default() };
    match table {
        Table::Memory(table) => Arc::new(MemoryStore::over(table.clone(), options)),
        Table::Sql { table, .. } => Arc::new(table.store(options)),
    }
}

/// The service of the users in a table.
pub fn users(table: &Table) -> Registration {
    Registration::of(Stored::new(store(table))).for_everyone()
}

/// What the table has of users, passwords included.
pub async fn stored(table: &Table) -> Vec<Document> {
    let found = store(table).find(Query::parse(&json!({})).expect("a query"), CallOptions::default()).await;
    match found.expect("it is there") {
        Found::All(all) => all,
        Found::Page(page) => page.data,
    }
}

/// Puts users into the table as they are, past the service.
pub async fn put(table: &Table, users: Value) {
    let users = documents(users).expect("documents");
    store(table).create(users, Select::all(), CallOptions::default()).await.expect("they are kept");
}

/// A broker, and the table of its users, which is there as long.
pub struct WithUsers {
    house: House,
    _table: Table,
}

impl Deref for WithUsers {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

/// A broker with users, of whom ann (1, of company 7) and bob (2, of company 8) are there.
pub async fn open(on: Kind, plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder + Send + 'static) -> WithUsers {
    with(config(), on.table().await, plan).await
}

pub async fn with(
    config: Config,
    table: Table,
    plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder + Send + 'static,
) -> WithUsers {
    let registration = users(&table);
    let house = House::with(config, move |builder| plan(builder.service("users", registration)));
    let people = json!([
        {"email": "ann@x.test", "password": PASSWORD, "company": 7},
        {"email": "bob@x.test", "password": "another one", "company": 8}
    ]);
    let service = house.broker.service("users").expect("it is there");
    service.create(people, Params::default()).await.expect("they are created");
    WithUsers { house, _table: table }
}

/// The data of a login by password.
pub fn local(email: &str, password: &str) -> Value {
    json!({"strategy": "local", "email": email, "password": password})
}

/// The data of a login by a token.
pub fn jwt(token: &Value) -> Value {
    json!({"strategy": "jwt", "accessToken": token})
}

/// Logs a client in, and returns what it is answered.
pub async fn log_in(client: &mut Client, data: Value) -> Value {
    let mut answer = answer(client, json!(["create", "authentication", data, {}])).await;
    assert!(answer[0].is_null(), "{answer}");
    answer[1].take()
}

/// Logs ann in.
pub async fn log_ann_in(client: &mut Client) -> Value {
    log_in(client, local("ann@x.test", PASSWORD)).await
}

/// The error that a call is answered with.
pub async fn refusal(client: &mut Client, what: Value) -> Value {
    let mut answer = answer(client, what).await;
    assert_eq!(answer.as_array().map(Vec::len), Some(1), "{answer}");
    answer[0].take()
}

/// A service that says whose call it is.
pub fn whose() -> Registration {
    use callboard::service::Methods;
    Registration::of(Methods::new().find(async |params: Params| {
        Ok(json!({"user": params.user(), "authentication": params.get("authentication")}))
    }))
}

/// Whose a client's calls are.
pub async fn user_of(client: &mut Client) -> Value {
    answer(client, json!(["find", "whose", {}])).await[1]["user"].take()
}

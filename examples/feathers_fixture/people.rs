//! One table at many paths, one for each way to open a store that the suite of Feathers' adapters asks for. The suite sets the
//! options on the service, which no client can: it calls the path that has them.
use callboard::server::BrokerBuilder;
use callboard::service::{Registration, Stored};
use callboard::store::{
    MemoryStore, Multi, OpenError, Paginate, PostgresDatabase, SqliteDatabase, Store, StoreOptions, Table, Write,
};

/// The tables, each with the name of its id.
const TABLES: [(&str, &str); 2] = [("people", "id"), ("people-customid", "customid")];

/// The tables in memory.
pub fn register(mut builder: BrokerBuilder) -> BrokerBuilder {
    for (name, id) in TABLES {
        let table = Table::default();
        builder = register_table(builder, name, id, |options| MemoryStore::over(table.clone(), options));
    }
    builder
}

/// The same in the databases that the arguments name: `--sqlite FILE` and `--postgres ADDRESS`.
pub async fn register_databases(mut builder: BrokerBuilder) -> Result<BrokerBuilder, OpenError> {
    let argument = |name: &str| std::env::args().skip_while(|argument| argument != name).nth(1);
    if let Some(file) = argument("--sqlite") {
        let database = SqliteDatabase::open(file).await?;
        for (name, id) in TABLES {
            let table = database.table(name, &[]).await?;
            builder = register_table(builder, &format!("sqlite-{name}"), id, |options| table.store(options));
        }
    }
    if let Some(address) = argument("--postgres") {
        let database = PostgresDatabase::open(&address).await?;
        for (name, id) in TABLES {
            let table = database.table(name, &[]).await?;
            builder = register_table(builder, &format!("postgres-{name}"), id, |options| table.store(options));
        }
    }
    Ok(builder)
}

/// `<table>/<which writes may be of many>/<default and bound of a page>`.
fn register_table<S: Store>(
    mut builder: BrokerBuilder,
    name: &str,
    id: &str,
    open: impl Fn(StoreOptions) -> S,
) -> BrokerBuilder {
    let multi = [
        ("none", Multi::NONE),
        ("all", Multi::ALL),
        ("create", Multi::from_iter([Write::Create])),
        ("create+patch", Multi::from_iter([Write::Create, Write::Patch])),
        ("patch", Multi::from_iter([Write::Patch])),
        ("remove", Multi::from_iter([Write::Remove])),
    ];
    let pages = [
        ("none", None),
        ("1-2", Some(Paginate { default: 1, max: Some(2) })),
        ("3", Some(Paginate { default: 3, max: None })),
        ("10-100", Some(Paginate { default: 10, max: Some(100) })),
    ];
    for (writes, multi) in multi {
        for (page, paginate) in pages {
            let options = StoreOptions { id: id.into(), paginate, multi, ..StoreOptions::default() };
            let registration = Registration::of(Stored::new(open(options))).for_everyone();
            builder = builder.service(&format!("{name}/{writes}/{page}"), registration);
        }
    }
    builder
}

//! Logins: who may be whom, what a connection is after that, and where passwords stay; with users in each kind of store.
#[macro_use]
mod suite;

mod declared;
mod guessing;
mod house;
mod leaving;
mod logins;
mod passwords;
mod refusals;
mod tokens;

logins!(in_memory, Kind::Memory);
logins!(in_sqlite, Kind::Sqlite);
logins!(in_postgres, Kind::Postgres);

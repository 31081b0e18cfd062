//! The suite that every store passes, and what each store promises beyond it.
//!
//! Another store joins with one line: its name, and an expression that makes a shelf.
#[macro_use]
mod suite;

mod fixture;
mod hostile;
mod many;
mod memory;
mod methods;
mod model;
mod original;
mod outbox;
mod pages;
mod postgres;
mod queries;
mod random;
mod sharing;
mod sqlite;
mod undeclared;
mod waiting;
mod writes;

conformance!(memory_store, memory::shelf("id"));
conformance!(memory_store_with_another_id, memory::shelf("customid"));
conformance!(sqlite_store, sqlite::shelf("id").await);
conformance!(sqlite_store_with_another_id, sqlite::shelf("customid").await);
conformance!(postgres_store, postgres::shelf("id").await);

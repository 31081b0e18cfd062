//! Documents in the tables of a database that speaks SQL.
//!
//! A row has the place of its document in the order of results (`ord`), its id as a text (`key`), its facets (see [`facets`]) and the
//! document itself as JSON, member by member as it came (`doc`). Conditions and sorts look at facets only, by SQL that is the same for
//! all databases but for a handful of words; what is asked for is bound. Declared indexes are indexes on facets.
//!
//! Each database has one connection that writes, in transactions that many writes share, and several that read. `callboard_schema` has
//! each table's version and the next id that it gives, `callboard_outbox` the events that are not sent yet.
mod condition;
pub(super) mod connection;
mod database;
mod error;
mod facets;
mod find;
mod key;
mod label;
mod outbox;
mod readers;
mod schema;
mod store;
mod threads;
mod undeclared;
mod write;
mod writer;

pub(super) use database::Database;
pub use store::{SqlStore, SqlTable};

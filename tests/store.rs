//! The suite that every store passes, and what each store promises beyond it.
//!
//! Another store joins with one line: its name, and an expression that makes a shelf.
#[path = "store/suite.rs"]
#[macro_use]
mod suite;

#[path = "store/fixture.rs"]
mod fixture;
#[path = "store/hostile.rs"]
mod hostile;
#[path = "store/many.rs"]
mod many;
#[path = "store/memory.rs"]
mod memory;
#[path = "store/methods.rs"]
mod methods;
#[path = "store/model.rs"]
mod model;
#[path = "store/original.rs"]
mod original;
#[path = "store/pages.rs"]
mod pages;
#[path = "store/queries.rs"]
mod queries;
#[path = "store/sharing.rs"]
mod sharing;
#[path = "store/writes.rs"]
mod writes;

conformance!(memory_store, memory::shelf("id"));
conformance!(memory_store_with_another_id, memory::shelf("customid"));

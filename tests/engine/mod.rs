//! The suite every engine passes, and what each engine promises beyond it.
//!
//! Another engine joins with one line: its name, the arguments of `tokio::test`, and a function that makes a fixture.
#[macro_use]
mod suite;

mod claims;
mod concurrency;
mod event_store;
mod fixture;
mod history;
mod memory;
mod model;
mod positions;
mod presence;
mod redis;
mod repeats;
mod revocations;

conformance!(memory_engine, (start_paused = true), memory::fresh);
conformance!(redis_engine, (), redis::fresh);

//! The suite every engine passes, and what each engine promises beyond it.
//!
//! Another engine joins with one line: its name, the arguments of `tokio::test`, and a function that makes a fixture.
mod harness;

#[path = "engine/suite.rs"]
#[macro_use]
mod suite;

#[path = "engine/concurrency.rs"]
mod concurrency;
#[path = "engine/fixture.rs"]
mod fixture;
#[path = "engine/history.rs"]
mod history;
#[path = "engine/memory.rs"]
mod memory;
#[path = "engine/model.rs"]
mod model;
#[path = "engine/positions.rs"]
mod positions;
#[path = "engine/presence.rs"]
mod presence;
#[path = "engine/redis.rs"]
mod redis;
#[path = "engine/repeats.rs"]
mod repeats;
#[path = "engine/revocations.rs"]
mod revocations;

conformance!(memory_engine, (start_paused = true), memory::fresh);
conformance!(redis_engine, (), redis::fresh);

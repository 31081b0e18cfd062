//! What the Redis engine promises beyond the contract.
use super::fixture::*;
use crate::harness::redis::Redis;
use callboard::engine::redis::{Address, Config, RedisEngine};
use callboard::metrics::Metrics;
use callboard::types::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// The conformance suite's fixture: a server of its own, and the clock of the wall.
pub fn fresh() -> Fixture {
    let server = Redis::start();
    let engine = Arc::new(RedisEngine::open(&config(&server), Metrics::new()).expect("it can be used"));
    let pass = |duration| -> BoxFuture<()> { Box::pin(tokio::time::sleep(duration)) };
    Fixture::new(engine, Duration::from_millis(100), pass, 50, server)
}

fn config(server: &Redis) -> Config {
    Config { url: Address::new(server.url()).expect("an address"), ..Config::default() }
}

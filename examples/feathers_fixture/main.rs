//! The application that the suites of the real Feathers clients talk to; `tests/clients/js/feathers/original.js` says what it
//! does, and is the same on Feathers itself, but for what Feathers 5 has no more: filters, in `filtered`.
//!
//! Run it with `cargo run --example feathers_fixture -- --port 8000`. With `--ranked` the application has publishers of its own;
//! without, what no service publishes is for everyone. With `--sqlite FILE` and `--postgres ADDRESS` the tables of people are in
//! these databases, too.
mod calls;
mod filtered;
mod hooked;
mod people;
mod published;

use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::events::Socket;
use callboard::transport::engineio::EngineConfig;
use callboard::types::ReplyError;
use serde_json::Value;
use std::time::Duration;

/// A client says as whom it comes and which channels it joins: `{user, channels}`.
fn welcome(builder: BrokerBuilder) -> BrokerBuilder {
    builder.on("/", "connection", |socket: Socket, (): ()| async move {
        let said = socket.auth().and_then(|auth| auth.read::<Value>().ok()).unwrap_or_default();
        if !said["user"].is_null() {
            socket.connection().set("user", said["user"].clone());
        }
        let app = socket.app().ok_or(ReplyError::NOT_AVAILABLE)?;
        for name in said["channels"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            app.channel(name).join(&socket.connection());
        }
        socket.emit("welcome", ()).await.map_err(|_| ReplyError::INTERNAL)
    })
}

fn config() -> Result<Config, Box<dyn std::error::Error>> {
    let mut config = Config::default();
    config.server.port =
        std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(8000), |port| port.parse())?;
    config.server.workers = 2;
    config.auth.anonymous = true;
    config.limits.outbox = 64 * 1024 * 1024;
    // What never answers is waited for no longer than a test may take.
    config.limits.handler_timeout = Duration::from_secs(3);
    config.limits.view_timeout = Duration::from_secs(1);
    config.socketio = vec![EngineConfig { max_payload: 20_000_000, ..EngineConfig::default() }];
    Ok(config)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut builder = welcome(Broker::builder(config()?));
    for register in [calls::register, hooked::register, published::register, filtered::register, people::register] {
        builder = register(builder);
    }
    builder = people::register_databases(builder).await?;
    if std::env::args().any(|arg| arg == "--ranked") {
        builder = published::rank(builder);
    }
    Ok(builder.serve().await?)
}

//! The echo application that the conformance suites of Engine.IO 4 and Socket.IO 5 ask for.
//!
//! | endpoint | what it does |
//! |---|---|
//! | `/engine.io/` | sends every message back |
//! | `/socket.io/`, in `/` and `/custom` | on connecting emits `auth` with what the client said; answers `message` with `message-back`; acknowledges `message-with-ack` with its arguments |
//!
//! Run it with `cargo run --example socketio_echo -- --port 3000`.
use callboard::broker::handler::{Handle, HandlerFuture, answer, host};
use callboard::server::{Broker, Config};
use callboard::service::events::{Arguments, Socket};
use callboard::transport::engineio::{EngineCall, EngineConfig, EngineMessage};
use callboard::types::Json;
use std::time::Duration;

struct Echo;

impl Handle<EngineCall> for Echo {
    fn handle(&mut self, call: EngineCall) -> HandlerFuture<Vec<EngineMessage>> {
        answer(Ok(vec![call.message]))
    }
}

/// What the suites count on; the rest is as in every endpoint.
fn endpoint(path: &str) -> EngineConfig {
    EngineConfig {
        path: path.into(),
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        connect_timeout: Duration::from_secs(1),
        max_payload: 1_000_000,
        ..EngineConfig::default()
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut config = Config::default();
    config.server.port =
        std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(3000), |port| port.parse())?;
    config.auth.anonymous = true;
    config.socketio = vec![endpoint("/socket.io/")];
    let nothing = Json::parse("{}".into())?;
    let mut builder = Broker::builder(config).engine(endpoint("/engine.io/"), &host(|| Echo));
    for namespace in ["/", "/custom"] {
        let nothing = nothing.clone();
        builder = builder
            .on(namespace, "connection", move |socket: Socket, (): ()| {
                socket.emit("auth", (socket.auth().unwrap_or_else(|| nothing.clone()),))
            })
            .on(namespace, "message", |socket: Socket, args: Arguments| socket.emit("message-back", args))
            .on(namespace, "message-with-ack", |_: Socket, args: Arguments| async move { args });
    }
    Ok(builder.serve().await?)
}

//! What `benches/perf/services` measures: documents in memory, without a filter (`messages0`) and with the company filter of the first
//! version's documentation (`filtered0`); `--more N` adds so many services.
use callboard::server::{Broker, Config};
use callboard::service::events::Socket;
use callboard::service::{Registration, Stored};
use callboard::store::{MemoryStore, Paginate, StoreOptions};
use callboard::transport::engineio::EngineConfig;
use serde_json::Value;

fn documents() -> Stored<MemoryStore> {
    let paginate = Some(Paginate { default: 10, max: Some(50) });
    Stored::new(MemoryStore::new(StoreOptions { paginate, ..StoreOptions::default() }))
}

fn argument(name: &str, default: u16) -> Result<u16, std::num::ParseIntError> {
    std::env::args().skip_while(|argument| argument != name).nth(1).map_or(Ok(default), |given| given.parse())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("warn"));
    let mut config = Config::default();
    config.server.port = argument("--port", 8104)?;
    config.auth.anonymous = true;
    config.socketio = vec![EngineConfig::default()];
    let filtered = Registration::of(documents())
        .filter(|data, connection, _| data["company_id"] == connection["user"]["company_id"]);
    let mut broker = Broker::builder(config)
        .service("messages0", Registration::of(documents()).for_everyone())
        .service("filtered0", filtered)
        .on("/", "connection", |socket: Socket, (said,): (Value,)| async move {
            socket.connection().set("user", said);
        });
    for number in 0..argument("--more", 0)? {
        broker = broker.service(&format!("more{number}"), Registration::of(documents()).for_everyone());
    }
    Ok(broker.serve().await?)
}

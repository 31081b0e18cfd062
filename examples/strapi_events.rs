//! Two events of a Strapi application with `strapi-plugin-io`, ported: `connection` logs who came, `update-user-name` gives a
//! user another name. Clients connect with the socket.io-client they have.
//!
//! Run it with `cargo run --example strapi_events -- --port 8000`; then, in a page or in Node:
//! `io('http://127.0.0.1:8000').emit('update-user-name', 123, 'lorem ipsum')`.
use callboard::server::{Broker, Config};
use callboard::service::events::Socket;
use callboard::transport::engineio::EngineConfig;
use std::collections::HashMap;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut config = Config::default();
    config.server.port =
        std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(8000), |port| port.parse())?;
    config.auth.anonymous = true;
    config.socketio = vec![EngineConfig::default()];
    let mut users: HashMap<u64, String> = HashMap::new();
    let builder = Broker::builder(config)
        .on("/", "connection", |socket: Socket, (): ()| async move {
            // will log every time a client connects
            log::info!("[io] a new client with id {} has connected", socket.id());
        })
        .on("/", "update-user-name", move |socket: Socket, (id, name): (u64, String)| {
            log::info!("[io] trigger update for socket {}.", socket.id());
            // update the respective user's name; who asks for an acknowledgement is told what it was
            let before = users.insert(id, name);
            async move { (before,) }
        });
    Ok(builder.serve().await?)
}

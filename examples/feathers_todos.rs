//! An application for clients of Feathers: a service of its own, and one whose documents are in memory.
//!
//! | service | what it does |
//! |---|---|
//! | `todos` | documents in memory, in pages of ten; who may see an event of one: the users of its company |
//! | `payments` | tells how far a payment is by an event of its own, `status`; has a method of its own, `refund` |
//!
//! Run it with `cargo run --example feathers_todos -- --port 3030`, then in Node.js, with `@feathersjs/client` and
//! `socket.io-client` installed:
//!
//! ```js
//! const app = feathers().configure(feathers.socketio(io('http://localhost:3030')));
//! app.service('todos').on('created', todo => console.log('somebody has to', todo.text));
//! await app.service('todos').create({text: 'learn Rust'});
//! ```
//!
//! The same over HTTP is `feathers.rest('http://localhost:3030').fetch(fetch)` in the place of `feathers.socketio(…)`, but for events.
use callboard::server::{Broker, Config};
use callboard::service::events::Socket;
use callboard::service::{
    HookContext, Hooks, Method, Params, Registration, Service, ServiceError, ServiceResult, Stored,
};
use callboard::store::{MemoryStore, Paginate, StoreOptions};
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};

struct Payments;

impl Service for Payments {
    fn methods(&self) -> Vec<Method> {
        vec![Method::Create, Method::named("refund")]
    }

    fn events(&self) -> Vec<String> {
        vec!["status".into()]
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        params.emit("status", json!({"status": "created"}))?;
        params.emit("status", json!({"status": "completed"}))?;
        Ok(json!({"id": 1, "paid": data["amount"], "agent": params.headers.get("x-agent")}))
    }

    async fn custom(&self, _refund: &str, data: Value, params: Params) -> ServiceResult {
        params.emit("status", json!({"id": data["id"], "status": "refunded"}))?;
        Ok(json!({"id": data["id"], "refunded": true, "reason": params.query["reason"]}))
    }
}

/// What is to be done must be said.
async fn has_text(context: &mut HookContext) -> Result<(), ServiceError> {
    match context.data["text"].as_str() {
        Some(text) if !text.trim().is_empty() => Ok(()),
        _ => Err(ServiceError::unprocessable("A todo needs a text").with_errors(json!({"text": "required"}))),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut config = Config::default();
    config.server.port =
        std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(3030), |port| port.parse())?;
    config.auth.anonymous = true;
    config.socketio = vec![EngineConfig::default()];
    config.rest.prefix = Some("/".into());

    let pages = StoreOptions { paginate: Some(Paginate { default: 10, max: Some(50) }), ..StoreOptions::default() };
    let todos = Registration::of(Stored::new(MemoryStore::new(pages)))
        .hooks(Hooks::new().before("create", has_text))
        .filter(|todo, connection, _call| todo["company"] == connection["user"]["company"]);
    let broker = Broker::builder(config)
        .service("todos", todos)
        .service("payments", Registration::of(Payments).for_everyone())
        .on("/", "connection", |socket: Socket, (said,): (Value,)| async move {
            socket.connection().set("user", json!({"company": said["company"]}));
        });
    Ok(broker.serve().await?)
}

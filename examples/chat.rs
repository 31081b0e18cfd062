//! A chat in an actix-web app of its own: the broker is mounted beside the app's page (`chat.html`), and one handler actor answers
//! rpc calls, checks and rewrites each line before it is published, and logs who subscribes.
//!
//! Run it with `cargo run --example chat`, and open <http://localhost:8000/> in two windows: what one sends, both show. A terminal
//! can join in:
//!
//! ```sh
//! callboard sub chat:lobby
//! callboard pub chat:lobby '{"name":"Ada","text":"  hello  "}' --as-client
//! ```
//!
//! The line arrives as `{"from":"Ada","text":"hello"}`, as the handler rewrote it, and without a `text` it is refused. Without
//! `--as-client` a publish goes through the HTTP API, which is for your own backend: no handler sees it.
use actix_web::{App, HttpResponse, HttpServer, web};
use callboard::broker::handler::{
    Handle, HandlerFuture, LifecycleEvent, MessageCall, PublishCall, RpcCall, Verdict, answer, host,
};
use callboard::broker::{Namespace, Rule};
use callboard::server::{Broker, Config};
use callboard::types::{Fault, Json, ReplyError};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The longest name that a guest may choose, in bytes.
const MAX_NAME: usize = 40;

/// The handler actor: counts what was said, and refuses what is too long.
#[derive(Default)]
struct Host {
    said: usize,
}

/// What a client publishes.
#[derive(Deserialize)]
struct Line {
    /// What a guest is called. Whoever brings a token is called as the token says.
    #[serde(default)]
    name: String,
    text: String,
}

fn json(value: serde_json::Value) -> Result<Json, Fault> {
    Json::write(&value).map_err(|_| ReplyError::INTERNAL.into())
}

impl Handle<RpcCall> for Host {
    fn handle(&mut self, call: RpcCall) -> HandlerFuture<Option<Json>> {
        let caller = call.session.map(|session| (session.identity.user.to_string(), session.id.to_string()));
        let (user, client) = caller.unwrap_or_default();
        answer(match call.method.as_str() {
            "whoami" => json(json!({ "user": user, "client": client })).map(Some),
            "said" => json(json!({ "lines": self.said })).map(Some),
            "echo" => Ok(call.data),
            // What a bug in a handler does to its callers: an error, and the handler goes on.
            "panic" => panic!("asked to"),
            _ => Err(ReplyError::METHOD_NOT_FOUND.into()),
        })
    }
}

impl Handle<PublishCall> for Host {
    fn handle(&mut self, call: PublishCall) -> HandlerFuture<Verdict> {
        answer(match call.data.read::<Line>() {
            Ok(line) if line.text.len() > 1_000 || line.name.len() > MAX_NAME => Err(ReplyError::LIMIT_EXCEEDED.into()),
            Ok(line) => {
                self.said += 1;
                let user = &*call.session.identity.user;
                let from = if user.is_empty() { line.name.trim() } else { user };
                json(json!({ "from": from, "text": line.text.trim() })).map(Verdict::Replace)
            }
            // The client is told what is wrong.
            Err(error) => Err(error.into()),
        })
    }
}

impl Handle<MessageCall> for Host {
    fn handle(&mut self, call: MessageCall) -> HandlerFuture<()> {
        // What a client sends without wanting an answer comes back to that client alone.
        call.session.send(call.data);
        answer(Ok(()))
    }
}

impl Handle<LifecycleEvent> for Host {
    fn handle(&mut self, event: LifecycleEvent) -> HandlerFuture<()> {
        if let LifecycleEvent::Subscribed(session, channel) = event {
            log::info!("{} subscribed to {channel}", session.id);
        }
        answer(Ok(()))
    }
}

fn config() -> Config {
    let mut config = Config::default();
    config.auth.anonymous = true;
    // No api.key: this app listens on loopback only. One that others can reach sets a key instead.
    config.server.allow_insecure = true;
    config.namespaces = vec![Namespace {
        name: "chat".into(),
        subscribe: Rule::Anyone,
        publish: Rule::Anyone,
        history_size: 50,
        history_ttl: Duration::from_secs(300),
        allow_recovery: true,
        presence: true,
        join_leave: true,
        ..Namespace::default()
    }];
    config
}

async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(include_str!("chat.html"))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let port: u16 = std::env::args().skip_while(|arg| arg != "--port").nth(1).map_or(Ok(8000), |port| port.parse())?;
    let chat = host(Host::default);
    let broker = Broker::builder(config())
        .on_rpc("*", &chat)
        .on_publish("chat", &chat)
        .on_message(&chat)
        .on_lifecycle(&chat)
        .start()?;
    let mounted = broker.clone();
    let app = move || App::new().configure(mounted.routes()).route("/", web::get().to(page));
    let server = broker.server(HttpServer::new(app)).bind(("127.0.0.1", port))?;
    log::info!("open http://localhost:{port}/ in two windows");
    server.run().await?;
    Ok(())
}

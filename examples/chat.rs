//! A chat in an actix-web app of its own: the broker is mounted beside the app's pages, and one handler actor answers rpc
//! calls, looks at what is said before it is published, and greets who comes.
//!
//! Run it with `cargo run --example chat -- --port 8000`, then talk with `callboard sub chat:lobby` and
//! `callboard pub chat:lobby '{"text":"hello"}'`, or open <http://127.0.0.1:8000/>.
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

/// The handler actor: counts what was said, and refuses what is too long.
#[derive(Default)]
struct Host {
    said: usize,
}

#[derive(Deserialize)]
struct Line {
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
        let line = call.data.read::<Line>().map_err(|_| ReplyError::BAD_REQUEST);
        answer(match line {
            Ok(line) if line.text.len() > 1_000 => Err(ReplyError::LIMIT_EXCEEDED.into()),
            Ok(line) => {
                self.said += 1;
                let from = call.session.identity.user.to_string();
                json(json!({ "from": from, "text": line.text.trim() })).map(Verdict::Replace)
            }
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
            log::info!("{} listens to {channel}", session.id);
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
        publish: Rule::Subscriber,
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
    HttpResponse::Ok().content_type("text/plain").body("The chat is at /connection/websocket, channel chat:lobby.\n")
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
    log::info!("the chat is on http://127.0.0.1:{port}/");
    server.run().await?;
    Ok(())
}

//! The application that the suites of the real Socket.IO clients talk to; `tests/clients/js/socketio/original.js` says what it
//! does, and is the same on the original server.
//!
//! Run it with `cargo run --example socketio_fixture -- --port 8000`. With `--redis URL` it is one node of several, which the
//! original needs an adapter for.
use callboard::broker::handler::{ConnectCall, Handle, HandlerFuture, Welcome, answer, host};
use callboard::delivery::Acknowledgement;
use callboard::engine::Kind;
use callboard::engine::redis::Address;
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::events::{Arguments, Binary, Emitter, FromArguments, Socket};
use callboard::transport::engineio::EngineConfig;
use callboard::types::{Fault, Json, ReplyError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Some sockets, and what is to be done with them.
#[derive(Deserialize, Default)]
#[serde(default)]
struct What {
    rooms: Vec<String>,
    except: Vec<String>,
    event: String,
    args: Option<Json>,
    volatile: bool,
    #[serde(rename = "self")]
    only_self: bool,
    timeout: u64,
    join: Vec<String>,
    leave: Vec<String>,
    close: bool,
}

impl What {
    fn of(&self, everyone: Emitter) -> Emitter {
        // To no room is to nobody; of a client's list without one, as with the original, it is to everyone.
        let narrowed = if self.rooms.is_empty() { everyone } else { everyone.to(self.rooms.clone()) };
        let narrowed = narrowed.except(self.except.clone());
        if self.volatile { narrowed.volatile() } else { narrowed }
    }

    fn time(&self) -> Duration {
        Duration::from_millis(self.timeout)
    }
}

/// What `args` of a [`What`] that came with these attachments stands for.
fn arguments(what: &What, attachments: Vec<bytes::Bytes>) -> Arguments {
    let args = what.args.clone().unwrap_or_else(|| json_of(&json!([])));
    Arguments { args, attachments }
}

fn json_of(value: &Value) -> Json {
    Json::write(value).expect("a value has a JSON form")
}

/// Reads the one argument of an event, leaving its attachments as they are.
fn what(arguments: &Arguments) -> Result<What, Fault> {
    let args: Vec<What> = arguments.args.read().map_err(|_| ReplyError::BAD_REQUEST)?;
    args.into_iter().next().filter(|what| !what.event.is_empty()).ok_or_else(|| ReplyError::BAD_REQUEST.into())
}

/// Refuses who asks to be refused.
struct Doorkeeper;

impl Handle<ConnectCall> for Doorkeeper {
    fn handle(&mut self, call: ConnectCall) -> HandlerFuture<Welcome> {
        let denies = call.data.and_then(|auth| auth.read::<Value>().ok()?.get("deny").cloned());
        answer(match denies {
            None | Some(Value::Null | Value::Bool(false)) => Ok(Welcome::default()),
            Some(_) => Err(ReplyError { data: Some(json_of(&json!({ "c": 1 }))), ..ReplyError::new(400, "no") }.into()),
        })
    }
}

fn greet(builder: BrokerBuilder, namespace: &'static str) -> BrokerBuilder {
    builder
        .on(namespace, "connection", |socket: Socket, (): ()| async move {
            let auth = socket.auth().unwrap_or_else(|| json_of(&json!({})));
            socket.emit("auth", (auth,)).await
        })
        .on(namespace, "disconnect", |socket: Socket, (reason,): (String,)| async move {
            let auth = socket.auth().and_then(|auth| auth.read::<Value>().ok());
            if let Some(name) = auth.as_ref().and_then(|auth| auth["name"].as_str()) {
                drop(socket.everyone().to(format!("watch-{name}")).emit("left", (name, reason)));
            }
        })
}

fn talk(builder: BrokerBuilder, namespace: &'static str) -> BrokerBuilder {
    builder
        .on(
            namespace,
            "message",
            |socket: Socket, args: Arguments| async move { socket.emit("message-back", args).await },
        )
        .on(namespace, "message-with-ack", |_: Socket, args: Arguments| async move { args })
        .on(namespace, "slow", |_: Socket, (ms,): (u64,)| async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            (ms,)
        })
        .on(namespace, "throws", |_: Socket, (code, message): (u32, String)| async move {
            Err::<(), _>(ReplyError::new(code, message))
        })
        .on(namespace, "data-set", |socket: Socket, (value,): (Json,)| async move {
            socket.set_data(&value).map_err(|_| ReplyError::BAD_REQUEST)
        })
        .on(namespace, "handshake", |socket: Socket, (header, key): (String, String)| async move {
            let handshake = socket.handshake().ok_or(ReplyError::NOT_AVAILABLE)?;
            Ok::<_, ReplyError>((json!({
                "header": handshake.header(&header), "cookie": handshake.header("cookie"), "query": handshake.query(&key),
                "secure": handshake.secure, "address": handshake.address,
            }),))
        })
        .on(namespace, "data-get", |socket: Socket, (): ()| async move { (socket.data::<Json>(),) })
        .on(namespace, "disconnect-me", |socket: Socket, (close,): (Option<bool>,)| async move {
            socket.disconnect(close.unwrap_or(false));
        })
}

fn address(builder: BrokerBuilder, namespace: &'static str) -> BrokerBuilder {
    builder
        .on(namespace, "join", |socket: Socket, (rooms,): (Vec<String>,)| async move { socket.join(rooms) })
        .on(namespace, "leave", |socket: Socket, (rooms,): (Vec<String>,)| async move { socket.leave(rooms) })
        .on(namespace, "rooms", |socket: Socket, (): ()| async move {
            let mut rooms: Vec<String> = socket.rooms().await.iter().map(ToString::to_string).collect();
            rooms.sort();
            (rooms,)
        })
        .on(namespace, "to", |socket: Socket, args: Arguments| async move {
            let what = what(&args)?;
            let sent = arguments(&what, args.attachments);
            let to = match what.only_self {
                true if what.volatile => socket.volatile(),
                true => socket.everyone().to(socket.id()),
                false => what.of(socket.broadcast()),
            };
            to.emit(&what.event, sent).await.map_err(Fault::from)
        })
        .on(namespace, "broadcast", |socket: Socket, args: Arguments| async move {
            let all: Vec<Json> = args.args.read().map_err(|_| ReplyError::BAD_REQUEST)?;
            let (event, rest) = all.split_first().ok_or(ReplyError::BAD_REQUEST)?;
            let event: String = event.read().map_err(|_| ReplyError::BAD_REQUEST)?;
            let rest = Json::write(&rest).map_err(|_| ReplyError::INTERNAL)?;
            socket.broadcast().emit(&event, Arguments { args: rest, attachments: args.attachments }).await
        })
        .on(namespace, "all", |socket: Socket, args: Arguments| async move {
            let what = what(&args)?;
            let sent = arguments(&what, args.attachments);
            what.of(socket.everyone()).emit(&what.event, sent).await.map_err(Fault::from)
        })
}

fn ask(builder: BrokerBuilder, namespace: &'static str) -> BrokerBuilder {
    builder
        .on(namespace, "ask", |socket: Socket, args: Arguments| async move {
            let what = what(&args)?;
            let sent = arguments(&what, args.attachments);
            let answers = what.of(socket.everyone()).ask(&what.event, sent, what.time()).await;
            let answers = answers.map_err(|_| ReplyError::INTERNAL)?;
            let given: Vec<Tree> = answers.given.into_iter().map(|(_, answer)| first(answer)).collect();
            Ok::<_, Fault>((Told { answers: given, error: !answers.missing.is_empty() },))
        })
        .on(namespace, "ask-me", |socket: Socket, args: Arguments| async move {
            let what = what(&args)?;
            let sent = arguments(&what, args.attachments);
            let answer = socket.ask::<Arguments>(&what.event, sent, what.time()).await;
            let error = answer.is_err();
            // The answers are one argument for once: a list.
            let answers = answer.ok().map_or(vec![], |answer| list(answer).unwrap_or_default());
            Ok::<_, Fault>((Told { answers, error },))
        })
        .on(namespace, "sockets-join", |socket: Socket, (what,): (What,)| async move {
            what.of(socket.everyone()).join(what.join.clone());
        })
        .on(namespace, "sockets-leave", |socket: Socket, (what,): (What,)| async move {
            what.of(socket.everyone()).leave(what.leave.clone());
        })
        .on(namespace, "disconnect-sockets", |socket: Socket, (what,): (What,)| async move {
            // The answer goes first.
            tokio::spawn(async move { what.of(socket.everyone()).disconnect(what.close) });
        })
}

/// Any JSON, with binary anywhere in it.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Tree {
    Binary(Binary),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
    Other(Value),
}

/// What has come of a question.
#[derive(Serialize)]
struct Told {
    answers: Vec<Tree>,
    error: bool,
}

/// The arguments as a list.
fn list(arguments: Arguments) -> Option<Vec<Tree>> {
    let args = Json::parse(format!("[{}]", arguments.args.as_str()).into()).ok()?;
    <(Vec<Tree>,)>::from_arguments(Arguments { args, ..arguments }).ok().map(|(list,)| list)
}

fn first(answer: Acknowledgement) -> Tree {
    let arguments = Arguments { args: answer.args, attachments: answer.attachments };
    list(arguments).and_then(|list| list.into_iter().next()).unwrap_or(Tree::Other(Value::Null))
}

/// The value of a flag of the command line.
fn flag(name: &str) -> Option<String> {
    std::env::args().skip_while(|arg| arg != name).nth(1)
}

fn config() -> Result<Config, Box<dyn std::error::Error>> {
    let millis = |name, otherwise| flag(name).map_or(Ok(otherwise), |ms| ms.parse()).map(Duration::from_millis);
    let mut config = Config::default();
    config.server.port = flag("--port").map_or(Ok(8000), |port| port.parse())?;
    config.server.workers = 2;
    config.auth.anonymous = true;
    config.limits.outbox = 64 * 1024 * 1024;
    if let Some(url) = flag("--redis") {
        config.engine = Kind::Redis;
        config.redis.url = Address::new(url)?;
    }
    config.socketio = vec![EngineConfig {
        ping_interval: millis("--ping-interval", 25_000)?,
        ping_timeout: millis("--ping-timeout", 20_000)?,
        connect_timeout: millis("--connect-timeout", 45_000)?,
        max_payload: flag("--max-payload").map_or(Ok(1_000_000), |bytes| bytes.parse())?,
        recovery: millis("--recovery", 0)?,
        cors: flag("--cors").into_iter().collect(),
        ..EngineConfig::default()
    }];
    Ok(config)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("info"));
    let mut builder = Broker::builder(config()?).on_connect(&host(|| Doorkeeper));
    for namespace in ["/", "/custom", "/room-*"] {
        builder = ask(address(talk(greet(builder, namespace), namespace), namespace), namespace);
    }
    Ok(builder.serve().await?)
}

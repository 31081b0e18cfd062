//! An event of an entry for one role of a Strapi application: the cost follows the sessions of that role, however many others there are.
use super::stage::{Counter, Tally};
use actix::{Actor, Addr, System};
use callboard::auth::Secret;
use callboard::broker::handler::Placement;
use callboard::broker::{Ask, PingSettings, Session, Worker};
use callboard::delivery::Ticket;
use callboard::protocol::{Command, Connect, Home};
use callboard::server::{Broker, Config};
use callboard::service::Stored;
use callboard::service::strapi::ContentTypeConfig;
use callboard::store::{CallOptions, MemoryStore, Multi, Select, Store, StoreOptions, documents};
use callboard::transport::engineio::EngineConfig;
use callboard::types::{ChannelName, Json, Space};
use criterion::{BenchmarkId, Criterion, Throughput};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::rc::Rc;

const ROLES: u64 = 20;
/// Sessions of the role that is told.
const MEMBERS: u64 = 50;
const SECRET: &str = "a secret of the benchmark";

async fn stored(entries: Vec<Value>) -> Stored<MemoryStore> {
    let store = MemoryStore::new(StoreOptions { multi: Multi::ALL, ..StoreOptions::default() });
    let entries = documents(Value::Array(entries)).expect("documents");
    store.create(entries, Select::all(), CallOptions::default()).await.expect("there is room");
    Stored::new(store)
}

async fn broker() -> Broker {
    let mut config = Config::default();
    config.server.allow_insecure = true;
    config.socketio = vec![EngineConfig::default()];
    config.strapi.roles = Some("roles".into());
    config.strapi.users = Some("users".into());
    config.strapi.jwt_secret = vec![Secret::new(SECRET)].into();
    let mut article = ContentTypeConfig::new("api::article.article", "articles");
    article.private = vec!["secret".into()];
    config.strapi.content_types = vec![article];
    // Each role permits an event of its own.
    let role =
        |id| json!({"id": id, "name": format!("r{id}"), "permissions": [format!("api::article.article.to{id}")]});
    let roles = stored((0..ROLES).map(role).collect()).await;
    let users = stored((0..ROLES).map(|id| json!({"id": id, "role": id})).collect()).await;
    let builder = Broker::builder(config).placement(Placement::Here).service("roles", roles).service("users", users);
    builder.service("articles", stored(vec![json!({"id": 1})]).await).start().expect("a good config")
}

async fn session(broker: &Broker, tally: &Rc<Tally>, user: u64) -> Addr<Session> {
    let claims = json!({"id": user, "exp": 99_999_999_999u64});
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a JWT");
    let channel = ChannelName::in_space(Space::SocketIo, "/", 255).expect("a name");
    let connect = Connect {
        data: Some(Json::write(&json!({ "token": token })).expect("JSON")),
        home: Some(Home { channel, kept_for: None, resume: None }),
        ..Connect::default()
    };
    let (pings, outlet) = (PingSettings { ping: 25, pong: true }, Rc::new(Counter(tally.clone())));
    let session = Session::new(Worker::here(broker.node()), outlet, pings).start();
    let answers = tally.answers.get() + 1;
    session.do_send(Ask { ticket: Ticket(1), command: Command::Connect(Box::new(connect)) });
    while tally.answers.get() < answers {
        tokio::task::yield_now().await;
    }
    session
}

pub fn to_one_role(c: &mut Criterion) {
    let mut group = c.benchmark_group("an entry for one role of 20");
    group.sample_size(20).throughput(Throughput::Elements(MEMBERS));
    let entry = json!({"id": 1, "title": "hello", "text": "x".repeat(200), "secret": 5});
    for sessions in [1_000u64, 10_000] {
        let system = System::new();
        let (broker, tally, _sessions) = system.block_on(async {
            let (broker, tally, mut all) = (broker().await, Rc::<Tally>::default(), vec![]);
            for number in 0..sessions {
                let role = if number < MEMBERS { 0 } else { 1 + number % (ROLES - 1) };
                all.push(session(&broker, &tally, role).await);
            }
            (broker, tally, all)
        });
        let io = broker.strapi().expect("there is a section");
        group.bench_function(BenchmarkId::from_parameter(sessions), |b| {
            b.iter(|| {
                system.block_on(async {
                    let events = tally.events.get() + MEMBERS;
                    io.emit("to0", "api::article.article", entry.clone()).await.expect("it is accepted");
                    while tally.events.get() < events {
                        tokio::task::yield_now().await;
                    }
                });
            });
        });
    }
}

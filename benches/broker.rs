//! What the actors cost: fan-out by listeners, routing over channels, joining and leaving, recovering.
//!
//! Sessions are real and live on one thread; their outlets count instead of filling a socket, so that no wire's cost is in
//! the figures but that of encoding once.
use actix::{Actor, Addr, System};
use bytes::Bytes;
use callboard::auth::{ApiConfig, ApiKeys, Authenticator, Authenticators, Config, Origins, OwnNames, TrustedProxies};
use callboard::broker::handler::{Handlers, Placement};
use callboard::broker::{
    Ask, Limits, Namespace, Namespaces, Node, Parts, PingSettings, Rule, Session, Settings, Worker,
};
use callboard::delivery::{Delivered, Delivery, Naming, Outlet, Ticket, WhenFull};
use callboard::engine::memory::{Config as MemoryConfig, MemoryEngine};
use callboard::metrics::Metrics;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Command, Publish, Push, Recover, Reply, Subscribe, Unsubscribe};
use callboard::types::{Clock, Disconnect, Epoch, Json};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The namespace whose channels keep their events.
const KEPT: &str = "kept";

/// What all outlets together were given.
#[derive(Default)]
struct Tally {
    answers: Cell<u64>,
    events: Cell<u64>,
}

struct Counter(Rc<Tally>);

impl Outlet for Counter {
    fn deliver(&self, delivery: &Delivery, naming: Naming<'_>, _: WhenFull) -> Delivered {
        black_box(delivery.frame(&CentrifugeJson, naming));
        self.0.events.set(self.0.events.get() + 1);
        Delivered::Queued
    }

    fn push(&self, _: &Push) {}

    fn answer(&self, _: Ticket, reply: Reply) {
        assert!(!matches!(reply, Reply::Error(_)), "{reply:?}");
        self.0.answers.set(self.0.answers.get() + 1);
    }

    fn done(&self, _: Ticket) {}

    fn close(&self, reason: Disconnect) {
        assert_eq!(reason, Disconnect::CONNECTION_CLOSED, "sessions end with the benchmark, not in it");
    }
}

/// A broker with sessions on this thread.
struct Stage {
    worker: Rc<Worker>,
    tally: Rc<Tally>,
    data: Json,
}

impl Stage {
    fn new() -> Self {
        let metrics = Metrics::new();
        let open = Namespace { subscribe: Rule::Anyone, publish: Rule::Anyone, ..Namespace::default() };
        let kept = Namespace {
            name: KEPT.into(),
            history_size: 1_000,
            history_ttl: Duration::from_secs(300),
            force_recovery: true,
            ..open.clone()
        };
        let settings = Settings {
            authenticators: Authenticators::new(
                Authenticator::new(&Config { anonymous: true, ..Config::default() }).expect("no keys"),
            ),
            origins: Origins::new(&[]).expect("no origins"),
            names_for_clients: OwnNames::All,
            names_for_api: OwnNames::All,
            proxies: TrustedProxies::default(),
            api_keys: ApiKeys::new(&ApiConfig::default()).expect("no keys"),
            personal_channel: false,
            namespaces: Namespaces::new([open, kept]),
        };
        let limits = Limits { channels_per_connection: usize::MAX, ..Limits::default() };
        let handlers = Handlers::new(limits.handler_timeout, limits.handler_queue, metrics.clone());
        let engine = Arc::new(MemoryEngine::new(MemoryConfig::default()));
        let node = Node::start(Parts {
            engine,
            settings,
            limits,
            metrics,
            handlers,
            placement: Placement::Beside,
            clock: Clock::Machine,
        });
        let data = Json::parse(Bytes::from_static(br#"{"text":"hello","from":"mia","at":1700000000}"#));
        Stage { worker: Worker::here(&node), tally: Rc::default(), data: data.expect("valid JSON") }
    }

    fn say(&self, session: &Addr<Session>, command: Command) {
        session.do_send(Ask { ticket: Ticket(1), command });
    }

    async fn answered(&self, answers: u64) {
        while self.tally.answers.get() < answers {
            tokio::task::yield_now().await;
        }
    }

    async fn ask(&self, session: &Addr<Session>, command: Command) {
        let answers = self.tally.answers.get() + 1;
        self.say(session, command);
        self.answered(answers).await;
    }

    async fn session(&self) -> Addr<Session> {
        let pings = PingSettings { ping: 25, pong: true };
        let session = Session::new(self.worker.clone(), Rc::new(Counter(self.tally.clone())), pings).start();
        self.ask(&session, Command::Connect(Box::default())).await;
        session
    }

    fn publish(&self, session: &Addr<Session>, channel: String) {
        self.say(session, Command::Publish(Publish { channel, data: Some(self.data.clone()), ..Publish::default() }));
    }
}

fn subscribe(channel: &str) -> Command {
    Command::Subscribe(Box::new(Subscribe { channel: channel.into(), ..Subscribe::default() }))
}

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fan-out");
    group.sample_size(10);
    for listeners in [1u64, 100, 10_000] {
        let system = System::new();
        let (stage, sessions) = system.block_on(async {
            let (stage, mut sessions) = (Stage::new(), vec![]);
            for _ in 0..listeners {
                let session = stage.session().await;
                stage.ask(&session, subscribe("news")).await;
                sessions.push(session);
            }
            (stage, sessions)
        });
        group.throughput(Throughput::Elements(listeners));
        group.bench_function(BenchmarkId::from_parameter(listeners), |b| {
            b.iter(|| {
                system.block_on(async {
                    let events = stage.tally.events.get() + listeners;
                    stage.publish(&sessions[0], "news".into());
                    while stage.tally.events.get() < events {
                        tokio::task::yield_now().await;
                    }
                });
            });
        });
    }
}

/// Each publish goes to the next channel; 64 are on their way at a time.
fn routing(c: &mut Criterion) {
    const BATCH: u64 = 64;
    let mut group = c.benchmark_group("routing");
    group.sample_size(10).throughput(Throughput::Elements(BATCH));
    for channels in [1u64, 1_000, 100_000] {
        let system = System::new();
        let (stage, session) = system.block_on(async {
            let stage = Stage::new();
            let session = stage.session().await;
            for number in 0..channels {
                stage.ask(&session, subscribe(&format!("news{number}"))).await;
            }
            (stage, session)
        });
        let mut turn = 0;
        group.bench_function(BenchmarkId::from_parameter(channels), |b| {
            b.iter(|| {
                system.block_on(async {
                    let answers = stage.tally.answers.get() + BATCH;
                    for _ in 0..BATCH {
                        // A step that has no factor in common with the counts visits all of them, far apart.
                        turn = (turn + 7_919) % channels;
                        stage.publish(&session, format!("news{turn}"));
                    }
                    stage.answered(answers).await;
                });
            });
        });
    }
}

fn join_and_leave(c: &mut Criterion) {
    let mut group = c.benchmark_group("join and leave");
    group.sample_size(10);
    for (name, others) in [("an empty channel", 0), ("a channel of 1,000", 1_000)] {
        let system = System::new();
        let (stage, session, _others) = system.block_on(async {
            let (stage, mut sessions) = (Stage::new(), vec![]);
            for _ in 0..others {
                let session = stage.session().await;
                stage.ask(&session, subscribe("news")).await;
                sessions.push(session);
            }
            let session = stage.session().await;
            (stage, session, sessions)
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                system.block_on(async {
                    stage.ask(&session, subscribe("news")).await;
                    stage.ask(&session, Command::Unsubscribe(Unsubscribe { channel: "news".into() })).await;
                });
            });
        });
    }
}

fn recover(c: &mut Criterion) {
    let mut group = c.benchmark_group("recover");
    group.sample_size(10);
    let channel = format!("{KEPT}:news");
    for missed in [0u64, 10, 300] {
        let system = System::new();
        let (stage, session) = system.block_on(async {
            let stage = Stage::new();
            let session = stage.session().await;
            for _ in 0..missed {
                let answers = stage.tally.answers.get() + 1;
                stage.publish(&session, channel.clone());
                stage.answered(answers).await;
            }
            (stage, session)
        });
        let from = Recover { offset: 0, epoch: Epoch::new("") };
        let subscribe = Subscribe { channel: channel.clone(), recover: Some(from), ..Subscribe::default() };
        group.bench_function(BenchmarkId::from_parameter(missed), |b| {
            b.iter(|| {
                system.block_on(async {
                    stage.ask(&session, Command::Subscribe(Box::new(subscribe.clone()))).await;
                    stage.ask(&session, Command::Unsubscribe(Unsubscribe { channel: channel.clone() })).await;
                });
            });
        });
    }
}

criterion_group!(benches, fan_out, routing, join_and_leave, recover);
criterion_main!(benches);

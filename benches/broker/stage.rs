//! Sessions of one thread, whose outlets count what they are given.
use actix::{Actor, Addr};
use bytes::Bytes;
use callboard::auth::{
    ApiConfig, ApiKeys, Authenticator, Authenticators, Config, ConnectionGrant, Origins, OwnNames, TrustedProxies,
};
use callboard::broker::handler::{Handlers, Placement};
use callboard::broker::{
    Admit, Ask, ClientTerms, Limits, Namespace, Namespaces, Node, Parts, PingSettings, Rule, Session, Settings, Worker,
};
use callboard::delivery::{Delivered, Delivery, Naming, Outlet, Ticket, WhenFull};
use callboard::engine::memory::{Config as MemoryConfig, MemoryEngine};
use callboard::metrics::Metrics;
use callboard::protocol::backstage::signals::SignalNames;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Command, Connect, Publish, Push, Reply, Subscribe};
use callboard::types::{Clock, Disconnect, Group, Identity, Json, Space};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// The namespace whose channels keep their events.
pub const KEPT: &str = "kept";

/// What all outlets together were given.
#[derive(Default)]
pub struct Tally {
    pub answers: Cell<u64>,
    pub events: Cell<u64>,
}

/// An outlet that counts.
pub struct Counter(pub Rc<Tally>);

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
pub struct Stage {
    pub worker: Rc<Worker>,
    pub tally: Rc<Tally>,
    pub data: Json,
}

impl Stage {
    pub fn new() -> Self {
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
            namespaces: Namespaces::new([open.clone(), kept])
                .with_space(Space::Signals, Namespace { has_groups: true, ..open }),
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

    pub fn say(&self, session: &Addr<Session>, command: Command) {
        session.do_send(Ask { ticket: Ticket(1), command });
    }

    pub async fn answered(&self, answers: u64) {
        while self.tally.answers.get() < answers {
            tokio::task::yield_now().await;
        }
    }

    pub async fn ask(&self, session: &Addr<Session>, command: Command) {
        let answers = self.tally.answers.get() + 1;
        self.say(session, command);
        self.answered(answers).await;
    }

    pub async fn session(&self) -> Addr<Session> {
        let pings = PingSettings { ping: 25, pong: true };
        let session = Session::new(self.worker.clone(), Rc::new(Counter(self.tally.clone())), pings).start();
        self.ask(&session, Command::Connect(Box::default())).await;
        session
    }

    /// One that is in these groups, with the names of signals.
    pub async fn owner(&self, groups: BTreeSet<Group>) -> Addr<Session> {
        let pings = PingSettings { ping: 25, pong: true };
        let terms = ClientTerms { names: &SignalNames, ..ClientTerms::default() };
        let outlet = Rc::new(Counter(self.tally.clone()));
        let session = Session::new(self.worker.clone(), outlet, pings).under(terms).start();
        let identity = Identity { groups, ..Identity::anonymous() };
        let grant = ConnectionGrant { identity, subs: vec![] };
        let answers = self.tally.answers.get() + 1;
        session.do_send(Admit { ticket: Ticket(1), grant, connect: Connect::default() });
        self.answered(answers).await;
        session
    }

    pub fn publish(&self, session: &Addr<Session>, channel: String) {
        self.say(session, Command::Publish(Publish { channel, data: Some(self.data.clone()), ..Publish::default() }));
    }
}

pub fn subscribe(channel: &str) -> Command {
    Command::Subscribe(Box::new(Subscribe { channel: channel.into(), ..Subscribe::default() }))
}

//! A broker of its own for each story, and clients whose sessions it starts without a socket.
use super::engine::Moody;
use actix::{Actor, Addr, System};
use callboard::auth::{
    ApiConfig, ApiKeys, Authenticator, Authenticators, Config, ConnectionToken, Issuer, Origins, OwnNames,
    SubscriptionToken, TrustedProxies,
};
use callboard::broker::handler::{Handlers, Placement};
use callboard::broker::{
    Ask, Expose, Gone, Limits, Namespace, Namespaces, Node, Parts, PingSettings, PublishRequest, Session, Settings,
    Worker,
};
use callboard::delivery::{Delivered, Delivery, Lag, Naming, Outlet, Ticket, WhenFull};
use callboard::metrics::Metrics;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Encoding, Push, Reply, Wire};
use callboard::types::{Clock, Disconnect, Json, ReplyError};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const WIRE: CentrifugeJson = CentrifugeJson;
/// Who waits longer than this for something has found a bug.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a story whose time stands still unless it says otherwise.
pub fn story<T>(story: impl Future<Output = T>) -> T {
    run(true, story)
}

/// Runs a story that other threads take part in.
pub fn real_story<T>(story: impl Future<Output = T>) -> T {
    run(false, story)
}

fn run<T>(paused: bool, story: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(paused);
    System::with_tokio_rt(|| builder.build().expect("a runtime")).block_on(story)
}

/// Lets everything on this thread come to rest.
pub async fn rest() {
    for _ in 0..300 {
        tokio::task::yield_now().await;
    }
}

/// Waits for something that other threads may have to do first, without letting virtual time pass.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
}

/// Lets virtual time pass.
pub async fn pass(time: Duration) {
    rest().await;
    tokio::time::advance(time).await;
    rest().await;
}

/// What a house is built of.
pub struct Plan {
    pub namespaces: String,
    pub limits: Limits,
    pub anonymous: bool,
    pub personal_channel: bool,
    pub handlers: Option<Handlers>,
    /// The policy of the channels that sessions belong to.
    pub homes: Namespace,
    pub auth: Config,
    /// The engine has a bus.
    pub bus: bool,
    pub expose: Vec<Expose>,
    /// Namespaces that no config names so.
    pub more: Vec<Namespace>,
}

impl Plan {
    /// A house with these namespaces, in TOML.
    pub fn of(namespaces: &str) -> Self {
        let (limits, namespaces) = (Limits::default(), namespaces.to_owned());
        let homes = Namespace::default();
        let auth = toml::from_str("hmac_secret = 'a secret that is long enough for all'").expect("a config");
        Plan {
            namespaces,
            limits,
            anonymous: true,
            personal_channel: false,
            handlers: None,
            homes,
            auth,
            bus: false,
            expose: vec![],
            more: vec![],
        }
    }

    pub fn build(self) -> House {
        #[derive(serde::Deserialize)]
        struct Table {
            namespace: Vec<Namespace>,
        }
        let table: Table = toml::from_str(&self.namespaces).expect("namespaces in TOML");
        let metrics = Metrics::new();
        let engine = Arc::new(Moody::new());
        engine.has_bus.store(self.bus, Ordering::SeqCst);
        let handlers = self.handlers.unwrap_or_else(|| Handlers::new(PATIENCE, 64, metrics.clone()));
        let auth = Config { anonymous: self.anonymous, ..self.auth.clone() };
        let settings = Settings {
            authenticators: Authenticators::new(Authenticator::new(&auth).expect("keys")),
            origins: Origins::new(&[]).expect("origins"),
            names_for_clients: OwnNames::All,
            names_for_api: OwnNames::All,
            proxies: TrustedProxies::default(),
            api_keys: ApiKeys::new(&ApiConfig::default()).expect("keys"),
            personal_channel: self.personal_channel,
            namespaces: Namespaces::new(table.namespace.into_iter().chain(self.more))
                .with_homes(self.homes)
                .exposing(self.expose.iter().filter_map(Expose::opened)),
        };
        let node = Node::start(Parts {
            engine: engine.clone(),
            settings,
            limits: self.limits,
            metrics: metrics.clone(),
            handlers,
            placement: Placement::Beside,
            clock: Clock::Machine,
        });
        House { worker: Worker::here(&node), node, engine, metrics, issuer: Issuer::new(&self.auth).expect("a secret") }
    }
}

/// A running broker, seen from its one worker thread.
pub struct House {
    pub node: Node,
    pub worker: Rc<Worker>,
    pub engine: Arc<Moody>,
    pub metrics: Metrics,
    pub issuer: Issuer,
}

impl House {
    /// A client that has said nothing yet.
    pub fn visitor(&self) -> Client {
        Client::at(&self.worker)
    }

    /// An anonymous client that has been let in.
    pub async fn guest(&self) -> Client {
        let guest = self.visitor();
        guest.connect("").await;
        guest
    }

    /// A client with a token of this user.
    pub async fn user(&self, user: &str) -> Client {
        let client = self.visitor();
        client.connect(&self.token(user, None)).await;
        client
    }

    pub fn token(&self, user: &str, ttl: Option<u64>) -> String {
        let token = ConnectionToken { user: user.into(), ttl: ttl.map(Duration::from_secs), ..Default::default() };
        self.issuer.issue_connection(&token).expect("a token")
    }

    pub fn subscription(&self, user: &str, channel: &str, ttl: Option<u64>) -> String {
        let ttl = ttl.map(Duration::from_secs);
        let token = SubscriptionToken { user: user.into(), channel: channel.into(), ttl, ..Default::default() };
        self.issuer.issue_subscription(&token).expect("a token")
    }

    /// Publishes a number from the server.
    pub async fn publish(&self, channel: &str, number: u64) -> Result<Option<u64>, ReplyError> {
        let request = PublishRequest::new(json(&number.to_string()));
        Ok(self.node.channels().publish(channel, request).await?.map(|position| position.offset))
    }

    /// The gauges that must return to 0: sessions, channels, listeners.
    pub fn gauges(&self) -> (i64, i64, i64) {
        (self.metrics.sessions.get(), self.metrics.channels.get(), self.metrics.listeners.get())
    }
}

pub fn json(text: &str) -> Json {
    Json::parse(bytes::Bytes::copy_from_slice(text.as_bytes())).expect("valid JSON")
}

/// One client, by its session.
pub struct Client {
    pub session: Addr<Session>,
    recorder: Rc<Recorder>,
}

impl Client {
    /// A client of this worker's thread.
    pub fn at(worker: &Rc<Worker>) -> Self {
        let recorder = Rc::new(Recorder::default());
        let session = Session::new(worker.clone(), recorder.clone(), PingSettings { ping: 25, pong: true }).start();
        Client { session, recorder }
    }

    /// Says a command and does not wait.
    pub fn say(&self, command: &str) {
        let mut text = bytes::Bytes::copy_from_slice(command.as_bytes());
        let request = WIRE.decode_first(&mut text).expect("a command");
        self.session.do_send(Ask { ticket: Ticket(request.id.into()), command: request.command });
    }

    /// Says a command and waits for its answer, or for the end.
    pub async fn ask(&self, command: &str) -> String {
        let id: Value = serde_json::from_str(command).expect("JSON");
        let begin = format!(r#"{{"id":{},"#, id["id"]);
        let before = self.said().iter().filter(|line| line.starts_with(&begin)).count();
        self.say(command);
        let find = |said: Vec<String>| {
            let answer = said.iter().filter(|line| line.starts_with(&begin)).nth(before);
            answer.or_else(|| said.iter().find(|line| line.starts_with("close"))).cloned()
        };
        until(command, || find(self.said()).is_some()).await;
        find(self.said()).expect("it was there")
    }

    pub async fn connect(&self, token: &str) -> String {
        let reply = self.ask(&format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#)).await;
        assert!(reply.contains(r#""connect":{"client""#), "{reply}");
        self.forget();
        reply
    }

    /// Subscribes with more fields, such as `"recover":true`; the parsed result.
    pub async fn subscribe(&self, channel: &str, more: &str) -> Value {
        let more = if more.is_empty() { String::new() } else { format!(",{more}") };
        let reply = self.ask(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"{more}}}}}"#)).await;
        let reply: Value = serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{reply}"));
        assert!(reply["error"].is_null(), "{reply}");
        reply["subscribe"].clone()
    }

    /// Everything heard since it was last forgotten.
    pub fn said(&self) -> Vec<String> {
        self.recorder.lines.borrow().clone()
    }

    pub fn forget(&self) {
        self.recorder.lines.borrow_mut().clear();
    }

    /// What is heard once the thread is at rest, then forgotten.
    pub async fn heard(&self) -> Vec<String> {
        rest().await;
        std::mem::take(&mut *self.recorder.lines.borrow_mut())
    }

    /// The payloads of the events heard, as numbers.
    pub fn numbers(&self) -> Vec<u64> {
        let lines = self.said().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter_map(|line| line["push"]["pub"]["data"].as_u64()).collect()
    }

    /// From now on its wire has no words for what it has not asked for.
    pub fn lose_its_words(&self) {
        self.recorder.has_no_pushes.set(true);
    }

    /// Breaks the session from inside: its outlet panics at the next answer.
    pub fn panic_at_the_next_word(&self) {
        self.recorder.breaks.set(true);
    }

    pub fn leave(&self) {
        self.session.do_send(Gone { reason: Disconnect::CONNECTION_CLOSED });
    }
}

/// Hears what a session says, in the words of the wire.
#[derive(Default)]
struct Recorder {
    lines: RefCell<Vec<String>>,
    breaks: Cell<bool>,
    has_no_pushes: Cell<bool>,
}

impl Recorder {
    fn hear(&self, frame: &callboard::protocol::Frame) {
        self.lines.borrow_mut().push(String::from_utf8(frame.payload().to_vec()).expect("UTF-8"));
    }
}

impl Outlet for Recorder {
    fn deliver(&self, delivery: &Delivery, naming: Naming<'_>, _: WhenFull) -> Delivered {
        self.hear(&delivery.frame(&WIRE, naming));
        Delivered::Queued
    }

    fn has_pushes(&self) -> bool {
        !self.has_no_pushes.get()
    }

    fn push(&self, push: &Push) {
        self.hear(&WIRE.push(push));
    }

    fn lagged(&self, lag: &Lag) {
        if let Some(told) = lag.told() {
            self.deliver(told, Naming::Own, WhenFull::Disconnect);
        }
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        assert!(!self.breaks.take(), "the session breaks, as the story wants it");
        WIRE.reply(ticket.0 as u32, &reply).iter().for_each(|frame| self.hear(frame));
        // The wire has no words for it.
        if let Reply::Subscribed(subscribed) = &reply {
            let kept = subscribed.kept.iter().map(|event| format!("kept {}", event.data.as_str()));
            self.lines.borrow_mut().extend(kept);
        }
    }

    fn done(&self, ticket: Ticket) {
        self.lines.borrow_mut().push(format!("done {}", ticket.0));
    }

    fn close(&self, reason: Disconnect) {
        self.lines.borrow_mut().push(format!("close {}", reason.code));
    }
}

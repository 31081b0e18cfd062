//! A broker with services in the test's own process, and what its clients say.
use crate::harness::socketio::Client;
use actix_web::{App, HttpServer};
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::{Methods, Params, Registration, Stored};
use callboard::store::{MemoryStore, Multi, StoreOptions};
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a broker may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);

/// A broker that runs until it is dropped.
pub struct House {
    pub address: SocketAddr,
    pub broker: Broker,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A config with an endpoint of Socket.IO, for anonymous clients.
pub fn config() -> Config {
    let mut config = Config::default();
    config.auth.anonymous = true;
    config.server.allow_insecure = true;
    config.socketio = vec![EngineConfig::default()];
    config
}

impl House {
    /// A broker of the usual config.
    pub fn open(plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder + Send + 'static) -> Self {
        Self::with(config(), plan)
    }

    pub fn with(config: Config, plan: impl FnOnce(BrokerBuilder) -> BrokerBuilder + Send + 'static) -> Self {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let broker = plan(Broker::builder(config)).start().expect("a good config");
                let routes = broker.routes();
                let server = HttpServer::new(move || App::new().configure(routes.clone()));
                let server = broker.server(server).workers(2).shutdown_timeout(1).bind((Ipv4Addr::LOCALHOST, 0));
                let server = server.expect("a free port");
                let address = server.addrs()[0];
                let server = server.run();
                let handle = server.handle();
                actix_rt::spawn(server);
                tell.send((address, broker)).expect("somebody waits for it");
                // Whether it is told, or who would tell is gone.
                let _ = stopped.await;
                handle.stop(false).await;
            });
        });
        let (address, broker) = told.recv_timeout(PATIENCE).expect("the broker begins");
        House { address, broker, stop: Some(stop), thread: Some(thread) }
    }

    /// A client that says this of itself.
    pub async fn client(&self, said: Value) -> Client {
        let (mut client, answer) = Client::connect(self.address, &said).await;
        assert!(answer.starts_with("40{"), "{answer}");
        // Its first call begins when its handlers know of it.
        nothing_comes(&mut client).await;
        client
    }

    /// What a call from Rust brings.
    pub async fn create(&self, path: &str, data: Value) -> Value {
        let service = self.broker.service(path).expect("it is there");
        service.create(data, Params::default()).await.expect("it is created")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the broker panicked");
        }
    }
}

/// Documents in memory, of which any number may be written at once.
pub fn documents() -> Stored<MemoryStore> {
    Stored::new(MemoryStore::new(StoreOptions { multi: Multi::ALL, ..StoreOptions::default() }))
}

/// A service that returns what it is given, as an event and as an answer.
pub fn echo() -> Registration {
    Registration::of(Methods::new().create(async |data, _| Ok(data)))
}

/// What clients say of themselves becomes their user; those that say nothing have none.
pub fn with_users(builder: BrokerBuilder) -> BrokerBuilder {
    use callboard::service::events::Socket;
    builder.on("/", "connection", |socket: Socket, (said,): (Value,)| async move {
        if said != json!({}) {
            socket.connection().set("user", said);
        }
    })
}

/// Emits a call and returns all that comes, in order, to the acknowledgement and with it.
pub async fn call(client: &mut Client, call: Value) -> (Vec<Value>, Value) {
    client.say(&format!("420{call}")).await;
    let mut events = vec![];
    loop {
        let packet = client.next().await;
        if let Some(answer) = packet.strip_prefix("430") {
            return (events, serde_json::from_str(answer).expect("JSON"));
        }
        events.push(serde_json::from_str(packet.strip_prefix("42").expect("an event")).expect("JSON"));
    }
}

/// The answer to a call that brings no event to its caller.
pub async fn answer(client: &mut Client, what: Value) -> Value {
    let (events, answer) = call(client, what).await;
    assert_eq!(events, Vec::<Value>::new());
    answer
}

/// Nothing has come for the client before it asks for something that brings no event.
pub async fn nothing_comes(client: &mut Client) {
    let (events, _) = call(client, json!(["subscribe", "no such service", []])).await;
    assert_eq!(events, Vec::<Value>::new());
}

/// What is noted in the process, in order.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<Value>>>);

impl Notes {
    pub fn add(&self, note: impl Into<Value>) {
        self.0.lock().expect("no test panics with it").push(note.into());
    }

    /// Waits until there are so many.
    pub async fn until(&self, count: usize) {
        let waits = async {
            while self.0.lock().expect("no test panics with it").len() < count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, waits).await.expect("something to be noted");
    }

    pub fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().expect("no test panics with it"))
    }
}

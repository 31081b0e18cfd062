//! A broker with an endpoint whose handler echoes, in the test's own process.
use actix_web::{App, HttpServer};
use callboard::broker::handler::{Handle, HandlerFuture, answer, host};
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::transport::engineio::{EngineCall, EngineConfig, EngineMessage};
use callboard::types::{Fault, ReplyError};
use std::collections::HashMap;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a broker may take to begin.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where its endpoint is.
pub const PATH: &str = "/engine.io/";

/// Whose the sockets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The broker's: it takes them over whole.
    Own,
    /// An app's, in which the broker is mounted.
    Mounted,
}

/// How a broker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// As its operator would end it.
    Drained,
    AtOnce,
}

/// A broker that runs until it is dropped.
pub struct House {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<Ending>>,
    thread: Option<JoinHandle<()>>,
}

/// A broker in the making.
pub struct Plan {
    pub config: Config,
    pub engine: EngineConfig,
    /// What else the broker is given.
    pub extend: fn(BrokerBuilder) -> BrokerBuilder,
}

impl Plan {
    pub fn new() -> Self {
        let mut config = Config::default();
        config.auth.anonymous = true;
        config.server.allow_insecure = true;
        config.server.workers = 2;
        let engine = EngineConfig { path: PATH.into(), ..EngineConfig::default() };
        Plan { config, engine, extend: |builder| builder }
    }

    /// With short heartbeats: those of the original's own suite.
    pub fn brisk() -> Self {
        let mut plan = Plan::new();
        (plan.engine.ping_interval, plan.engine.ping_timeout) =
            (Duration::from_millis(300), Duration::from_millis(200));
        plan
    }

    pub fn start(self, kind: Kind) -> House {
        let (tell, told) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            actix_rt::System::new().block_on(async move {
                let workers = self.config.server.workers;
                let mut config = self.config;
                config.server.port = free_port();
                let port = config.server.port;
                let builder = (self.extend)(Broker::builder(config).engine(self.engine, &host(Echo::default)));
                match kind {
                    Kind::Own => own(builder, port, &tell, stopped).await,
                    Kind::Mounted => mounted(builder, workers, &tell, stopped).await,
                }
            });
        });
        let address = told.recv_timeout(PATIENCE).expect("the broker listens");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "nobody listens on {address}");
            thread::yield_now();
        }
        House { address, stop: Some(stop), thread: Some(thread) }
    }
}

type Tell = std::sync::mpsc::Sender<SocketAddr>;

async fn own(builder: BrokerBuilder, port: u16, tell: &Tell, stopped: oneshot::Receiver<Ending>) {
    tell.send((Ipv4Addr::LOCALHOST, port).into()).expect("somebody waits for it");
    tokio::select! {
        served = builder.serve() => served.expect("it serves"),
        _ = stopped => {}
    }
}

async fn mounted(builder: BrokerBuilder, workers: usize, tell: &Tell, stopped: oneshot::Receiver<Ending>) {
    let broker = builder.start().expect("a good config");
    let routes = broker.routes();
    let server = HttpServer::new(move || App::new().configure(routes.clone()));
    let server = broker.server(server).workers(workers).shutdown_timeout(1).bind((Ipv4Addr::LOCALHOST, 0));
    let server = server.expect("a free port");
    tell.send(server.addrs()[0]).expect("somebody waits for it");
    let server = server.run();
    let handle = server.handle();
    actix_rt::spawn(server);
    if stopped.await == Ok(Ending::Drained) {
        broker.drain().await;
    }
    handle.stop(false).await;
}

impl House {
    /// Has the broker of an app stop; it tells its clients.
    pub fn begin_to_stop(&mut self) {
        self.tell(Ending::Drained);
    }

    /// Waits until it has stopped.
    pub fn stop(mut self) {
        self.join();
    }

    fn tell(&mut self, ending: Ending) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself, with an error that is told when it is joined.
            let _ = stop.send(ending);
        }
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the broker panicked");
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.tell(Ending::AtOnce);
        self.join();
    }
}

/// Runs a story in a house of either kind.
pub async fn both<F: Future<Output = ()>>(plan: fn() -> Plan, story: impl Fn(House) -> F) {
    for kind in [Kind::Own, Kind::Mounted] {
        eprintln!("on {kind:?}");
        story(plan().start(kind)).await;
    }
}

fn free_port() -> u16 {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    probe.local_addr().expect("its address").port()
}

/// Sends back what it gets, but for some words.
#[derive(Default)]
struct Echo {
    waiting: HashMap<u64, Vec<oneshot::Sender<()>>>,
}

impl Handle<EngineCall> for Echo {
    fn handle(&mut self, call: EngineCall) -> HandlerFuture<Vec<EngineMessage>> {
        let EngineCall { session, message } = call;
        let EngineMessage::Text(text) = &message else { return answer(Ok(vec![message])) };
        match &**text {
            "panic" => panic!("a handler that was told to"),
            "fail" => answer(Err(Fault::Reply(ReplyError::PERMISSION_DENIED))),
            "nothing" => answer(Ok(vec![])),
            "both" => answer(Ok(vec![message.clone(), EngineMessage::Binary(vec![1, 2, 3].into())])),
            // What waits is answered when some session says so.
            "wait" => {
                let (free, freed) = oneshot::channel();
                self.waiting.entry(session).or_default().push(free);
                Box::pin(async move {
                    // Whoever frees it, or is dropped, has freed it.
                    let _ = freed.await;
                    Ok(vec![message])
                })
            }
            "free" => {
                self.waiting.clear();
                answer(Ok(vec![message]))
            }
            text => match text.strip_prefix("many ").and_then(|count| count.parse::<usize>().ok()) {
                Some(count) => answer(Ok((0..count).map(|n| EngineMessage::Text(n.to_string().into())).collect())),
                None => answer(Ok(vec![message])),
            },
        }
    }
}

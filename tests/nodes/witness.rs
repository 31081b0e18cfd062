//! Who listens and who publishes through a fault.
use crate::harness::{API_KEY, http};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long it may take until everybody has heard the last event.
const PATIENCE: Duration = Duration::from_secs(60);
/// Before another attempt.
const PAUSE: Duration = Duration::from_millis(50);

/// What a listener heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnessed {
    /// The event of this number.
    Event(u64),
    /// That something is missing here, and cannot be had.
    Lost,
}

/// A client that listens to a channel and comes back whenever it is told to or cut off.
pub struct Witness {
    heard: Arc<AtomicU64>,
    last: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<Vec<Witnessed>>,
}

impl Witness {
    /// Listens from now on; goes to the next of these nodes whenever one is gone.
    pub async fn start(nodes: Vec<SocketAddr>, first: usize, channel: &str) -> Self {
        let (heard, last) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(u64::MAX)));
        let ready = Arc::new(tokio::sync::Notify::new());
        let listener = Listener {
            nodes,
            turn: first,
            channel: channel.to_owned(),
            position: None,
            heard: vec![],
            highest: heard.clone(),
            last: last.clone(),
            ready: ready.clone(),
        };
        let task = tokio::spawn(listener.run());
        timeout(PATIENCE, ready.notified()).await.expect("a subscription");
        Witness { heard, last, task }
    }

    /// What was heard up to the event of this number.
    pub async fn until(self, last: u64) -> Vec<Witnessed> {
        self.last.store(last, SeqCst);
        let (highest, abort) = (self.heard.clone(), self.task.abort_handle());
        let Ok(heard) = timeout(PATIENCE, self.task).await else {
            abort.abort();
            panic!("{last} was not heard, only {}", highest.load(SeqCst));
        };
        heard.expect("a listener that ends well")
    }
}

struct Listener {
    nodes: Vec<SocketAddr>,
    turn: usize,
    channel: String,
    position: Option<(String, u64)>,
    heard: Vec<Witnessed>,
    highest: Arc<AtomicU64>,
    last: Arc<AtomicU64>,
    ready: Arc<tokio::sync::Notify>,
}

type Stream = WebSocketStream<TcpStream>;

impl Listener {
    async fn run(mut self) -> Vec<Witnessed> {
        while !self.is_done() {
            if let Some(mut stream) = self.open().await {
                self.listen(&mut stream).await;
            }
            self.turn += 1;
            tokio::time::sleep(PAUSE).await;
        }
        self.heard
    }

    fn is_done(&self) -> bool {
        self.highest.load(SeqCst) >= self.last.load(SeqCst)
    }

    async fn open(&self) -> Option<Stream> {
        let address = self.nodes[self.turn % self.nodes.len()];
        let stream = TcpStream::connect(address).await.ok()?;
        let url = format!("ws://{address}/connection/websocket");
        let (mut stream, _) = timeout(PATIENCE, client_async(url, stream)).await.ok()?.ok()?;
        stream.send(Message::text(r#"{"id":1,"connect":{}}"#)).await.ok()?;
        self.subscribe(&mut stream).await?;
        Some(stream)
    }

    async fn subscribe(&self, stream: &mut Stream) -> Option<()> {
        let mut subscribe = json!({ "channel": self.channel });
        if let Some((epoch, offset)) = &self.position {
            subscribe = json!({ "channel": self.channel, "recover": true, "epoch": epoch, "offset": offset });
        }
        stream.send(Message::text(json!({ "id": 2, "subscribe": subscribe }).to_string())).await.ok()
    }

    /// Until the connection ends or enough was heard.
    async fn listen(&mut self, stream: &mut Stream) {
        while !self.is_done() {
            let next = timeout(Duration::from_millis(200), stream.next()).await;
            let Ok(next) = next else { continue };
            let Some(Ok(Message::Text(text))) = next else { return };
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).expect("JSON");
                if self.take(&line, stream).await.is_none() {
                    return;
                }
            }
        }
    }

    async fn take(&mut self, line: &Value, stream: &mut Stream) -> Option<()> {
        if line == &json!({}) {
            return stream.send(Message::text("{}")).await.ok();
        }
        if line["id"] == 2 {
            if !line["error"].is_null() {
                assert_eq!(line["error"]["code"], 100, "{line}");
                tokio::time::sleep(PAUSE).await;
                return self.subscribe(stream).await;
            }
            self.subscribed(&line["subscribe"]);
            self.ready.notify_one();
        }
        let push = &line["push"];
        if !push["pub"].is_null() {
            self.event(&push["pub"]);
        }
        if push["unsubscribe"]["code"].as_u64().is_some_and(|code| code >= 2500) {
            return self.subscribe(stream).await;
        }
        push["disconnect"].is_null().then_some(())
    }

    fn subscribed(&mut self, reply: &Value) {
        let came_back = self.position.is_some();
        let epoch = reply["epoch"].as_str().unwrap_or_default().to_owned();
        self.position = Some((epoch, reply["offset"].as_u64().unwrap_or_default()));
        if came_back && reply["recovered"] != true {
            self.heard.push(Witnessed::Lost);
        }
        reply["publications"].as_array().into_iter().flatten().for_each(|event| self.event(event));
    }

    fn event(&mut self, event: &Value) {
        let number = event["data"]["n"].as_u64().expect("a number");
        self.heard.push(Witnessed::Event(number));
        self.highest.fetch_max(number, SeqCst);
        if let (Some((_, at)), Some(offset)) = (&mut self.position, event["offset"].as_u64()) {
            *at = offset;
        }
    }
}

/// Publishes 1, 2, 3… over HTTP, each until it is accepted.
pub struct Publisher {
    stop: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    thread: JoinHandle<u64>,
}

impl Publisher {
    /// Publishes from now on, to the first of these nodes that takes it.
    pub fn start(nodes: Vec<SocketAddr>, channel: &str) -> Self {
        let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted, channel) = (stop.clone(), accepted.clone(), channel.to_owned());
        let thread = std::thread::spawn(move || {
            let (mut number, mut turn) = (0, 0);
            while !stopped.load(SeqCst) {
                number += 1;
                while !publish(nodes[turn % nodes.len()], &channel, number) {
                    turn += 1;
                    std::thread::sleep(PAUSE);
                }
                counted.store(number, SeqCst);
                // A pace, not a wait: about 200 a second.
                std::thread::sleep(Duration::from_millis(5));
            }
            number
        });
        Publisher { stop, accepted, thread }
    }

    /// Waits until so many more have been accepted.
    pub async fn more(&self, count: u64) {
        let wanted = self.accepted.load(SeqCst) + count;
        let began = Instant::now();
        while self.accepted.load(SeqCst) < wanted {
            assert!(began.elapsed() < PATIENCE, "publishes are no longer accepted");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The last number accepted.
    pub fn stop(self) -> u64 {
        self.stop.store(true, SeqCst);
        self.thread.join().expect("a publisher that ends well")
    }
}

/// Whether it was accepted.
pub fn publish(node: SocketAddr, channel: &str, number: u64) -> bool {
    let body = json!({ "channel": channel, "data": { "n": number }, "idempotency_key": format!("n{number}") });
    let answer = http::call(node, API_KEY, "publish", &body.to_string());
    answer.is_ok_and(|answer| answer.status == 200 && !answer.body.contains("\"error\""))
}

/// Twenty who listen, on all nodes in turn.
pub async fn twenty(nodes: &[SocketAddr], channel: &str) -> Vec<Witness> {
    let starts = (0..20).map(|first| Witness::start(nodes.to_vec(), first, channel));
    futures_util::future::join_all(starts).await
}

//! The client of Backstage's events against a broker that the tests play, frame by frame.
mod config;
mod connecting;
mod cuts;
mod example;
mod frontend;
mod peer;
mod publishing;
mod subscribing;
mod thread;
mod tokens;

use callboard::client::{ClientOptions, EventParams, EventsClient, EventsClientManager, TokenSource};
use peer::Peer;
use std::future::{Future, ready};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How long anything may take; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest pause of a client.
const PAUSE: Duration = Duration::from_millis(20);

/// Short pauses, so that no test waits for one.
fn brisk() -> ClientOptions {
    ClientOptions { backoff_first: Duration::from_millis(1), backoff_most: PAUSE, ..ClientOptions::default() }
}

fn manager_with(peer: &Peer, token: impl TokenSource) -> EventsClientManager {
    EventsClientManager::from_config(&peer.config(), token).expect("a good config").with_options(brisk())
}

fn manager(peer: &Peer) -> EventsClientManager {
    manager_with(peer, || ready(Ok::<_, String>("a token")))
}

/// A client of the plugin `catalog`.
fn catalog(peer: &Peer) -> EventsClient {
    manager(peer).for_plugin("catalog").get_client()
}

/// The same, which is to connect.
async fn connecting(peer: &Peer) -> EventsClient {
    let client = catalog(peer);
    client.connect().await.expect("a thread");
    client
}

fn everyone() -> EventParams {
    EventParams::default()
}

/// What comes of a future in time.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it comes in time")
}

/// A callback that passes on what it hears, with its name.
struct Heard<T> {
    sender: UnboundedSender<(&'static str, T)>,
    receiver: UnboundedReceiver<(&'static str, T)>,
}

impl<T: Send + 'static> Heard<T> {
    fn new() -> Self {
        let (sender, receiver) = unbounded_channel();
        Heard { sender, receiver }
    }

    fn callback(&self, name: &'static str) -> impl FnMut(T) + Send + 'static {
        let sender = self.sender.clone();
        // Nobody listens any more at the end of a test.
        move |data| drop(sender.send((name, data)))
    }

    async fn next(&mut self) -> (&'static str, T) {
        soon(self.receiver.recv()).await.expect("the test holds a sender")
    }
}

//! A broker with the wires of Backstage, in the test's own process, and bare clients of it.
use super::tokens;
pub use crate::engineio::house::{House, Kind, Plan, both};
use crate::harness::http;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long what is awaited may take; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// A broker that takes the tokens of [`tokens`].
pub fn plan() -> Plan {
    let mut plan = Plan::new();
    plan.config.backstage.signals = true;
    plan.config.backstage.events = true;
    plan.config.backstage.auth = tokens::keys();
    plan
}

/// The same for clients without a token, too.
pub fn plan_for_guests() -> Plan {
    let mut plan = plan();
    plan.config.backstage.guests = true;
    plan
}

/// A WebSocket.
pub struct Client(pub WebSocketStream<TcpStream>);

pub type Refused = Box<Response<Option<Vec<u8>>>>;

/// Asks for an upgrade at this path, with these headers.
pub async fn open(
    address: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Client, Response<Option<Vec<u8>>>), Refused> {
    let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header"));
    }
    let stream = TcpStream::connect(address).await.expect("a connection");
    match client_async(request, stream).await {
        Ok((socket, response)) => Ok((Client(socket), response)),
        Err(Error::Http(response)) => Err(response),
        Err(error) => panic!("{error}"),
    }
}

/// A page that shows this token for signals.
pub async fn page(house: &House, token: &str) -> Client {
    open(house.address, "/api/signals", &[("sec-websocket-protocol", token)]).await.expect("it is let in").0
}

/// A client of the events wire.
pub async fn listener(house: &House, token: &str) -> Client {
    open(house.address, "/events", &[("authorization", &format!("Bearer {token}"))]).await.expect("it is let in").0
}

/// A backend that has registered.
pub async fn backend(house: &House, plugin: &str) -> Client {
    let mut backend = listener(house, &tokens::service(plugin)).await;
    backend.say(json!({"command": "register", "pluginId": plugin})).await;
    backend
}

impl Client {
    pub async fn say(&mut self, what: Value) {
        self.say_text(&what.to_string()).await;
    }

    pub async fn say_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is open");
    }

    /// What comes next; else how it was closed.
    pub async fn next(&mut self) -> Result<Value, Option<CloseFrame>> {
        loop {
            let next = timeout(PATIENCE, self.0.next()).await.expect("something comes");
            match next {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(close))) => return Err(close),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    pub async fn hears(&mut self) -> Value {
        self.next().await.expect("it is open")
    }

    /// The code that it is closed with.
    pub async fn closes(&mut self) -> u16 {
        loop {
            if let Err(close) = self.next().await {
                return close.map_or(1006, |close| close.code.into());
            }
        }
    }

    /// Waits until all that was said on the events wire is done: what is refused is answered in its order.
    pub async fn settled(&mut self) {
        self.say(json!({"command": "settle"})).await;
        let told = self.hears().await;
        assert_eq!((&told["command"], &told["refused"]), (&json!("error"), &json!("")), "{told}");
    }
}

/// Calls the HTTP API; the answer's body.
pub async fn api(house: &House, method: &'static str, body: Value) -> Value {
    let address = house.address;
    let call = move || http::call(address, "", method, &body.to_string()).expect("an answer");
    let answer = tokio::task::spawn_blocking(call).await.expect("it does not panic");
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}: {}", answer.status, answer.body))
}

/// Sends a signal.
pub async fn signal(house: &House, signal: Value) {
    assert_eq!(api(house, "signal", signal).await, json!({"result": {}}));
}

/// Waits until there are so many subscriptions.
pub async fn until_subscribed(house: &House, count: u64) {
    let begun = std::time::Instant::now();
    while api(house, "info", json!({})).await["result"]["nodes"][0]["num_subs"] != count {
        assert!(begun.elapsed() < PATIENCE, "there are never {count} subscriptions");
        sleep(LOOK).await;
    }
}

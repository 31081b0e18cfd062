//! Calls of the events bus, as plugins make them.
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where the bus is.
pub const BUS: &str = "/api/events/bus/v1";

/// An answer whose body may be open.
pub struct Answer {
    pub status: u16,
    head: String,
    /// What came of the body so far, as it was written.
    body: Vec<u8>,
    stream: TcpStream,
}

/// Sends a request and waits for the head of its answer.
pub async fn ask(address: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let token = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!(
        "{method} {BUS}{path} HTTP/1.1\r\nHost: {address}\r\n{token}Content-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it is open");
    let mut read = vec![];
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let some = timeout(PATIENCE, stream.read_buf(&mut read)).await.expect("an answer in time").expect("it is open");
        assert!(some > 0, "there is no answer");
    };
    let body = read.split_off(end);
    let head = String::from_utf8(read).expect("text").to_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head, body, stream }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// Whether the body is still open: nothing more comes for a moment.
    pub async fn stays_open(&mut self) -> bool {
        timeout(Duration::from_millis(100), self.stream.read_buf(&mut self.body)).await.is_err()
    }

    /// The whole body, as it was written.
    pub async fn written(mut self) -> String {
        timeout(PATIENCE, self.stream.read_to_end(&mut self.body)).await.expect("it ends").expect("it is open");
        String::from_utf8(self.body).expect("text")
    }

    /// Waits until a body without anything in it ends.
    pub async fn ends_empty(self) {
        assert_eq!((self.status, self.written().await.as_str()), (202, "0\r\n\r\n"));
    }

    pub async fn json(self) -> Value {
        serde_json::from_str(&self.written().await).expect("JSON")
    }
}

/// A plugin that uses the bus of a broker.
pub struct Plugin {
    address: SocketAddr,
    token: String,
}

impl Plugin {
    pub fn at(address: SocketAddr, token: String) -> Self {
        Plugin { address, token }
    }

    pub async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        ask(self.address, method, path, Some(&self.token), body).await
    }

    pub async fn put(&self, id: &str, topics: &[&str]) -> u16 {
        self.ask("PUT", &format!("/subscriptions/{id}"), &json!({"topics": topics}).to_string()).await.status
    }

    pub async fn poll(&self, id: &str) -> Answer {
        self.ask("GET", &format!("/subscriptions/{id}/events"), "").await
    }

    /// The payloads that a poll is answered.
    pub async fn takes(&self, id: &str) -> Vec<Value> {
        let answer = self.poll(id).await;
        assert_eq!(answer.status, 200);
        let events = answer.json().await["events"].take();
        events.as_array().expect("events").iter().map(|event| event["payload"].clone()).collect()
    }

    pub async fn post(&self, topic: &str, payload: Value, notified: &[&str]) -> u16 {
        let body = json!({"event": {"topic": topic, "payload": payload}, "notifiedSubscribers": notified});
        self.ask("POST", "/events", &body.to_string()).await.status
    }
}

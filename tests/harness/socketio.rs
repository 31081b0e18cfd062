//! A client of Socket.IO that sends exactly what the test says, over a WebSocket from the start.
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long the broker may take to say something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client of the namespace `/`.
pub struct Client(WebSocketStream<TcpStream>);

impl Client {
    /// One that has said this to the namespace, and what it was answered.
    pub async fn connect(address: SocketAddr, said: &Value) -> (Self, String) {
        Self::connect_at(address, "/socket.io/", said).await
    }

    /// The same of the endpoint at this path.
    pub async fn connect_at(address: SocketAddr, path: &str, said: &Value) -> (Self, String) {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let url = format!("ws://{address}{path}?EIO=4&transport=websocket");
        let (stream, _) = client_async(url, stream).await.expect("the handshake");
        let mut client = Client(stream);
        assert!(client.next().await.starts_with('0'));
        client.say(&format!("40{said}")).await;
        let answer = client.next().await;
        (client, answer)
    }

    /// Sends a packet.
    pub async fn say(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.expect("it is open");
    }

    /// Sends a binary part of the packet before it.
    pub async fn say_bytes(&mut self, bytes: Vec<u8>) {
        self.0.send(Message::binary(bytes)).await.expect("it is open");
    }

    /// Emits an event, its name and arguments an array, and returns what it is acknowledged with. Nothing else must come
    /// before that.
    pub async fn ask(&mut self, event: &Value) -> Value {
        self.say(&format!("420{event}")).await;
        let answer = self.next().await;
        let given = answer.strip_prefix("430").unwrap_or_else(|| panic!("{answer} instead of an answer to {event}"));
        serde_json::from_str(given).expect("JSON")
    }

    /// The next event: its name and arguments.
    pub async fn event(&mut self) -> Value {
        let packet = self.next().await;
        serde_json::from_str(packet.strip_prefix("42").unwrap_or_else(|| panic!("no event: {packet}"))).expect("JSON")
    }

    /// Whether the connection ends, and nothing is said before.
    pub async fn ends(&mut self) -> bool {
        match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something to come") {
            Some(Ok(Message::Close(_)) | Err(_)) | None => true,
            Some(Ok(_)) => false,
        }
    }

    /// The next packet; pings are left out.
    pub async fn next(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something to come");
            match message.expect("it is open").expect("it is open") {
                Message::Text(text) if text.as_str() != "2" => return text.to_string(),
                Message::Close(frame) => panic!("closed with {frame:?}"),
                _ => {}
            }
        }
    }
}

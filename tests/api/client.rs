//! A client over a real WebSocket.
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(10);

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    read: VecDeque<Value>,
    commands: u32,
    pub id: String,
}

impl Client {
    /// Connects; anonymous with an empty token.
    pub async fn connect(port: u16, token: &str) -> Self {
        let (socket, _) = connect_async(format!("ws://127.0.0.1:{port}/connection/websocket")).await.unwrap();
        let mut client = Client { socket, read: VecDeque::new(), commands: 0, id: String::new() };
        let connected = client.ask("connect", json!({ "token": token })).await;
        client.id = connected["connect"]["client"].as_str().unwrap_or_else(|| panic!("{connected}")).to_owned();
        client
    }

    /// Sends a command and waits for its reply; pushes that come before are kept.
    pub async fn ask(&mut self, command: &str, body: Value) -> Value {
        self.commands += 1;
        let id = self.commands;
        self.socket.send(Message::text(json!({"id": id, command: body}).to_string())).await.unwrap();
        let mut pushes = VecDeque::new();
        loop {
            let next = self.next().await;
            if next["id"] == id {
                pushes.append(&mut self.read);
                self.read = pushes;
                return next;
            }
            pushes.push_back(next);
        }
    }

    /// The next push.
    pub async fn push(&mut self) -> Value {
        let mut next = self.next().await;
        assert!(next["push"].is_object(), "{next}");
        next["push"].take()
    }

    /// The code and reason that the connection is closed with; what comes before is passed over.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came") {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("no close frame but {other:?}"),
            }
        }
    }

    /// The next reply or push.
    async fn next(&mut self) -> Value {
        loop {
            if let Some(next) = self.read.pop_front() {
                return next;
            }
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(frame))) => {
                    let lines = frame.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                    self.read.extend(lines.filter(|line| *line != json!({})));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("no frame but {other:?}"),
            }
        }
    }
}

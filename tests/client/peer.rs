//! The broker that the tests play.
use super::{PATIENCE, PAUSE, soon};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// A socket that listens.
pub struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    pub async fn new() -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    pub async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        Peer { listener, address }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A program's config with the events at this peer.
    pub fn config(&self) -> Value {
        json!({"backend": {"baseUrl": format!("http://{}", self.address), "events": true}})
    }

    /// A connection before its handshake.
    pub async fn tcp(&self) -> TcpStream {
        soon(self.listener.accept()).await.expect("a connection").0
    }

    /// Whether no client comes in the time of a few pauses.
    pub async fn is_left_alone(&self) -> bool {
        timeout(5 * PAUSE, self.listener.accept()).await.is_err()
    }

    /// Shakes hands with the next client.
    pub async fn accept(&self) -> Link {
        let stream = self.tcp().await;
        let (mut path, mut authorization) = (String::new(), None);
        #[expect(clippy::result_large_err, reason = "the type is the library's")]
        let look = |request: &Request, response: Response| {
            request.uri().path().clone_into(&mut path);
            let header = request.headers().get("authorization");
            authorization = header.map(|header| header.to_str().expect("a text").to_owned());
            Ok(response)
        };
        let socket = soon(accept_hdr_async(stream, look)).await.expect("the handshake");
        Link { socket, path, authorization }
    }

    /// Shakes hands and takes the frame with which the backend plugin `catalog` begins.
    pub async fn accept_catalog(&self) -> Link {
        let mut link = self.accept().await;
        assert_eq!(link.next().await, json!({"command": "register", "pluginId": "catalog"}));
        link
    }

    /// Answers the next handshake with another status; the head of the request.
    pub async fn refuse(&self, status: &str) -> String {
        let mut stream = self.tcp().await;
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.expect("a head"));
        }
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.expect("it is open");
        String::from_utf8(head).expect("a text")
    }
}

/// A connection of a client. Dropped, it is cut without a close.
pub struct Link {
    socket: WebSocketStream<TcpStream>,
    pub path: String,
    pub authorization: Option<String>,
}

impl Link {
    /// The next frame of the client; its pings and pongs are left out.
    pub async fn next(&mut self) -> Value {
        match self.message().await {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?} instead of a frame"),
        }
    }

    /// The code with which the client closes next.
    pub async fn closed(&mut self) -> u16 {
        match self.message().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?} instead of a close"),
        }
    }

    async fn message(&mut self) -> Message {
        loop {
            let message = soon(self.socket.next()).await.expect("it is open").expect("a message");
            if !message.is_ping() && !message.is_pong() {
                return message;
            }
        }
    }

    /// All publishes up to the end of the connection, their data.
    pub async fn rest(mut self) -> Vec<Value> {
        let mut frames = vec![];
        while let Ok(Some(Ok(Message::Text(text)))) = timeout(PATIENCE, self.socket.next()).await {
            frames.push(serde_json::from_str::<Value>(&text).expect("JSON")["data"].take());
        }
        frames
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("it is open");
    }

    /// Tells the client of an event.
    pub async fn publish(&mut self, plugin: &str, topic: Option<&str>, data: Value) {
        let mut frame = json!({"command": "publish", "pluginId": plugin, "data": data});
        if let Some(topic) = topic {
            frame["topic"] = topic.into();
        }
        self.send(frame).await;
    }

    /// Closes with a code, and waits until the client has answered.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "the test says so".into() };
        self.socket.close(Some(frame)).await.expect("it is open");
        while let Ok(Some(Ok(_))) = timeout(PATIENCE, self.socket.next()).await {}
    }
}

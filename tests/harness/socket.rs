//! A WebSocket to a broker, on which the test writes what it wants.
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long the broker may take to say something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A WebSocket and what came over it, line by line.
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    lines: VecDeque<Value>,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A reply or a push.
    Line(Value),
    /// The close, with its code and reason if it has some; none of it if the connection just ended.
    Closed(Option<CloseFrame>),
}

impl Socket {
    /// Opens one whose kernel buffer for what it receives has this many bytes, 0 for the usual.
    pub async fn open(address: SocketAddr, receive_buffer: u32) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        if receive_buffer > 0 {
            socket.set_recv_buffer_size(receive_buffer).expect("its size");
        }
        let stream = socket.connect(address).await.expect("a connection");
        let url = format!("ws://{address}/connection/websocket");
        let (stream, _) = client_async(url, stream).await.expect("the handshake");
        Socket { stream, lines: VecDeque::new() }
    }

    /// Opens one and connects as an anonymous client.
    pub async fn connect(address: SocketAddr, receive_buffer: u32) -> Self {
        let mut socket = Self::open(address, receive_buffer).await;
        socket.ask(r#"{"id":1,"connect":{}}"#).await;
        socket
    }

    /// Opens one, connects as an anonymous client and subscribes.
    pub async fn subscribed(address: SocketAddr, channel: &str) -> Self {
        let mut socket = Self::connect(address, 0).await;
        let reply = socket.ask(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#)).await;
        assert!(reply["error"].is_null(), "{reply}");
        socket
    }

    /// What comes next, which must be a push.
    pub async fn push(&mut self) -> Value {
        match self.next().await {
            Next::Line(line) => line["push"].clone(),
            Next::Closed(frame) => panic!("closed with {frame:?}"),
        }
    }

    /// Sends one text frame.
    pub async fn send(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.expect("it is open");
    }

    /// Sends the beginning of a message, then so many more KiB of it, and never its end.
    pub async fn begin(&mut self, text: &str, more: usize) {
        let first = Frame::message(text.to_owned(), OpCode::Data(Data::Text), false);
        self.stream.send(Message::Frame(first)).await.expect("it is open");
        for _ in 0..more {
            let next = Frame::message("x".repeat(1024), OpCode::Data(Data::Continue), false);
            self.stream.send(Message::Frame(next)).await.expect("it is open");
        }
    }

    /// Sends a command and returns its reply; what is pushed before it comes next. Returns what comes next where the command has
    /// no id.
    pub async fn ask(&mut self, command: &str) -> Value {
        self.send(command).await;
        let mut pushed = vec![];
        loop {
            match self.next().await {
                Next::Line(line) if line["push"].is_null() || !command.contains(r#""id":"#) => {
                    pushed.into_iter().rev().for_each(|push| self.lines.push_front(push));
                    return line;
                }
                Next::Line(push) => pushed.push(push),
                Next::Closed(frame) => panic!("closed with {frame:?} instead of an answer to {command}"),
            }
        }
    }

    /// What comes next; heartbeats are answered and left out.
    pub async fn next(&mut self) -> Next {
        loop {
            if let Some(line) = self.lines.pop_front() {
                if line.as_object().is_some_and(|line| line.is_empty()) {
                    self.send("{}").await;
                    continue;
                }
                return Next::Line(line);
            }
            let message = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("something to come");
            match message {
                Some(Ok(Message::Text(text))) => self.lines.extend(
                    text.lines().map(|line| serde_json::from_str::<Value>(line).expect("replies and pushes are JSON")),
                ),
                Some(Ok(Message::Close(frame))) => return Next::Closed(frame),
                Some(Ok(_)) => {}
                None
                | Some(Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) | Error::Protocol(_))) => {
                    return Next::Closed(None);
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    /// The next reply or push that satisfies, whatever else comes before.
    pub async fn until(&mut self, satisfies: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Next::Line(line) if satisfies(&line) => return line,
                Next::Line(_) => {}
                Next::Closed(frame) => panic!("closed with {frame:?} before what is waited for"),
            }
        }
    }

    /// How the broker closes it, whatever else comes before.
    pub async fn closed(mut self) -> Option<CloseFrame> {
        loop {
            if let Next::Closed(frame) = self.next().await {
                return frame;
            }
        }
    }
}

//! A client that sends exactly what the test says.
use super::house::{House, PATH};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long the broker may take to say something.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The parameters of every handshake.
pub const POLLING: &str = "EIO=4&transport=polling";
pub const WEBSOCKET: &str = "EIO=4&transport=websocket";

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
    }

    /// Status and body.
    pub fn told(&self) -> (u16, &str) {
        (self.status, &self.body)
    }
}

/// A request whose answer may take its time.
pub struct Pending<S>(S);

impl<S: AsyncRead + Unpin> Pending<S> {
    pub async fn reply(mut self) -> Reply {
        let mut bytes = vec![];
        timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("an answer").expect("a whole answer");
        let text = String::from_utf8(bytes).expect("answers are text");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let header = |line: &str| line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
        Reply { status, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }
}

/// Sends a request on a connection of its own, so that it comes to any worker. `more` are headers, each with its line's end.
pub async fn send(address: SocketAddr, method: &str, target: &str, more: &str, body: &[u8]) -> Pending<TcpStream> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    send_on(stream, method, target, more, body).await
}

pub async fn send_on<S: AsyncWrite + Unpin>(
    mut stream: S,
    method: &str,
    target: &str,
    more: &str,
    body: &[u8],
) -> Pending<S> {
    let length = if method == "POST" { format!("Content-Length: {}\r\n", body.len()) } else { String::new() };
    let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{length}{more}\r\n");
    stream.write_all(head.as_bytes()).await.expect("it is open");
    // Refused for its head alone, the rest need not be taken.
    let _ = stream.write_all(body).await;
    stream.flush().await.expect("it is open");
    Pending(stream)
}

impl House {
    pub async fn send(&self, method: &str, query: &str, more: &str, body: &str) -> Pending<TcpStream> {
        send(self.address, method, &format!("{PATH}?{query}"), more, body.as_bytes()).await
    }

    pub async fn get(&self, query: &str) -> Reply {
        self.send("GET", query, "", "").await.reply().await
    }

    /// Opens a session that polls.
    pub async fn open(&self) -> Session<'_> {
        let reply = self.get(POLLING).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        Session { house: self, sid: opening(&reply.body)["sid"].as_str().expect("an id").to_owned() }
    }

    /// Opens a WebSocket; the answer where it is refused.
    pub async fn try_websocket(&self, query: &str, more: &[(&str, &str)]) -> Result<Socket, Reply> {
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        try_websocket_on(stream, query, more).await
    }

    pub async fn websocket(&self, query: &str) -> Socket {
        self.try_websocket(query, &[]).await.expect("a WebSocket")
    }

    /// The sum of a metric over those labels that have this text.
    pub async fn metric(&self, name: &str, label: &str) -> f64 {
        let metrics = send(self.address, "GET", "/metrics", "", b"").await.reply().await.body;
        let is_it = |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        let lines = metrics.lines().filter(|line| is_it(line) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Waits until a metric is this.
    pub async fn until(&self, name: &str, label: &str, wanted: f64) {
        let reached = async {
            while self.metric(name, label).await != wanted {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("{name} {label} never was {wanted}"));
    }
}

pub async fn try_websocket_on<S>(stream: S, query: &str, more: &[(&str, &str)]) -> Result<Socket<S>, Reply>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let url = format!("ws://localhost{PATH}?{query}");
    let mut request = url.into_client_request().expect("a good address");
    for (name, value) in more {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    match timeout(PATIENCE, client_async(request, stream)).await.expect("an answer") {
        Ok((stream, _)) => Ok(Socket(stream)),
        Err(Error::Http(answer)) => {
            let text = |value: &HeaderValue| value.to_str().expect("text").to_owned();
            Err(Reply {
                status: answer.status().as_u16(),
                headers: answer.headers().iter().map(|(key, value)| (key.to_string(), text(value))).collect(),
                body: String::from_utf8(answer.body().clone().unwrap_or_default()).expect("text"),
            })
        }
        Err(error) => panic!("{error}"),
    }
}

/// What the first packet says.
pub fn opening(packet: &str) -> Value {
    let json = packet.strip_prefix('0').unwrap_or_else(|| panic!("no open packet: {packet}"));
    serde_json::from_str(json).expect("JSON")
}

/// A session that polls.
pub struct Session<'a> {
    pub house: &'a House,
    pub sid: String,
}

impl Session<'_> {
    pub fn query(&self, transport: &str) -> String {
        format!("EIO=4&transport={transport}&sid={}", self.sid)
    }

    /// A poll that waits, the only one of its house.
    pub async fn poll(&self) -> Pending<TcpStream> {
        let pending = self.house.send("GET", &self.query("polling"), "", "").await;
        self.house.until("callboard_polls", "", 1.0).await;
        pending
    }

    pub async fn get(&self) -> Reply {
        self.house.get(&self.query("polling")).await
    }

    pub async fn post(&self, body: &str) -> Reply {
        self.house.send("POST", &self.query("polling"), "", body).await.reply().await
    }

    /// Posts, and asserts that it was worked off.
    pub async fn say(&self, body: &str) {
        assert_eq!(self.post(body).await.told(), (200, "ok"), "{body}");
    }

    /// A WebSocket that is to take over.
    pub async fn candidate(&self) -> Socket {
        self.house.websocket(&self.query("websocket")).await
    }

    /// Asserts that it is there no more.
    pub async fn is_gone(&self) {
        assert_eq!(self.get().await.told(), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }

    /// A POST whose answer may take its time.
    pub async fn push(&self, body: &str) -> Pending<TcpStream> {
        self.house.send("POST", &self.query("polling"), "", body).await
    }

    /// Asserts that it works, by polls.
    pub async fn works(&self) {
        self.say("4still here").await;
        assert_eq!(self.get().await.told(), (200, "4still here"));
    }
}

/// A WebSocket.
pub struct Socket<S = TcpStream>(pub WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    pub async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is open");
    }

    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.expect("it is open");
    }

    /// The next message; none where it is closed.
    pub async fn next(&mut self) -> Option<Message> {
        match timeout(PATIENCE, self.0.next()).await.expect("something to come") {
            Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed)) | None => None,
            Some(Ok(message)) => Some(message),
            Some(Err(error)) => panic!("{error}"),
        }
    }

    /// The next message, which is text.
    pub async fn hears(&mut self, wanted: &str) {
        assert_eq!(self.next().await, Some(Message::text(wanted)));
    }

    /// Asserts that it is closed, and with which code: none for one without a status.
    pub async fn was_closed(mut self, code: Option<u16>) {
        match timeout(PATIENCE, self.0.next()).await.expect("an end") {
            Some(Ok(Message::Close(frame))) => assert_eq!(frame.map(|frame| frame.code.into()), code),
            other => panic!("{other:?} instead of a close"),
        }
    }

    /// Asserts that the socket ends, after the close was answered.
    pub async fn ends(&mut self) {
        let after = timeout(PATIENCE, self.0.next()).await.expect("the end of the socket");
        assert!(matches!(after, None | Some(Err(Error::ConnectionClosed))), "{after:?}");
    }

    /// Proves that it works, and moves the session to it.
    pub async fn takes_over(&mut self) {
        self.say("2probe").await;
        self.hears("3probe").await;
        self.say("5").await;
    }
}

//! `callboard sub` and `callboard pub` against a peer that follows a script, frame by frame.
use super::{callboard, err, out};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub struct Peer(TcpListener);

impl Peer {
    pub async fn bind() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (Peer(listener), url)
    }

    /// The next connection, and the commands it begins with.
    async fn accept(&self) -> (WebSocketStream<TcpStream>, Vec<Value>) {
        let (stream, _) = self.0.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        let commands = receive(&mut socket).await;
        (socket, commands)
    }
}

async fn receive(socket: &mut WebSocketStream<TcpStream>) -> Vec<Value> {
    let message = socket.next().await.unwrap().unwrap();
    message.into_text().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frame: &[Value]) {
    let lines: Vec<String> = frame.iter().map(Value::to_string).collect();
    socket.send(Message::text(lines.join("\n"))).await.unwrap();
}

async fn close(mut socket: WebSocketStream<TcpStream>, code: u16, reason: &'static str) {
    socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).await.unwrap();
}

/// Starts the program; its output is there when it has ended.
pub fn start(arguments: &[&str]) -> impl Future<Output = Output> + use<> {
    let mut command = tokio::process::Command::from(callboard(arguments));
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
    async move { child.unwrap().wait_with_output().await.unwrap() }
}

fn connected() -> Value {
    json!({"id": 1, "connect": {"client": "c", "version": "1", "ping": 25, "pong": true}})
}

fn published(data: u32, offset: u64) -> Value {
    json!({"push": {"channel": "news", "pub": {"data": data, "offset": offset}}})
}

#[tokio::test]
async fn a_listener_prints_a_line_a_message_and_ends_after_the_wanted_number() {
    let (peer, url) = Peer::bind().await;
    let output = start(&["sub", "news", "--count", "3", "--token", "t", "--url", &url]);
    let script = async {
        let (mut socket, commands) = peer.accept().await;
        assert_eq!(commands[0]["connect"]["token"], "t");
        assert_eq!(commands[1]["subscribe"]["channel"], "news");
        send(&mut socket, &[connected(), json!({"id": 2, "subscribe": {}})]).await;
        send(&mut socket, &[published(1, 0), json!({})]).await;
        assert_eq!(receive(&mut socket).await, [json!({})], "a heartbeat is answered");
        let other = json!({"push": {"channel": "else", "pub": {"data": "not asked for"}}});
        send(&mut socket, &[other, published(2, 0), published(3, 0), published(4, 0)]).await;
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    };
    let (output, ()) = tokio::join!(output, script);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "1\n2\n3\n"), "{}", err(&output));
}

#[tokio::test]
async fn a_listener_comes_back_and_recovers_from_where_it_was() {
    let (peer, url) = Peer::bind().await;
    let output = start(&["sub", "news", "--recover", "e:4", "--count", "3", "--json", "--url", &url]);
    let script = async {
        let (mut socket, commands) = peer.accept().await;
        let asked = json!({"channel": "news", "recoverable": true, "recover": true, "epoch": "e", "offset": 4});
        assert_eq!(commands[1]["subscribe"], asked);
        let recovered = json!({"recoverable": true, "recovered": true, "was_recovering": true, "epoch": "e", "offset": 4,
            "publications": [{"data": 5, "offset": 5, "tags": {"k": "v"}}]});
        send(&mut socket, &[connected(), json!({"id": 2, "subscribe": recovered}), published(6, 6)]).await;
        close(socket, 3001, "shutdown").await;
        let (mut socket, commands) = peer.accept().await;
        assert_eq!(commands[1]["subscribe"]["offset"], 6);
        let lost = json!({"recoverable": true, "was_recovering": true, "epoch": "f", "offset": 1});
        send(&mut socket, &[connected(), json!({"id": 2, "subscribe": lost}), published(2, 2)]).await;
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    };
    let (output, ()) = tokio::join!(output, script);
    let lines: Vec<Value> = out(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let wanted = [
        json!({"channel": "news", "data": 5, "offset": 5, "epoch": "e", "tags": {"k": "v"}}),
        json!({"channel": "news", "data": 6, "offset": 6, "epoch": "e"}),
        json!({"channel": "news", "data": 2, "offset": 2, "epoch": "f"}),
    ];
    assert_eq!(lines, wanted, "{}", err(&output));
    assert!(err(&output).contains("news: messages were lost"), "{}", err(&output));
}

#[tokio::test]
async fn a_position_ahead_of_the_channel_is_told_as_that() {
    let (peer, url) = Peer::bind().await;
    let output = start(&["sub", "news", "--recover", "e:9", "--count", "1", "--url", &url]);
    let script = async {
        let (mut socket, _) = peer.accept().await;
        let ahead = json!({"recoverable": true, "was_recovering": true, "epoch": "e", "offset": 4});
        send(&mut socket, &[connected(), json!({"id": 2, "subscribe": ahead}), published(5, 5)]).await;
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    };
    let (output, ()) = tokio::join!(output, script);
    let told = "news: the position 9 is ahead of the channel, which has come to 4; listening from there";
    assert!(err(&output).contains(told) && !err(&output).contains("were lost"), "{}", err(&output));
}

#[tokio::test]
async fn a_listener_that_is_sent_away_for_good_ends_with_1() {
    let (peer, url) = Peer::bind().await;
    let output = start(&["sub", "news", "--url", &url]);
    let script = async {
        let (socket, _) = peer.accept().await;
        close(socket, 3501, "bad request").await;
    };
    let (output, ()) = tokio::join!(output, script);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("bad request (3501)") && err(&output).contains("--token"), "{}", err(&output));
}

#[tokio::test]
async fn a_refused_subscription_names_its_channel_and_what_to_do() {
    let (peer, url) = Peer::bind().await;
    let output = start(&["sub", "news", "--url", &url]);
    let script = async {
        let (mut socket, _) = peer.accept().await;
        let refused = json!({"id": 2, "error": {"code": 102, "message": "unknown channel"}});
        send(&mut socket, &[connected(), refused]).await;
        assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
    };
    let (output, ()) = tokio::join!(output, script);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("news: refused: unknown channel (102); a channel without a colon"),
        "{}",
        err(&output)
    );
}

/// Takes one request and answers it with this status and body; gives the request as text.
pub async fn serve_once(peer: &Peer, status: &str, body: &str) -> String {
    let (mut stream, _) = peer.0.accept().await.unwrap();
    let mut request = String::new();
    // A request of the program ends with the JSON object that is its body.
    while !request.ends_with('}') {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        request.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await.unwrap();
    request
}

#[tokio::test]
async fn a_publish_brings_its_key_tags_and_payload_untouched_and_tells_the_position() {
    let (peer, url) = Peer::bind().await;
    let arguments =
        ["pub", "news", r#"{ "a": 1.0 }"#, "--tag", "k=v", "--idempotency-key", "i", "--api-key", "s", "--url", &url];
    let (output, request) =
        tokio::join!(start(&arguments), serve_once(&peer, "200 OK", r#"{"result":{"offset":7,"epoch":"e"}}"#));
    assert_eq!(out(&output), "published to news at e:7\n", "{}", err(&output));
    assert!(request.starts_with("POST /api/publish HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("x-api-key: s\r\n"), "{request}");
    let body = r#"{"channel":"news","data":{ "a": 1.0 },"tags":{"k":"v"},"idempotency_key":"i"}"#;
    assert!(request.ends_with(body), "{request}");
}

#[tokio::test]
async fn an_api_that_wants_a_key_is_told_with_what_to_do() {
    let (peer, url) = Peer::bind().await;
    let arguments = ["channels", "--url", &url];
    let (output, _) = tokio::join!(start(&arguments), serve_once(&peer, "401 Unauthorized", ""));
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("--api-key"), "{}", err(&output));
}

#[tokio::test]
async fn channels_and_info_are_printed_for_people_and_for_scripts() {
    let (peer, url) = Peer::bind().await;
    let body = r#"{"result":{"channels":{"chat:1":{"num_clients":2},"a":{"num_clients":1}}}}"#;
    let arguments = ["channels", "chat:*", "--url", &url];
    let (output, request) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", body));
    assert_eq!(out(&output), "a\t1\nchat:1\t2\n");
    assert!(request.ends_with(r#"{"pattern":"chat:*"}"#), "{request}");
    let arguments = ["info", "--json", "--url", &url];
    let (output, _) = tokio::join!(start(&arguments), serve_once(&peer, "200 OK", r#"{"result":{"nodes":[]}}"#));
    assert_eq!(out(&output), "{\"nodes\":[]}\n");
}

#[tokio::test]
async fn a_listener_whose_output_nobody_reads_ends_though_nothing_is_published() {
    let (peer, url) = Peer::bind().await;
    let mut command = tokio::process::Command::from(callboard(&["sub", "news", "--url", &url]));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let (mut socket, _) = peer.accept().await;
    send(&mut socket, &[connected(), json!({"id": 2, "subscribe": {}})]).await;
    drop(child.stdout.take());
    assert!(child.wait().await.unwrap().success());
}

//! How connections end: what was carried out is answered, each wire says its own code, and all of it is over in a bounded time.
use crate::harness::socket::{Next, Socket};
use crate::harness::{API_KEY, Broker, http};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CONFIG: &str = r#"
[server]
workers = 1
[auth]
anonymous = true
[api]
key = "{api_key}"
[[namespace]]
name = ""
subscribe = "anyone"
publish = "anyone"
"#;

fn broker() -> Broker {
    Broker::start(&CONFIG.replace("{api_key}", API_KEY))
}

/// A text frame as a client sends it, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        length @ ..126 => frame.push(0x80 | length as u8),
        length => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

#[tokio::test]
async fn who_is_sent_away_and_does_not_close_is_gone_in_time() {
    let broker = broker();
    let mut stream = http::upgraded(broker.address()).expect("a WebSocket");
    stream.write_all(&frame(r#"{"id":1,"connect":{}}"#)).expect("it is open");
    let mut said = [0; 1024];
    let length = stream.read(&mut said).expect("the reply");
    let said = String::from_utf8_lossy(&said[..length]).into_owned();
    let client = said.split(r#""client":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("its id");
    broker.api("disconnect", &format!(r#"{{"user":"","client":"{client}"}}"#));
    broker.until(|broker| broker.metric("callboard_sessions"), |sessions| *sessions == 0.0);
    broker.until(|broker| broker.metric("callboard_connections"), |connections| *connections == 0.0);
    drop(stream);
}

#[test]
fn a_tail_whose_caller_reads_nothing_is_cut() {
    let large = CONFIG.replace("{api_key}", API_KEY) + "[limits]\nbody = 50000000\n";
    let broker = Broker::start(&large);
    let mut deaf = http::open(broker.address(), API_KEY, "tail", r#"{"rate":10000}"#).expect("a tail");
    // More than the buffers of both sides of the socket hold. Once its beginning is here its end waits in the broker.
    let publish = |bytes: usize| broker.api("publish", &format!(r#"{{"channel":"a","data":"{}"}}"#, "x".repeat(bytes)));
    publish(40_000_000);
    let mut said = vec![0; 4096];
    while !said.ends_with(b"xxxx") {
        deaf.read_exact(&mut said[..]).expect("the event");
    }
    while broker.metric_of("callboard_drops_total", r#"reason="tail""#) == 0.0 {
        publish(500_000);
    }
    broker.until(|broker| broker.metric_of("callboard_disconnects_total", r#"reason="tail""#), |cut| *cut == 1.0);
    // What the kernel had taken is still there to read, and then the connection ends: before the last line.
    let mut rest = vec![];
    let _ = deaf.read_to_end(&mut rest);
    assert!(!rest.is_empty() && !String::from_utf8_lossy(&rest).contains(r#"{"ended""#));
}

#[tokio::test]
async fn commands_before_a_malformed_line_are_answered_before_the_close() {
    let broker = broker();
    let mut listener = Socket::connect(broker.address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"a"}}"#).await;
    let mut publisher = Socket::connect(broker.address(), 0).await;
    publisher.send("{\"id\":2,\"publish\":{\"channel\":\"a\",\"data\":1}}\nhello").await;
    let Next::Line(reply) = publisher.next().await else { panic!("closed without an answer") };
    assert_eq!(reply, serde_json::json!({"id": 2, "publish": {}}));
    assert_eq!(publisher.closed().await.map(|frame| u16::from(frame.code)), Some(3501));
    let heard = listener.until(|line| line["push"]["channel"] == "a").await;
    assert_eq!(heard["push"]["pub"]["data"], 1);
}

/// What is answered to a text frame that is no UTF-8, up to the end.
fn answer_to_bad_utf8(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.write_all(&[0x81, 0x84, 0, 0, 0, 0, b'4', 0xff, 0xfe, 0xfd]).expect("it is open");
    let mut said = vec![];
    let _ = stream.read_to_end(&mut said);
    said
}

#[test]
fn text_that_is_no_utf8_ends_with_the_code_of_its_wire() {
    let broker = Broker::start_shipped();
    let said = answer_to_bad_utf8(http::upgraded(broker.address()).expect("a WebSocket"));
    assert_eq!(said[2..4], 3501_u16.to_be_bytes(), "{said:?}");
    let said = answer_to_bad_utf8(
        http::upgraded_at(broker.address(), "/socket.io/?EIO=4&transport=websocket").expect("a WebSocket"),
    );
    let close = &said[said.len() - 4..];
    assert_eq!(close, [0x88, 2, 0x03, 0xef], "1007: {said:?}");
}

#[test]
fn a_post_that_speaks_of_an_upgrade_is_answered_with_the_close_that_follows() {
    let broker = broker();
    for path in ["/api/publish", "/api/none", "/socket.io/?EIO=4&transport=polling", "/health", "/metrics", "/none"] {
        let mut stream = TcpStream::connect(broker.address()).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let body = r#"{"channel":"a","data":1}"#;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: a\r\nX-API-Key: {API_KEY}\r\nContent-Type: application/json\r\n\
             Connection: upgrade\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it is open");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is closed");
        assert!(answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"), "{path}: {answer}");
    }
}

#[test]
fn a_client_that_asks_for_an_encoding_that_is_not_spoken_is_told_and_has_no_session() {
    let broker = broker();
    let mut stream = http::upgraded_at(broker.address(), "/connection/websocket?format=protobuf").expect("a WebSocket");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.write_all(&frame("{\"id\":1,\"connect\":{}}")).expect("it is open");
    let mut said = vec![];
    let _ = stream.read_to_end(&mut said);
    assert_eq!((said[0], &said[2..4]), (0x88, &3506_u16.to_be_bytes()[..]), "a close and nothing before it: {said:?}");
    assert_eq!((broker.metric("callboard_sessions"), broker.metric("callboard_connections")), (0.0, 0.0));
    let log = broker.log();
    assert!(log.contains("\"centrifuge-protobuf\" was closed with 3506: have it connect with JSON"), "{log}");
}

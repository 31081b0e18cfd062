use super::client::{POLLING, WEBSOCKET, opening, send};
use super::house::{Kind, PATH, Plan, both};
use callboard::transport::engineio::Transport;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// How long a refused socket may stay.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_first_poll_brings_the_open_packet() {
    both(Plan::new, async |house| {
        let reply = house.get(&format!("{POLLING}&t=abc&b64=1")).await;
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=UTF-8"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("content-length"), Some(&*reply.body.len().to_string()));
        assert!(reply.body.starts_with(r#"0{"sid":""#), "{}", reply.body);
        let mut told = opening(&reply.body);
        let sid = told["sid"].take();
        let sid = sid.as_str().unwrap();
        assert!(sid.len() == 20 && sid.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{sid}");
        let wanted = json!({ "sid": null, "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000,
            "maxPayload": 1_000_000 });
        assert_eq!(told, wanted);
    })
    .await;
}

#[tokio::test]
async fn a_websocket_begins_with_the_open_packet_and_has_nothing_to_move_to() {
    both(Plan::new, async |house| {
        let mut socket = house.websocket(WEBSOCKET).await;
        let Some(Message::Text(packet)) = socket.next().await else { panic!("no text") };
        assert_eq!(opening(&packet)["upgrades"], json!([]));
        socket.say("4hello").await;
        socket.hears("4hello").await;
        house.until("callboard_connections", "engineio-websocket", 1.0).await;
        drop(socket);
        house.until("callboard_connections", "engineio-websocket", 0.0).await;
    })
    .await;
}

#[tokio::test]
async fn requests_that_make_no_sense_are_told_the_originals_codes() {
    both(Plan::new, async |house| {
        for (method, query, code, words) in [
            ("GET", "EIO=4", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=tobi", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=constructor", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=polling&sid=test", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling&sid=aaaaaaaaaaaaaaaaaaaa", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("OPTIONS", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("GET", "EIO=4&transport=websocket", 3, "Bad request"),
            ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
            ("GET", "transport=polling", 5, "Unsupported protocol version"),
        ] {
            let reply = house.send(method, query, "", "").await.reply().await;
            let body = format!(r#"{{"code":{code},"message":"{words}"}}"#);
            assert_eq!(reply.told(), (400, body.as_str()), "{method} {query}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_websocket_that_makes_no_sense_is_refused_before_it_is_one() {
    both(Plan::new, async |house| {
        for (query, words) in [
            ("EIO=4&transport=tobi", "Transport unknown"),
            ("EIO=4&transport=websocket&sid=aaaaaaaaaaaaaaaaaaaa", "Session ID unknown"),
            ("EIO=4&transport=polling", "Bad request"),
            ("EIO=2&transport=websocket", "Unsupported protocol version"),
        ] {
            let reply = house.try_websocket(query, &[]).await.err().expect("a refusal");
            assert_eq!((reply.told(), reply.header("content-type")), ((400, words), Some("text/html")), "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_begins_like_the_path_is_served_and_nothing_else_is() {
    both(Plan::new, async |house| {
        for (path, status) in [(PATH, 200), ("/engine.io/below", 200), ("/engine.io", 404), ("/engine.ioo/", 404)] {
            let reply = send(house.address, "GET", &format!("{path}?{POLLING}"), "", b"").await.reply().await;
            assert_eq!(reply.status, status, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_transport_that_is_not_offered_is_unknown() {
    let mut plan = Plan::new();
    plan.engine.transports = vec![Transport::Websocket];
    let house = plan.start(Kind::Own);
    assert_eq!(house.get(POLLING).await.told(), (400, r#"{"code":0,"message":"Transport unknown"}"#));
    let mut plan = Plan::new();
    plan.engine.transports = vec![Transport::Polling];
    let house = plan.start(Kind::Own);
    assert_eq!(opening(&house.get(POLLING).await.body)["upgrades"], json!([]));
    assert_eq!(house.try_websocket(WEBSOCKET, &[]).await.err().expect("a refusal").body, "Transport unknown");
}

#[tokio::test]
async fn a_page_of_a_foreign_origin_is_forbidden() {
    both(Plan::new, async |house| {
        let foreign = "Origin: http://foreign.test\r\n";
        let reply = house.send("GET", POLLING, foreign, "").await.reply().await;
        assert_eq!(reply.told(), (403, r#"{"code":4,"message":"Forbidden"}"#));
        assert_eq!(house.send("GET", POLLING, "Origin: http://localhost\r\n", "").await.reply().await.status, 200);
        let refused = house.try_websocket(WEBSOCKET, &[("Origin", "http://foreign.test")]).await.err();
        assert_eq!(refused.expect("a refusal").told(), (403, "Forbidden"));
        let session = house.open().await;
        let reply = house.send("GET", &session.query("polling"), foreign, "").await.reply().await;
        assert_eq!(reply.status, 403);
        session.works().await;
        assert_eq!(house.metric("callboard_refusals_total", "origin").await, 3.0);
    })
    .await;
}

#[tokio::test]
async fn one_more_connection_than_there_may_be_is_unavailable() {
    let plan = || {
        let mut plan = Plan::new();
        plan.config.limits.connections = 1;
        plan
    };
    both(plan, async |house| {
        let session = house.open().await;
        assert_eq!(house.get(POLLING).await.status, 503);
        assert_eq!(house.try_websocket(WEBSOCKET, &[]).await.err().expect("a refusal").status, 503);
        session.say("1").await;
        house.until("callboard_connections", "engineio-polling", 0.0).await;
        house.open().await;
    })
    .await;
}

/// A request for a WebSocket at this path, with frames right behind it.
fn request_and_more(path: &str) -> Vec<u8> {
    let mut said = format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    // Text frames of nothing, each masked with zeros.
    said.extend([0x81, 0x80, 0, 0, 0, 0].repeat(2000));
    said
}

#[tokio::test]
async fn a_websocket_that_is_refused_can_read_why_though_more_was_sent() {
    let plan = || {
        let mut plan = Plan::new();
        plan.config.limits.connections = 1;
        plan
    };
    both(plan, async |house| {
        let _session = house.open().await;
        // That of centrifuge is told by its own word, after the handshake.
        let own = format!("{PATH}?{WEBSOCKET}");
        for (path, status) in [(&*own, "HTTP/1.1 503"), ("/connection/websocket", "HTTP/1.1 101")] {
            let mut stream = TcpStream::connect(house.address).await.expect("a connection");
            stream.write_all(&request_and_more(path)).await.expect("it is open");
            let mut said = vec![];
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("it ends").expect("no reset");
            let said = String::from_utf8_lossy(&said);
            assert!(said.starts_with(status), "{path}: {said}");
            assert!(status.ends_with("503") || said.contains("connection limit"), "{path}: {said}");
        }
        house.until("callboard_sessions", "", 0.0).await;
    })
    .await;
}

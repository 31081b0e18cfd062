//! What bad input does to the broker itself: nothing. (What the sender gets is asked in `tests/clients/`.)
use crate::harness::socket::{Next, Socket};
use crate::harness::{API_KEY, Broker, http};

const CONFIG: &str = r#"
[server]
workers = 2
[auth]
anonymous = true
[api]
key = "{api_key}"
[[namespace]]
name = ""
subscribe = "anyone"
publish = "anyone"
presence = true
"#;

fn broker() -> Broker {
    Broker::start(&CONFIG.replace("{api_key}", API_KEY))
}

#[tokio::test]
async fn a_socket_that_never_reads_is_cut_and_memory_stays_flat() {
    const PUBLISHED: usize = 1000;
    const AT_ONCE: usize = 4;
    const SPARE: u64 = 32 << 20;

    let broker = broker();
    let mut reader = Socket::connect(broker.address(), 0).await;
    let mut deaf = Socket::connect(broker.address(), 4096).await;
    for socket in [&mut reader, &mut deaf] {
        socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    }
    assert_eq!(present(&broker), 2);
    let before = broker.resident();

    let publish = format!(r#"{{"channel":"news","data":"{}"}}"#, "x".repeat(60_000));
    for _ in 0..PUBLISHED / AT_ONCE {
        for _ in 0..AT_ONCE {
            broker.api("publish", &publish);
        }
        // The reader keeps pace, so that whoever else is served suffers nothing.
        for _ in 0..AT_ONCE {
            assert!(matches!(reader.next().await, Next::Line(line) if line["push"]["channel"] == "news"));
        }
    }

    broker.until(present, |clients| *clients == 1);
    let grown = broker.resident().saturating_sub(before);
    assert!(grown < SPARE, "{grown} bytes more after {} bytes went through", PUBLISHED * publish.len());
    // Its cut is real: what the kernel still holds comes to an end.
    deaf.closed().await;
    assert!(broker.stop().success());
}

fn present(broker: &Broker) -> u64 {
    let answer: serde_json::Value =
        serde_json::from_str(&broker.api("presence_stats", r#"{"channel":"news"}"#)).expect("JSON");
    answer["result"]["num_clients"].as_u64().unwrap_or(0)
}

#[tokio::test]
async fn bad_input_costs_one_log_line_at_most_and_leaves_nothing_behind() {
    const ROUNDS: usize = 10;
    let oversized = format!(r#"{{"id":2,"rpc":{{"data":"{}"}}}}"#, "x".repeat(70_000));
    let bad = ["junk", "", r#"{"id":2,"dance":{}}"#, r#"{"id":2,"connect":{}}"#, &oversized];

    let broker = broker();
    let lines_before = broker.log().lines().count();
    for frame in bad.repeat(ROUNDS) {
        let mut socket = Socket::connect(broker.address(), 0).await;
        socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
        socket.send(frame).await;
        socket.closed().await;
    }
    let unauthorized = http::call(broker.address(), "a wrong key", "info", "{}").expect("an answer");
    assert_eq!(unauthorized.status, 401);

    for gauge in ["connections", "sessions", "channels", "listeners", "outbox_bytes"] {
        broker.until(|broker| broker.metric(&format!("callboard_{gauge}")), |value| *value == 0.0);
    }
    let lines = broker.log().lines().count() - lines_before;
    assert!(lines <= bad.len() * ROUNDS + 1, "{lines} lines for {} bad frames", bad.len() * ROUNDS);
    assert!(broker.stop().success());
}

#[tokio::test]
async fn a_message_begun_and_never_ended_harms_nobody() {
    let broker = broker();
    let mut listener = Socket::connect(broker.address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    let before = broker.resident();
    let mut unfinished = vec![];
    for _ in 0..50 {
        let mut socket = Socket::connect(broker.address(), 0).await;
        socket.begin(r#"{"id":2,"rpc":{"data":""#, 60).await;
        unfinished.push(socket);
    }
    broker.api("publish", r#"{"channel":"news","data":1}"#);
    assert!(matches!(listener.next().await, Next::Line(line) if line["push"]["pub"]["data"] == 1));
    let grown = broker.resident().saturating_sub(before);
    // 50 times what one message may have, and as much again for buffers.
    assert!(grown < 2 * 50 * (64 << 10) + (4 << 20), "{grown} bytes more for 50 unfinished messages");
    assert!(broker.stop().success());
}

#[tokio::test]
async fn what_the_engine_keeps_shows_beside_its_limits_and_is_gone_with_what_it_was_for() {
    let config = CONFIG.replace("presence = true", "presence = true\nhistory_size = 10\nhistory_ttl = '2s'");
    let broker = Broker::start(&config.replace("{api_key}", API_KEY));
    let mut socket = Socket::connect(broker.address(), 0).await;
    socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    broker.api("publish", r#"{"channel":"news","data":1,"idempotency_key":"k"}"#);
    let stored = |limit: &'static str| move |broker: &Broker| broker.metric_of("callboard_stored", limit);
    broker.until(stored("history_bytes"), |amount| *amount > 0.0);
    for limit in ["presence_entries", "positions", "idempotency_keys"] {
        broker.until(stored(limit), |amount| *amount == 1.0);
    }
    drop(socket);
    for limit in ["history_bytes", "presence_entries"] {
        broker.until(stored(limit), |amount| *amount == 0.0);
    }
    assert!(broker.stop().success());
}

/// A text frame with an empty mask, as far as its payload goes here; `length` is what its head says.
fn frame(first: u8, length: usize, payload: &[u8]) -> Vec<u8> {
    let head = match length {
        0..126 => vec![first, 0x80 | u8::try_from(length).expect("it is short")],
        _ => [&[first, 0xff][..], &(length as u64).to_be_bytes()].concat(),
    };
    [&head[..], &[0; 4], payload].concat()
}

#[tokio::test]
async fn frames_that_may_not_be_are_refused_by_their_heads() {
    const CONNECT: &[u8] = br#"{"id":1,"connect":{}}"#;
    let broker = broker();
    let unmasked = [&[0x81, CONNECT.len() as u8], CONNECT].concat();
    for (name, bytes, code) in [
        ("unmasked", unmasked, 1002),
        ("compressed without agreement", frame(0xc1, CONNECT.len(), CONNECT), 1002),
        ("of an unknown kind", frame(0x83, CONNECT.len(), CONNECT), 1002),
        ("a continuation of nothing", frame(0x80, CONNECT.len(), CONNECT), 1002),
        ("a message within a message", [frame(0x01, 1, b"{"), frame(0x81, CONNECT.len(), CONNECT)].concat(), 1002),
        ("a ping in pieces", frame(0x09, 1, b"x"), 1002),
        ("a ping of 126 bytes", frame(0x89, 126, &[0; 126]), 1002),
        ("over the limit", frame(0x81, 65_537, b""), 1009),
        ("over all limits", frame(0x81, usize::MAX >> 1, b""), 1009),
    ] {
        let mut socket = http::upgraded(broker.address()).expect("a WebSocket");
        // Of the last two no payload is ever sent: an answer shows that nobody waits for it.
        std::io::Write::write_all(&mut socket, &bytes).expect("it is open");
        let mut answered = vec![];
        std::io::Read::read_to_end(&mut socket, &mut answered).expect("an end");
        let [high, low] = u16::to_be_bytes(code);
        assert_eq!(answered, [0x88, 2, high, low], "{name}");
    }
    broker.until(|broker| broker.metric("callboard_connections"), |value| *value == 0.0);
    assert!(broker.stop().success());
}

#[tokio::test]
async fn a_client_that_goes_on_sending_after_its_end_costs_nothing_and_is_cut_in_time() {
    const PUBLISHED: usize = 66;
    const SPARE: u64 = 32 << 20;
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

    let broker = broker();
    let mut socket = http::upgraded(broker.address()).expect("a WebSocket");
    socket.set_write_timeout(Some(PATIENCE)).expect("a time");
    let said = |text: &str| frame(0x81, text.len().max(126), format!("{text:126}").as_bytes());
    let mut say = move |bytes: &[u8]| std::io::Write::write_all(&mut socket, bytes);
    let (connect, data) = (said(r#"{"id":1,"connect":{}}"#), "x".repeat(60_000));
    say(&connect).expect("it is open");
    say(&said(r#"{"id":2,"subscribe":{"channel":"news"}}"#)).expect("it is open");
    // It reads nothing, so that its socket is full, and the close that follows cannot leave.
    for _ in 0..PUBLISHED {
        say(&said(&format!(r#"{{"id":3,"publish":{{"channel":"news","data":"{data}"}}}}"#))).expect("it is open");
    }
    let before = broker.resident();
    say(&connect).expect("it is open");
    let many = said(r#"{"id":7,"rpc":{"method":"a","data":1}}"#).repeat(400);
    let begun = std::time::Instant::now();
    while say(&many).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "it is still read");
        let grown = broker.resident().saturating_sub(before);
        assert!(grown < SPARE, "{grown} bytes more for a client that has ended");
    }
    for gauge in ["connections", "sessions", "outbox_bytes"] {
        broker.until(|broker| broker.metric(&format!("callboard_{gauge}")), |value| *value == 0.0);
    }
    assert!(broker.stop().success());
}

#[tokio::test]
async fn one_connection_too_many_is_closed_before_anything_of_it_is_heard() {
    let config = format!("{CONFIG}[limits]\nconnections = 1\n");
    let broker = Broker::start(&config.replace("{api_key}", API_KEY));
    let mut listener = Socket::connect(broker.address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    let mut second = Socket::open(broker.address(), 0).await;
    second.send(r#"{"id":1,"connect":{}}"#).await;
    second.send(r#"{"id":2,"publish":{"channel":"news","data":"refused"}}"#).await;
    assert_eq!(second.closed().await.map(|frame| u16::from(frame.code)), Some(3504));
    broker.api("publish", r#"{"channel":"news","data":"first"}"#);
    assert!(matches!(listener.next().await, Next::Line(line) if line["push"]["pub"]["data"] == "first"));
    assert_eq!((broker.metric("callboard_connections"), broker.metric("callboard_sessions")), (1.0, 1.0));
    assert!(broker.stop().success());
}

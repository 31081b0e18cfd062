//! What bad input does to the broker itself: nothing. (What the sender gets is asked in `tests/clients/`.)
mod harness;

use harness::socket::{Next, Socket};
use harness::{API_KEY, Broker};

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
    let unauthorized = harness::http::call(broker.address(), "a wrong key", "info", "{}").expect("an answer");
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

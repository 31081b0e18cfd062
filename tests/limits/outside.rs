//! The limits that clients and callers of the HTTP API reach, on a broker of its own each.
use crate::harness::socket::Socket;
use crate::harness::{API_KEY, Broker, http};

/// The bound of what an engine keeps, in these stories.
pub const MOST: u32 = 4_096;

const CONFIG: &str = r#"
[server]
workers = 1
[auth]
anonymous = true
[api]
key = "{api_key}"
[limits]
{limit}
[[namespace]]
subscribe = "anyone"
publish = "anyone"
presence = true
[[namespace]]
name = "kept"
subscribe = "anyone"
history_size = 1000
history_ttl = "5m"
force_recovery = true
"#;

/// Reaches a limit, and waits until the metric tells of it; all that is counted then. None where clients do not reach it.
pub fn hit(key: &str, metric: &str) -> Option<String> {
    let value = match key {
        "connections"
        | "channels_per_connection"
        | "unanswered_commands"
        | "recover_max"
        | "batch"
        | "tails"
        | "history_page" => 1,
        "recover_bytes" => 10,
        "channel_name" | "presence_entries" | "positions" | "idempotency_keys" => 4,
        "frame" | "body" => 1_000,
        "outbox" | "history_bytes" => MOST,
        _ => return None,
    };
    let config = CONFIG.replace("{api_key}", API_KEY).replace("{limit}", &format!("{key} = {value}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let broker = Broker::start(&config);
    runtime.block_on(reach(key, &broker));
    let metrics = |broker: &Broker| http::get(broker.internal(), "/metrics").expect("the metrics").body;
    Some(broker.until(metrics, |text| super::table::value(text, metric).is_some_and(|value| value > 0.0)))
}

async fn reach(key: &str, broker: &Broker) {
    let subscribe = |channel: &str| format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#);
    match key {
        "connections" => {
            let _first = Socket::connect(broker.address(), 0).await;
            let closed = Socket::open(broker.address(), 0).await.closed().await.expect("a reason");
            assert_eq!(u16::from(closed.code), 3504);
        }
        "channels_per_connection" => {
            let mut socket = Socket::connect(broker.address(), 0).await;
            socket.ask(&subscribe("a")).await;
            assert_eq!(socket.ask(&subscribe("b")).await["error"]["code"], 106);
        }
        "channel_name" => {
            let mut socket = Socket::connect(broker.address(), 0).await;
            assert_eq!(socket.ask(&subscribe("abcde")).await["error"]["code"], 107);
        }
        "unanswered_commands" => {
            let mut socket = Socket::connect(broker.address(), 0).await;
            let line = r#"{"id":3,"publish":{"channel":"a","data":1}}"#;
            socket.send(&[line; 50].join("\n")).await;
        }
        "frame" => {
            let mut socket = Socket::connect(broker.address(), 0).await;
            socket.send(&"x".repeat(2_000)).await;
            assert_eq!(u16::from(socket.closed().await.expect("a reason").code), 1009);
        }
        "outbox" => {
            let mut deaf = Socket::connect(broker.address(), 4096).await;
            deaf.ask(&subscribe("news")).await;
            let publish = format!(r#"{{"channel":"news","data":"{}"}}"#, "x".repeat(60_000));
            for _ in 0..500 {
                broker.api("publish", &publish);
                if broker.metric_of("callboard_drops_total", "slow") > 0.0 {
                    break;
                }
            }
        }
        "recover_max" | "recover_bytes" | "history_page" => {
            let mut socket = Socket::connect(broker.address(), 0).await;
            for _ in 0..3 {
                broker.api("publish", r#"{"channel":"kept:a","data":"1234567"}"#);
            }
            let recover = r#"{"id":2,"subscribe":{"channel":"kept:a","recover":true}}"#;
            if key == "history_page" {
                broker.api("history", r#"{"channel":"kept:a","limit":3}"#);
            } else {
                assert_ne!(socket.ask(recover).await["subscribe"]["recovered"], true);
            }
        }
        "history_bytes" | "positions" | "idempotency_keys" => {
            for number in 0..200 {
                let publish = format!(
                    r#"{{"channel":"kept:{}","data":"{}","idempotency_key":"{number}"}}"#,
                    number % 50,
                    "x".repeat(100)
                );
                broker.api("publish", &publish);
            }
        }
        "presence_entries" => {
            let mut sockets = vec![];
            for _ in 0..6 {
                let mut socket = Socket::connect(broker.address(), 0).await;
                socket.ask(&subscribe("a")).await;
                sockets.push(socket);
            }
        }
        "body" => {
            let body = format!(r#"{{"channel":"a","data":"{}"}}"#, "x".repeat(2_000));
            assert_eq!(http::call(broker.internal(), API_KEY, "publish", &body).expect("an answer").status, 413);
        }
        "batch" => {
            let answer = broker.api("broadcast", r#"{"channels":["a","b"],"data":1}"#);
            assert!(answer.contains("106"), "{answer}");
        }
        "tails" => {
            let _first = http::open(broker.internal(), API_KEY, "tail", "{}").expect("an open tail");
            let answer = broker.api("tail", "{}");
            assert!(answer.contains("106"), "{answer}");
        }
        other => unreachable!("{other} has a value and no story"),
    }
}

//! What SIGHUP puts in force, and what it leaves alone.
use crate::harness::socket::{Next, Socket};
use crate::harness::{Broker, http};
use callboard::auth::{Config, ConnectionToken, Issuer};
use rustix::process::Signal;
use serde_json::{Value, json};

const BEFORE: &str = r#"
[auth]
hmac_secret = "the first secret, as long as it must be"
[api]
key = "the first key of the API"
[[namespace]]
name = ""
subscribe = "anyone"
"#;
const AFTER: &str = r#"
[auth]
hmac_secret = "the second secret, as long as it must be"
[api]
key = "the second key of the API"
[[namespace]]
name = ""
subscribe = "nobody"
[[namespace]]
name = "chat"
subscribe = "anyone"
"#;

/// A connect command with a token that this secret signed.
fn connect(secret: &str) -> String {
    let config: Config = toml::from_str(&format!("hmac_secret = '{secret}'")).expect("a config");
    let issuer = Issuer::new(&config).expect("a secret");
    let token = issuer.issue_connection(&ConnectionToken::default()).expect("a token");
    json!({"id": 1, "connect": {"token": token}}).to_string()
}

/// What the broker says to a token that this secret signed: the reply, or the code it closes with.
async fn answer(broker: &Broker, secret: &str) -> Result<Value, u16> {
    let mut socket = Socket::open(broker.address(), 0).await;
    socket.send(&connect(secret)).await;
    match socket.next().await {
        Next::Line(line) => Ok(line),
        Next::Closed(frame) => Err(frame.map_or(0, |frame| frame.code.into())),
    }
}

fn status(broker: &Broker, key: &str) -> u16 {
    http::call(broker.address(), key, "info", "{}").expect("an answer").status
}

fn reload(broker: &Broker, config: &str, says: &str) {
    let before = broker.log().matches(says).count();
    std::fs::write(broker.config_path(), config).expect("a new config");
    broker.signal(Signal::HUP);
    broker.until(|broker| broker.log().matches(says).count(), |count| *count > before);
}

#[tokio::test]
async fn namespaces_and_secrets_change_without_a_restart_and_who_is_there_stays() {
    let broker = Broker::start(BEFORE);
    let mut socket = Socket::open(broker.address(), 0).await;
    socket.ask(&connect("the first secret, as long as it must be")).await;
    assert_eq!(socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await, json!({"id": 2, "subscribe": {}}));
    assert_eq!(socket.ask(r#"{"id":3,"subscribe":{"channel":"chat:1"}}"#).await["error"]["code"], 102);

    reload(&broker, AFTER, "reloaded");
    assert_eq!(socket.ask(r#"{"id":4,"subscribe":{"channel":"chat:1"}}"#).await, json!({"id": 4, "subscribe": {}}));
    assert_eq!(socket.ask(r#"{"id":5,"subscribe":{"channel":"sport"}}"#).await["error"]["code"], 103);
    assert_eq!(answer(&broker, "the first secret, as long as it must be").await, Err(3500));
    assert!(
        answer(&broker, "the second secret, as long as it must be").await.is_ok_and(|line| line["connect"].is_object())
    );
    assert_eq!((status(&broker, "the first key of the API"), status(&broker, "the second key of the API")), (401, 200));

    let published =
        http::call(broker.address(), "the second key of the API", "publish", r#"{"channel":"news","data":1}"#);
    assert_eq!(published.expect("an answer").status, 200);
    assert!(matches!(socket.next().await, Next::Line(line) if line["push"]["pub"]["data"] == 1));
    assert!(broker.stop().success());
}

#[tokio::test]
async fn an_invalid_file_changes_nothing_and_is_told_of_with_its_lines() {
    let broker = Broker::start(BEFORE);
    for (invalid, problem) in [
        (AFTER.replace("subscribe = \"nobody\"", "subscribe = \"nobdy\""), "nobdy"),
        (AFTER.replace("[api]\nkey = \"the second key of the API\"", "[server]\nhost = '0.0.0.0'"), "`api.key`"),
        (format!("{AFTER}\n[[namespace]]\nname = 'chat'\n"), "two namespaces"),
        ("nonsense".to_owned(), "config.toml:1: "),
    ] {
        reload(&broker, &invalid, "so the old one stays in force");
        let log = broker.log();
        let told = log.rsplit("so the old one stays in force").next().expect("the end of the log");
        assert!(told.contains(problem), "{told}");
        assert!(answer(&broker, "the first secret, as long as it must be").await.is_ok());
        assert_eq!(answer(&broker, "the second secret, as long as it must be").await, Err(3500));
        assert_eq!(
            (status(&broker, "the first key of the API"), status(&broker, "the second key of the API")),
            (200, 401)
        );
    }
    reload(&broker, AFTER, "reloaded");
    assert_eq!(status(&broker, "the second key of the API"), 200);
    assert!(broker.stop().success());
}

#[tokio::test]
async fn an_api_that_others_reach_does_not_lose_its_key_though_the_new_file_says_loopback() {
    let broker = Broker::start(&format!("[server]\nhost = '0.0.0.0'\n{BEFORE}"));
    let open = BEFORE.replace("key = \"the first key of the API\"", "");
    reload(&broker, &open, "so the old one stays in force");
    assert_eq!((status(&broker, "the first key of the API"), status(&broker, "")), (200, 401));
    assert!(broker.stop().success());
}

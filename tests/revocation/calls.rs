//! The HTTP API and the command line.
use super::nodes::{connect, is_closed, is_let_in, result, token};
use crate::harness::{API_KEY, Broker, SECRET};
use serde_json::{Value, json};
use std::process::{Command, Output};

const CONFIG: &str = r#"
[server]
workers = 1
[auth]
realm = "main"
hmac_secret = "{secret}"
[api]
key = "{key}"
[limits]
revocations = 4
[[namespace]]
subscribe = "scope:reader"
"#;

pub fn broker() -> Broker {
    Broker::start(&CONFIG.replace("{secret}", SECRET).replace("{key}", API_KEY))
}

fn callboard(broker: &Broker, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLBOARD_")) {
        command.env_remove(name);
    }
    command.args(["revoke", "--url", &broker.url(), "--api-key", API_KEY]).args(arguments).output().expect("it runs")
}

fn printed(broker: &Broker, arguments: &[&str]) -> String {
    let output = callboard(broker, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn error(broker: &Broker, body: &str) -> Value {
    let answer: Value = serde_json::from_str(&broker.api("revoke", body)).expect("JSON");
    assert!(answer["result"].is_null(), "{body}: {answer}");
    answer["error"]["code"].clone()
}

#[tokio::test]
async fn the_api_revokes_users_tokens_and_scopes_in_its_realm_or_another() {
    let broker = broker();
    let (mia, leo) = (connect(&broker, &token("mia", -60)).await, connect(&broker, &token("leo", -60)).await);
    let mut eve = connect(&broker, &token("eve", -60)).await;
    assert_eq!(result(&broker, "revoke", r#"{"user":"eve","realm":"elsewhere"}"#), json!({}));
    assert_eq!(result(&broker, "revoke", r#"{"user":"mia","token_id":null,"scopes":null}"#), json!({}));
    assert_eq!(result(&broker, "revoke", r#"{"token_id":"of leo","user":"leo","realm":"main"}"#), json!({}));
    assert!(is_closed(mia).await && is_closed(leo).await);
    assert!(!is_let_in(broker.address(), &token("mia", -60)).await);
    assert_eq!(result(&broker, "revoke", r#"{"user":"eve","scopes":["reader"]}"#), json!({}));
    assert_eq!(eve.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await["error"]["code"], 103);
    assert_eq!(error(&broker, r#"{"user":"one too many"}"#), 106);
}

#[tokio::test]
async fn the_api_refuses_what_is_about_nobody_or_nothing() {
    let broker = broker();
    for body in [
        "{}",
        r#"{"user":""}"#,
        r#"{"token_id":""}"#,
        r#"{"scopes":["reader"]}"#,
        r#"{"user":"mia","scopes":[]}"#,
        r#"{"user":"mia","scopes":[""]}"#,
        r#"{"user":"mia","scopes":["a b"]}"#,
    ] {
        assert_eq!(error(&broker, body), 107, "{body}");
    }
    assert!(is_let_in(broker.address(), &token("mia", -60)).await);
    let batch: Value =
        serde_json::from_str(&broker.api("batch", r#"{"commands":[{"revoke":{"user":"mia"}}]}"#)).unwrap();
    assert_eq!(batch["replies"][0], json!({ "revoke": {} }));
    assert!(!is_let_in(broker.address(), &token("mia", -60)).await);
}

#[tokio::test]
async fn the_command_line_revokes_and_says_what() {
    let broker = broker();
    let mia = connect(&broker, &token("mia", -60)).await;
    let mut leo = connect(&broker, &token("leo", -60)).await;
    assert_eq!(printed(&broker, &["mia"]), "revoked the tokens of mia\n");
    assert!(is_closed(mia).await);
    assert_eq!(
        printed(&broker, &["leo", "--scope", "reader", "--scope", "x"]),
        "revoked reader, x in the tokens of leo\n"
    );
    assert_eq!(leo.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await["error"]["code"], 103);
    assert_eq!(printed(&broker, &["--token-id", "of leo", "--json"]), "{}\n");
    assert!(is_closed(leo).await);
    assert_eq!(printed(&broker, &["mia", "--realm", "main"]), "revoked the tokens of mia\n");
    for wrong in [&[][..], &[""], &["--scope", "x"]] {
        assert_eq!(callboard(&broker, wrong).status.code(), Some(2), "{wrong:?}");
    }
    let full = callboard(&broker, &["eve"]);
    let said = String::from_utf8_lossy(&full.stderr).into_owned();
    assert!(full.status.code() == Some(1) && said.contains("limit exceeded"), "{said}");
}

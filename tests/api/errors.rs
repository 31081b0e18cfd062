//! Both error modes, for every error the API gives.
use super::house::{House, post};
use callboard::broker::handler::{Handle, HandlerFuture, RpcCall, answer, host};
use callboard::server::Broker;
use callboard::types::{Json, ReplyError};
use serde_json::{Value, json};

/// Refuses every call with the code it is given.
struct Refusing;

impl Handle<RpcCall> for Refusing {
    fn handle(&mut self, call: RpcCall) -> HandlerFuture<Option<Json>> {
        let code = call.data.unwrap().read().unwrap();
        answer(Err(ReplyError::new(code, "as told").into()))
    }
}

fn house() -> House {
    House::of(Broker::builder(super::house::config()).on_rpc("refuse", &host(|| Refusing)).start().unwrap())
}

#[actix_web::test]
async fn an_error_stands_in_the_body_or_is_the_body() {
    let house = house();
    let epoch = house.result("history", json!({"channel": "news"})).await["epoch"].clone();
    house.result("publish", json!({"channel": "news", "data": 1})).await;
    let ahead = json!({"channel": "news", "limit": 1, "since": {"offset": 9, "epoch": epoch}});
    let mut rows = vec![
        ("publish", json!({"channel": "no:a", "data": 1}), 102, 404),
        ("rpc", json!({"method": "none"}), 104, 404),
        ("broadcast", json!({"channels": vec!["a"; 6], "data": 1}), 106, 422),
        ("batch", json!({"commands": vec![json!({}); 6]}), 106, 422),
        ("publish", json!({"channel": "news"}), 107, 400),
        ("presence", json!({"channel": "plain:a"}), 108, 400),
        ("history", ahead, 112, 416),
    ];
    for (code, status) in [(100, 500), (103, 403), (111, 429), (113, 409), (400, 422), (1999, 422)] {
        rows.push(("rpc", json!({"method": "refuse", "params": code}), code, status));
    }
    for (method, body, code, status) in rows {
        let in_body = house.call(method, body.clone()).await;
        assert_eq!(in_body["error"]["code"], code, "{method} {body}");
        assert_eq!(in_body.as_object().unwrap().len(), 1);
        let request = post(method, body.to_string()).insert_header(("X-Centrifugo-Error-Mode", "transport"));
        let transport = house.ask(request).await;
        assert_eq!(transport.status, status, "{method} {body}: {transport:?}");
        assert_eq!(transport.json(), in_body["error"]);
        assert_eq!(transport.header("Content-Type"), "application/json");
    }
}

#[actix_web::test]
async fn a_result_is_the_same_in_both_modes() {
    let house = House::new();
    let body = r#"{"channel":"news"}"#;
    let request = post("presence", body).insert_header(("x-centrifugo-error-mode", "transport"));
    let transport = house.ask(request).await;
    let in_body = house.post("presence", body).await;
    assert_eq!((transport.status, &transport.body), (200, &in_body.body));
    assert_eq!(in_body.body, r#"{"result":{"presence":{}}}"#);
    assert_eq!(in_body.header("Content-Type"), "application/json");
}

fn data_is_missing() -> Value {
    json!({"code": 107, "message": "bad request: field \"data\" is missing"})
}

#[actix_web::test]
async fn error_107_names_the_field_and_says_what_is_wrong_with_it() {
    let house = House::new();
    let long = "x".repeat(256);
    for (method, body, field, why) in [
        ("publish", json!({"data": 1}), "channel", "is missing"),
        ("publish", json!({"channel": long, "data": 1}), "channel", "is longer than 255 bytes"),
        ("publish", json!({"channel": "news"}), "data", "is missing"),
        ("publish", json!({"channel": "news", "b64data": "?"}), "b64data", "is not valid base64: "),
        ("publish", json!({"channel": "news", "b64data": "aW5mbw=="}), "b64data", "does not hold valid JSON"),
        (
            "publish",
            json!({"channel": "news", "data": 1, "idempotency_key": long}),
            "idempotency_key",
            "is longer than ",
        ),
        ("publish", json!({"channel": "news", "data": 1, "version_epoch": long}), "version_epoch", "is longer than "),
        ("broadcast", json!({"data": 1}), "channels", "is missing"),
        ("subscribe", json!({"user": "42"}), "channel", "is missing"),
        ("subscribe", json!({"user": "42", "channel": "a", "b64info": "?"}), "b64info", "is not valid base64: "),
        ("disconnect", json!({"user": "42", "disconnect": {"code": 1}}), "disconnect.code", "is neither "),
        (
            "disconnect",
            json!({"disconnect": {"code": 4000, "reason": long}}),
            "disconnect.reason",
            "is longer than 123 ",
        ),
        ("revoke", json!({}), "user", "is missing, and so is "),
        ("revoke", json!({"user": "42", "scopes": []}), "scopes", "is empty: "),
        ("revoke", json!({"user": "42", "scopes": ["a b"]}), "scopes", "has a scope "),
        ("revoke", json!({"user": "x".repeat(70_000 / 2)}), "user", "is longer than a token may be"),
        ("presence", json!({}), "channel", "is missing"),
        ("history", json!({"channel": ""}), "channel", "is missing"),
        ("channels", json!({"pattern": "["}), "pattern", "is not valid: "),
        ("connections", json!({"client": "c1"}), "client", "is not a session id"),
        ("connections", json!({"space": "plugin"}), "channel", "is missing, and "),
        ("connections", json!({"space": "plugin", "channel": long}), "channel", "is not valid: "),
        ("rpc", json!({}), "method", "is missing"),
        ("emit", json!({"service": "todos"}), "event", "is missing"),
        ("tail", json!({"rate": 0}), "rate", "is not a number from 1 to 10000"),
    ] {
        let answer = house.call(method, body.clone()).await;
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{method} {body}: {answer}"));
        assert_eq!(answer["error"]["code"], 107, "{method} {body}");
        let expected = format!("bad request: field \"{field}\" {why}");
        assert!(message.starts_with(&expected), "{method} {body}: {message}");
    }
}

#[actix_web::test]
async fn another_mode_is_the_usual_one() {
    let house = House::new();
    let request = post("publish", r#"{"channel":"news"}"#).insert_header(("X-Centrifugo-Error-Mode", "other"));
    let answer = house.ask(request).await;
    assert_eq!((answer.status, &answer.json()["error"]), (200, &data_is_missing()));
}

#[actix_web::test]
async fn what_is_not_served_here_says_so() {
    let house = House::new();
    let map = ["publish", "remove", "read_state", "read_stream", "stats", "clear"].map(|name| format!("map_{name}"));
    for method in map.iter().map(String::as_str).chain(["shared_poll_publish"]) {
        assert_eq!(house.error(method, json!({"channel": "news", "key": "k"})).await, 108, "{method}");
    }
}

#[actix_web::test]
async fn the_single_endpoint_answers_as_the_methods_do() {
    let house = House::new();
    let single = async |body: Value| house.ask(post("", body.to_string()).uri("/api")).await;
    let published = single(json!({"method": "publish", "params": {"channel": "news", "data": 1}})).await;
    assert_eq!(published.json()["result"]["offset"], 1);
    assert!(single(json!({"method": "info"})).await.json()["result"]["nodes"].is_array());
    assert_eq!(single(json!({"method": "unknown", "params": {}})).await.json()["error"]["code"], 104);
    assert_eq!(single(json!({})).await.json()["error"]["code"], 104);
    assert_eq!(single(json!({"method": "publish", "params": []})).await.status, 400);
    assert_eq!(single(json!({"method": 5})).await.status, 400);
}

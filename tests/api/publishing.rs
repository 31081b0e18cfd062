//! publish and broadcast.
use super::client::Client;
use super::house::House;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

#[actix_web::test]
async fn a_publish_is_answered_with_its_position_where_it_is_kept() {
    let house = House::new();
    let first = house.result("publish", json!({"channel": "news", "data": {"a": 1}})).await;
    let second = house.result("publish", json!({"channel": "news", "data": null})).await;
    assert_eq!((&first["offset"], &second["offset"]), (&json!(1), &json!(2)));
    assert!(first["epoch"].as_str().is_some_and(|epoch| !epoch.is_empty()), "{first}");
    assert_eq!(first["epoch"], second["epoch"]);
    assert_eq!(house.result("publish", json!({"channel": "plain:a", "data": 1})).await, json!({}));
    let skipped = json!({"channel": "news", "data": 1, "skip_history": true});
    assert_eq!(house.result("publish", skipped).await, json!({}));
    assert_eq!(house.result("history", json!({"channel": "news"})).await["offset"], 2);
}

#[actix_web::test]
async fn a_pretty_printed_publish_reaches_subscribers_whole_with_its_tags() {
    let house = House::new();
    let mut client = Client::connect(house.serve(), "").await;
    client.ask("subscribe", json!({"channel": "news"})).await;
    let body = "{\r\n  \"channel\": \"news\",\n  \"tags\": {\"k\": \"v\"},\n  \"data\": {\n    \"text\": \"a\\nb\",\n    \"n\": [\n 1,\n 2 ]\n  }\n}\n";
    assert_eq!(house.post("publish", body).await.status, 200);
    let push = client.push().await;
    assert_eq!(push["channel"], "news");
    assert_eq!(push["pub"]["data"], json!({"text": "a\nb", "n": [1, 2]}));
    assert_eq!((&push["pub"]["tags"], &push["pub"]["info"]), (&json!({"k": "v"}), &Value::Null));
}

#[actix_web::test]
async fn a_publish_without_what_it_needs_is_a_bad_request() {
    let house = House::new();
    let (binary, broken) = (BASE64_STANDARD.encode(b"data"), "not base64!");
    for body in [
        json!({"channel": "news"}),
        json!({"data": 1}),
        json!({"channel": "", "data": 1}),
        json!({"channel": null, "data": 1}),
        json!({"channel": "x".repeat(256), "data": 1}),
        json!({"channel": "news", "b64data": binary}),
        json!({"channel": "news", "b64data": broken}),
        json!({"channel": "news", "b64data": ""}),
        json!({"channel": "news", "data": 1, "idempotency_key": "k".repeat(256)}),
        json!({"channel": "news", "data": 1, "version": 1, "version_epoch": "e".repeat(256)}),
    ] {
        assert_eq!(house.error("publish", body).await, 107);
    }
    let unknown = house.call("publish", json!({"channel": "undefined:channel", "data": 1})).await;
    assert_eq!(unknown, json!({"error": {"code": 102, "message": "unknown channel"}}));
    assert_eq!(house.result("history", json!({"channel": "news"})).await["offset"], 0);
}

#[actix_web::test]
async fn a_payload_in_base64_is_taken_where_it_is_json_and_passed_over_beside_a_plain_one() {
    let house = House::new();
    let encoded = BASE64_STANDARD.encode(b"{\n\"a\": 1}");
    house.result("publish", json!({"channel": "news", "b64data": encoded})).await;
    let binary = BASE64_STANDARD.encode(b"data");
    house.result("publish", json!({"channel": "news", "data": {"b": 2}, "b64data": binary, "delta": true})).await;
    let history = house.result("history", json!({"channel": "news", "limit": -1})).await;
    let data: Vec<&Value> = history["publications"].as_array().unwrap().iter().map(|event| &event["data"]).collect();
    assert_eq!(data, [&json!({"a": 1}), &json!({"b": 2})]);
}

#[actix_web::test]
async fn a_payload_is_kept_byte_for_byte() {
    let house = House::new();
    let data = r#"{ "n":12345678901234567890.10, "e":"\u00e9" }"#;
    house.post("publish", format!(r#"{{"channel":"news","data":{data}}}"#)).await;
    let history = house.post("history", r#"{"channel":"news","limit":1}"#).await;
    assert!(history.body.contains(data), "{}", history.body);
}

#[actix_web::test]
async fn a_repeated_key_is_answered_again_in_its_channel_only() {
    let house = House::new();
    let publish = |channel: &str| json!({"channel": channel, "data": 1, "idempotency_key": "k"});
    let first = house.result("publish", publish("one")).await;
    house.result("publish", json!({"channel": "one", "data": 2})).await;
    house.result("history_remove", json!({"channel": "one"})).await;
    assert_eq!(house.result("publish", publish("one")).await, first);
    let body = json!({"channels": ["one", "two"], "data": 1, "idempotency_key": "k"});
    let responses = house.result("broadcast", body).await;
    assert_eq!(responses["responses"][0]["result"], first);
    assert_eq!(responses["responses"][1]["result"]["offset"], 1);
    assert_eq!(house.result("history", json!({"channel": "one"})).await["offset"], 2);
}

#[actix_web::test]
async fn an_older_version_is_answered_with_the_position_and_not_kept() {
    let house = House::new();
    let publish = |version: u64, epoch: &str| json!({"channel": "news", "data": version, "version": version, "version_epoch": epoch});
    assert_eq!(house.result("publish", publish(2, "e")).await["offset"], 1);
    assert_eq!(house.result("publish", publish(1, "e")).await["offset"], 1);
    assert_eq!(house.result("publish", publish(1, "f")).await["offset"], 2);
}

#[actix_web::test]
async fn a_broadcast_is_answered_for_each_channel() {
    let house = House::new();
    let answer = house.result("broadcast", json!({"channels": ["a", "no:b", "plain:c", ""], "data": 1})).await;
    let responses = &answer["responses"];
    assert_eq!(responses[0]["result"]["offset"], 1);
    assert_eq!(responses[1], json!({"error": {"code": 102, "message": "unknown channel"}}));
    assert_eq!(responses[2], json!({"result": {}}));
    assert_eq!(responses[3], json!({"error": {"code": 107, "message": "bad request: field \"channel\" is missing"}}));
    assert_eq!(responses.as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_broadcast_needs_channels_and_data_and_has_a_bound() {
    let house = House::new();
    assert_eq!(house.error("broadcast", json!({"data": 1})).await, 107);
    assert_eq!(house.error("broadcast", json!({"channels": [], "data": 1})).await, 107);
    assert_eq!(house.error("broadcast", json!({"channels": ["a"]})).await, 107);
    assert_eq!(house.error("broadcast", json!({"channels": vec!["a"; 6], "data": 1})).await, 106);
}

#[actix_web::test]
async fn who_asks_for_an_account_is_told_who_got_the_event() {
    let house = House::new();
    let mut client = Client::connect(house.serve(), "").await;
    client.ask("subscribe", json!({"channel": "news"})).await;
    let told = house.result("publish", json!({"channel": "news", "data": 1, "account": true})).await;
    let one = json!({"matched": 1, "delivered": 1, "filtered": 0, "not_permitted": 0, "lost": 0, "kept": true});
    assert_eq!((&told["offset"], &told["account"]), (&json!(1), &one), "{told}");
    let none = json!({"matched": 0, "delivered": 0, "filtered": 0, "not_permitted": 0, "lost": 0, "kept": false});
    let channels = json!({"channels": ["plain:a", "news", "undefined:a"], "data": 1, "account": true});
    let told = house.result("broadcast", channels).await;
    assert_eq!(told["responses"][0], json!({"result": {"account": none}}));
    assert_eq!(told["responses"][1]["result"]["account"], one);
    assert_eq!(told["responses"][2]["error"]["code"], 102);
    let batch = json!({"commands": [{"publish": {"channel": "plain:a", "data": 1, "account": true}}]});
    let told = house.call("batch", batch).await;
    assert_eq!(told["replies"][0], json!({"publish": {"account": none}}));
    let once = json!({"channel": "news", "data": 1, "account": true, "idempotency_key": "once"});
    house.result("publish", once.clone()).await;
    let told = house.result("publish", once).await;
    assert_eq!((&told["account"]["repeated"], &told["account"]["delivered"]), (&json!(true), &json!(0)), "{told}");
    for quiet in [json!(false), json!(null)] {
        let told = house.result("publish", json!({"channel": "news", "data": 1, "account": quiet})).await;
        assert!(told["account"].is_null(), "{told}");
    }
    let wrong = house.post("publish", json!({"channel": "news", "data": 1, "account": "yes"}).to_string()).await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("account"), "{wrong:?}");
}

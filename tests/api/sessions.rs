//! What the API orders sessions to do: subscribe, unsubscribe, disconnect, refresh.
use super::client::Client;
use super::house::House;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

#[actix_web::test]
async fn an_order_to_nobody_is_no_error() {
    let house = House::new();
    let nobody = uuid::Uuid::new_v4().to_string();
    for target in [
        json!({"user": "unknown"}),
        json!({"user": "", "client": "c1", "session": "s1"}),
        json!({"client": nobody}),
        json!({}),
        json!({"user": null, "client": null}),
    ] {
        for (method, more) in [
            ("subscribe", json!({"channel": "news", "recover_since": {"offset": 1, "epoch": "1"}, "expire_at": 1})),
            ("unsubscribe", json!({"channel": "news"})),
            ("unsubscribe", json!({"channel": ""})),
            ("disconnect", json!({"whitelist": ["c1"], "disconnect": {"code": 4000, "reason": "hey"}})),
            ("refresh", json!({"expire_at": 1, "expired": true})),
            ("refresh", json!({})),
        ] {
            let mut body = target.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(house.result(method, body).await, json!({}));
        }
    }
}

#[actix_web::test]
async fn an_order_for_a_channel_that_cannot_be_is_refused() {
    let house = House::new();
    assert_eq!(house.error("subscribe", json!({"user": "42"})).await, 107);
    assert_eq!(house.error("subscribe", json!({"user": "42", "channel": "no:a"})).await, 102);
    assert_eq!(house.error("unsubscribe", json!({"user": "42", "channel": "no:a"})).await, 102);
    assert_eq!(house.error("unsubscribe", json!({"user": "42", "channel": "x".repeat(256)})).await, 107);
}

#[actix_web::test]
async fn subscribe_reaches_every_session_of_a_user_or_one_by_its_id() {
    let house = House::new();
    let port = house.serve();
    let mut ada = Client::connect(port, &house.token("42", None)).await;
    let mut twin = Client::connect(port, &house.token("42", None)).await;
    let mut nobody = Client::connect(port, "").await;
    house.result("subscribe", json!({"user": "42", "channel": "news", "data": {"hello": 1}})).await;
    for client in [&mut ada, &mut twin] {
        let push = client.push().await;
        assert_eq!((&push["channel"], &push["subscribe"]["data"]), (&json!("news"), &json!({"hello": 1})));
        assert_eq!(push["subscribe"]["recoverable"], true);
    }
    house.result("subscribe", json!({"client": nobody.id, "session": nobody.id, "channel": "other"})).await;
    assert_eq!(nobody.push().await["channel"], "other");
    house.result("subscribe", json!({"user": "43", "client": nobody.id, "channel": "third"})).await;
    house.result("subscribe", json!({"user": "42", "client": twin.id, "channel": "third"})).await;
    assert_eq!(twin.push().await["channel"], "third");
    let channels = house.result("channels", json!({})).await;
    assert_eq!(channels["channels"]["third"], json!({"num_clients": 1}));
}

#[actix_web::test]
async fn subscribe_shows_its_info_and_takes_overrides() {
    let house = House::new();
    let port = house.serve();
    let mut ada = Client::connect(port, &house.token("42", None)).await;
    let binary = BASE64_STANDARD.encode(b"info");
    let body = json!({"user": "42", "channel": "shown", "info": {"role": "x"}, "b64info": binary, "b64data": "Mg=="});
    house.result("subscribe", body).await;
    assert_eq!(ada.push().await["subscribe"]["data"], 2);
    let hidden = json!({"user": "42", "channel": "hidden", "override": {"presence": {"value": false}}});
    house.result("subscribe", hidden).await;
    ada.push().await;
    let shown = house.result("presence", json!({"channel": "shown"})).await;
    assert_eq!(shown["presence"][&ada.id]["chan_info"], json!({"role": "x"}));
    assert_eq!(house.result("presence", json!({"channel": "hidden"})).await, json!({"presence": {}}));
    let no_json = json!({"user": "42", "channel": "shown", "b64info": BASE64_STANDARD.encode(b"info")});
    assert_eq!(house.error("subscribe", no_json).await, 107);
}

#[actix_web::test]
async fn subscribe_brings_what_came_after_a_position() {
    let house = House::new();
    let first = house.result("publish", json!({"channel": "news", "data": 1})).await;
    house.result("publish", json!({"channel": "news", "data": 2})).await;
    let mut ada = Client::connect(house.serve(), &house.token("42", None)).await;
    let since = json!({"offset": 1, "epoch": first["epoch"]});
    house.result("subscribe", json!({"user": "42", "channel": "news", "recover_since": since})).await;
    assert!(ada.push().await["subscribe"].is_object());
    let missed = ada.push().await["pub"].take();
    assert_eq!((&missed["data"], &missed["offset"]), (&json!(2), &json!(2)));
}

#[actix_web::test]
async fn unsubscribe_ends_one_subscription_or_all() {
    let house = House::new();
    let mut ada = Client::connect(house.serve(), &house.token("42", None)).await;
    for channel in ["a", "b", "c"] {
        ada.ask("subscribe", json!({"channel": channel})).await;
    }
    house.result("unsubscribe", json!({"user": "42", "channel": "b"})).await;
    let push = ada.push().await;
    assert_eq!(push, json!({"channel": "b", "unsubscribe": {"code": 2000, "reason": "server unsubscribe"}}));
    house.result("unsubscribe", json!({"user": "42"})).await;
    let mut ended: Vec<Value> = vec![ada.push().await["channel"].take(), ada.push().await["channel"].take()];
    ended.sort_by_key(Value::to_string);
    assert_eq!(ended, [json!("a"), json!("c")]);
}

#[actix_web::test]
async fn disconnect_says_what_it_was_told_to_say_and_spares_the_listed() {
    let house = House::new();
    let port = house.serve();
    for (told, expected) in [
        (Value::Null, (3503, "force disconnect")),
        (json!({"code": 4500, "reason": "ban"}), (4500, "ban")),
        (json!({"code": 4000}), (4000, "")),
        (json!({"code": 3011}), (3011, "force reconnect")),
        (json!({"code": 3503, "reason": "why"}), (3503, "why")),
    ] {
        let mut ada = Client::connect(port, &house.token("42", None)).await;
        let mut spared = Client::connect(port, &house.token("42", None)).await;
        let body = json!({"user": "42", "whitelist": [spared.id, "c1"], "disconnect": told});
        house.result("disconnect", body).await;
        assert_eq!(ada.closed().await, (expected.0, expected.1.to_owned()));
        let alive = spared.ask("subscribe", json!({"channel": "news"})).await;
        assert!(alive["subscribe"].is_object(), "{alive}");
        house.result("disconnect", json!({"client": spared.id})).await;
        spared.closed().await;
    }
}

#[actix_web::test]
async fn a_disconnect_that_cannot_be_said_is_a_bad_request() {
    let house = House::new();
    for told in [
        json!({"code": 3999}),
        json!({"code": 5000}),
        json!({"code": 1000}),
        json!({}),
        json!({"reason": "no code"}),
        json!({"code": 4000, "reason": "x".repeat(124)}),
    ] {
        assert_eq!(house.error("disconnect", json!({"user": "42", "disconnect": told})).await, 107);
    }
    assert_eq!(
        house.result("disconnect", json!({"disconnect": {"code": 4000, "reason": "x".repeat(123)}})).await,
        json!({})
    );
}

#[actix_web::test]
async fn refresh_changes_when_a_session_ends() {
    let house = House::new();
    let mut ada = Client::connect(house.serve(), &house.token("42", None)).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    house.result("refresh", json!({"user": "42", "expire_at": now + 1000, "info": {"name": "Ada"}})).await;
    let push = ada.push().await;
    let ttl = push["refresh"]["ttl"].as_u64().unwrap_or_else(|| panic!("{push}"));
    assert!((990..=1000).contains(&ttl) && push["refresh"]["expires"] == true, "{push}");
    ada.ask("subscribe", json!({"channel": "news"})).await;
    let presence = house.result("presence", json!({"channel": "news"})).await;
    assert_eq!(presence["presence"][&ada.id]["conn_info"], json!({"name": "Ada"}));
    house.result("refresh", json!({"user": "42", "expire_at": 0})).await;
    assert_eq!(ada.push().await["refresh"], json!({}));
    house.result("refresh", json!({"client": ada.id, "expired": true})).await;
    assert_eq!(ada.closed().await, (3005, "connection expired".to_owned()));
}

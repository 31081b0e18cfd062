//! What makes no sense is answered with the field that is wrong, and the connection stays where the protocol keeps it.
use super::house::{Client, House, api, backend, both, listener, plan};
use super::tokens::user;
use serde_json::{Value, json};

async fn refusal(client: &mut Client, text: &str) -> Value {
    client.say_text(text).await;
    let told = client.hears().await;
    assert_eq!(told["command"], "error", "{told}");
    told
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name_and_nothing_is_delivered() {
    both(plan, async |house: House| {
        let mut mia = listener(&house, &user("user:default/mia", &[])).await;
        mia.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        mia.settled().await;
        let mut catalog = backend(&house, "catalog").await;
        let refs = vec!["user:default/a"; 2_000];
        let many =
            json!({"command": "publish", "pluginId": "catalog", "data": 1, "targetEntityRefs": refs}).to_string();
        for (text, refused, code, says) in [
            ("{", "", 107, "JSON"),
            (r#"{"command":"delete"}"#, "", 107, "command"),
            (r#"{"command":"publish","pluginId":"catalog"}"#, "publish", 107, "data"),
            (r#"{"command":"subscribe","pluginId":""}"#, "subscribe", 107, "pluginId"),
            (&format!(r#"{{"command":"subscribe","pluginId":"{}"}}"#, "p".repeat(300)), "subscribe", 107, "pluginId"),
            (
                r#"{"command":"publish","pluginId":"catalog","data":1,"targetEntityRefs":["mia"]}"#,
                "publish",
                107,
                "targetEntityRefs: entity ref 1",
            ),
            (&many, "publish", 106, "2000 entity refs"),
        ] {
            let told = refusal(&mut catalog, text).await;
            assert_eq!((&told["refused"], &told["code"]), (&json!(refused), &json!(code)), "{told}");
            assert!(told["message"].as_str().expect("a text").contains(says), "{told}");
        }
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "data": 2})).await;
        assert_eq!(mia.hears().await["data"], 2);
    })
    .await;
}

#[tokio::test]
async fn ten_megabytes_close_their_own_connection_and_no_other() {
    both(plan, async |house: House| {
        let mut mia = listener(&house, &user("user:default/mia", &[])).await;
        mia.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        mia.settled().await;
        let mut large = backend(&house, "catalog").await;
        large.settled().await;
        let data = "x".repeat(10 << 20);
        // The broker may close before all of it is written.
        let text = json!({"command": "publish", "pluginId": "catalog", "data": data}).to_string();
        let sent = futures_util::SinkExt::send(&mut large.0, tokio_tungstenite::tungstenite::Message::text(text)).await;
        if sent.is_ok() {
            assert!([1009, 1006].contains(&large.closes().await));
        }
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "data": 2})).await;
        assert_eq!(mia.hears().await["data"], 2);
    })
    .await;
}

#[tokio::test]
async fn more_subscriptions_than_a_connection_may_have_are_refused_each_topic_counting() {
    both(plan, async |house: House| {
        let mut mia = listener(&house, &user("user:default/mia", &[])).await;
        let most = 128;
        for n in 0..most {
            mia.say(json!({"command": "subscribe", "pluginId": "catalog", "topic": n.to_string()})).await;
        }
        mia.settled().await;
        for plugin in ["catalog", "scaffolder"] {
            let more = json!({"command": "subscribe", "pluginId": plugin, "topic": "more"}).to_string();
            assert_eq!(refusal(&mut mia, &more).await["code"], 106);
        }
        // One that is there already changes nothing, and one that goes makes room.
        mia.say(json!({"command": "subscribe", "pluginId": "catalog", "topic": "0"})).await;
        mia.say(json!({"command": "unsubscribe", "pluginId": "catalog", "topic": "0"})).await;
        mia.say(json!({"command": "subscribe", "pluginId": "scaffolder"})).await;
        mia.settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_signal_that_makes_no_sense_is_an_error_that_says_why() {
    both(plan, async |house: House| {
        let refs: Vec<String> = (0..10_000).map(|n| format!("user:default/u{n}")).collect();
        for (body, code, says) in [
            (json!({"message": 1}), 107, "channel"),
            (json!({"channel": "c"}), 107, "message"),
            (json!({"channel": "c", "message": null}), 107, "message"),
            (json!({"channel": "c", "message": 1, "recipients": {"type": "everybody"}}), 107, "recipients"),
            (json!({"channel": "c", "message": 1, "recipients": {"type": "user", "entityRef": "mia"}}), 107, "ref 1"),
            (json!({"channel": "c", "message": 1, "recipients": {"type": "user", "entityRef": refs}}), 106, "10000"),
            (json!({"channel": "c".repeat(300), "message": 1}), 107, "longer"),
        ] {
            let answer = api(&house, "signal", body).await;
            assert_eq!(answer["error"]["code"], code, "{answer}");
            assert!(answer["error"]["message"].as_str().expect("a text").contains(says), "{answer}");
        }
    })
    .await;
}

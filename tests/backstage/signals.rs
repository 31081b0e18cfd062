//! Signals: who gets which.
use super::house::{House, both, page, plan, signal, until_subscribed};
use super::tokens::user;
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

fn to_users(refs: Value, n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}, "recipients": {"type": "user", "entityRef": refs}})
}

fn to_all(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}, "recipients": {"type": "broadcast"}})
}

fn subscribe(channel: &str) -> Value {
    json!({"action": "subscribe", "channel": channel})
}

fn told(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}})
}

#[tokio::test]
async fn a_signal_reaches_all_subscribers_or_those_who_own_one_of_the_entities() {
    both(plan, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &["group:default/admins", "group:default/all"])).await;
        let mut joe = page(&house, &user("user:default/joe", &["group:default/all"])).await;
        for page in [&mut mia, &mut joe] {
            page.say(subscribe("c")).await;
        }
        until_subscribed(&house, 2).await;
        signal(&house, to_users(json!("user:default/mia"), 1)).await;
        signal(&house, to_users(json!(["group:default/admins", "user:default/joe"]), 2)).await;
        // Who is in two of the groups gets it once; in capitals it is another entity.
        signal(&house, to_users(json!(["group:default/all", "user:default/mia"]), 3)).await;
        signal(&house, to_users(json!(["user:Default/mia", "group:default/nobody"]), 4)).await;
        signal(&house, to_users(json!([]), 5)).await;
        signal(&house, json!({"channel": "c", "message": {"n": 6}})).await;
        for n in [1, 2, 3, 6] {
            assert_eq!(mia.hears().await, told(n));
        }
        for n in [2, 3, 6] {
            assert_eq!(joe.hears().await, told(n));
        }
    })
    .await;
}

#[tokio::test]
async fn subscribing_twice_is_once_and_one_unsubscribe_ends_it() {
    both(plan, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        for what in [subscribe("c"), subscribe("c"), subscribe("other")] {
            mia.say(what).await;
        }
        until_subscribed(&house, 2).await;
        signal(&house, to_all(1)).await;
        signal(&house, to_all(2)).await;
        assert_eq!([mia.hears().await, mia.hears().await], [told(1), told(2)], "each once");
        mia.say(json!({"action": "unsubscribe", "channel": "c"})).await;
        mia.say(json!({"action": "unsubscribe", "channel": "never"})).await;
        until_subscribed(&house, 1).await;
        signal(&house, to_all(3)).await;
        signal(&house, json!({"channel": "other", "message": "last"})).await;
        assert_eq!(mia.hears().await, json!({"channel": "other", "message": "last"}));
    })
    .await;
}

#[tokio::test]
async fn junk_and_binary_are_passed_over_and_the_connection_stays() {
    both(plan, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        for junk in
            ["", "{", "[]", "7", r#"{"action":"publish","channel":"c","message":1}"#, r#"{"action":"subscribe"}"#]
        {
            mia.say_text(junk).await;
        }
        mia.0.send(Message::binary(subscribe("binary").to_string().into_bytes())).await.expect("it is open");
        mia.say(subscribe(&"x".repeat(300))).await;
        mia.say(subscribe("c")).await;
        until_subscribed(&house, 1).await;
        signal(&house, json!({"channel": "binary", "message": 1})).await;
        signal(&house, to_all(1)).await;
        assert_eq!(mia.hears().await, told(1));
    })
    .await;
}

#[tokio::test]
async fn a_service_token_opens_signals_too_and_gets_those_to_everybody() {
    both(plan, async |house: House| {
        let mut catalog = page(&house, &super::tokens::service("catalog")).await;
        catalog.say(subscribe("c")).await;
        until_subscribed(&house, 1).await;
        signal(&house, to_users(json!("user:default/mia"), 1)).await;
        signal(&house, to_all(2)).await;
        assert_eq!(catalog.hears().await, told(2));
    })
    .await;
}

#[tokio::test]
async fn a_channel_of_signals_is_no_channel_of_others_of_the_same_name() {
    fn open() -> super::house::Plan {
        let mut plan = plan();
        let open = callboard::broker::Rule::Anyone;
        plan.config.namespaces = vec![callboard::broker::Namespace { subscribe: open, ..Default::default() }];
        plan
    }
    both(open, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        mia.say(subscribe("c")).await;
        until_subscribed(&house, 1).await;
        super::house::api(&house, "publish", json!({"channel": "c", "data": 1})).await;
        signal(&house, to_all(2)).await;
        assert_eq!(mia.hears().await, told(2));
    })
    .await;
}

//! Why nobody got an event: publishers that ask are told, on both variants of the events wire and by the HTTP API.
use super::house::{Client, House, api, backend, both, listener, page, plan, until_subscribed};
use super::tokens::{service, user};
use crate::harness::socketio;
use serde_json::{Value, json};
use std::time::Duration;

fn publish(more: Value) -> Value {
    let mut publish = json!({"command": "publish", "pluginId": "catalog", "data": 1});
    publish.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    publish
}

async fn subscribed(house: &House, owned: &str, topic: Option<&str>) -> Client {
    let mut client = listener(house, &user(owned, &[])).await;
    client.say(json!({"command": "subscribe", "pluginId": "catalog", "topic": topic})).await;
    client.settled().await;
    client
}

fn numbers(told: &Value) -> Value {
    ["matched", "delivered", "filtered", "not_permitted", "lost", "kept"].map(|name| told[name].clone()).to_vec().into()
}

#[tokio::test]
async fn a_publisher_that_asks_is_told_what_became_of_its_event() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, "user:default/mia", None).await;
        let _joe = subscribed(&house, "user:default/joe", Some("t")).await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(publish(json!({"topic": "u", "account": true}))).await;
        let told = catalog.hears().await;
        let expected = json!({
            "command": "account", "pluginId": "catalog", "topic": "u", "account": true,
            "matched": 2, "delivered": 1, "filtered": 1, "not_permitted": 0, "lost": 0, "kept": false,
        });
        assert_eq!(told, expected);
        assert_eq!(mia.hears().await["topic"], "u");
        catalog.say(publish(json!({"targetEntityRefs": ["user:default/mia"], "account": "mine é"}))).await;
        let told = catalog.hears().await;
        assert_eq!((&told["account"], &told["topic"]), (&json!("mine é"), &Value::Null));
        assert_eq!(numbers(&told), json!([2, 1, 0, 1, 0, false]), "{told}");
    })
    .await;
}

#[tokio::test]
async fn the_publisher_itself_is_one_whom_its_event_is_not_for() {
    both(plan, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        catalog.settled().await;
        catalog.say(publish(json!({"account": true}))).await;
        let told = catalog.hears().await;
        assert_eq!((&told["matched"], &told["not_permitted"]), (&json!(1), &json!(1)), "{told}");
    })
    .await;
}

#[tokio::test]
async fn publishes_keep_their_order_whatever_they_ask_and_those_that_do_not_ask_are_not_answered() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, "user:default/mia", None).await;
        let mut catalog = backend(&house, "catalog").await;
        for n in 0..20 {
            let account = if n % 2 == 0 { json!(format!("n{n}")) } else { json!(false) };
            catalog.say(publish(json!({"data": n, "account": account}))).await;
        }
        for n in 0..20 {
            assert_eq!(mia.hears().await["data"], n);
        }
        let mut told = vec![];
        for _ in 0..10 {
            let account = catalog.hears().await;
            assert_eq!(account["delivered"], 1, "{account}");
            told.push(account["account"].as_str().expect("a text").to_owned());
        }
        told.sort();
        let mut expected: Vec<String> = (0..20).step_by(2).map(|n| format!("n{n}")).collect();
        expected.sort();
        assert_eq!(told, expected);
        catalog.settled().await;
    })
    .await;
}

#[tokio::test]
async fn who_may_not_publish_learns_nothing_but_which_publish_was_refused() {
    both(plan, async |house: House| {
        let _mia = subscribed(&house, "user:default/mia", None).await;
        let mut joe = listener(&house, &user("user:default/joe", &[])).await;
        joe.say(publish(json!({"account": "mine"}))).await;
        let told = joe.hears().await;
        assert_eq!(
            (&told["command"], &told["refused"], &told["code"], &told["account"]),
            (&json!("error"), &json!("publish"), &json!(103), &json!("mine"))
        );
        assert!(told["matched"].is_null(), "{told}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_account_is_refused_and_the_field_is_named() {
    both(plan, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        for wrong in [json!(1), json!(""), json!("x".repeat(65)), json!([]), json!({"a": 1})] {
            catalog.say(publish(json!({"account": wrong}))).await;
            let told = catalog.hears().await;
            assert_eq!((&told["command"], &told["code"]), (&json!("error"), &json!(107)), "{told}");
            assert!(told["message"].as_str().expect("a text").starts_with("account: wanted is true"), "{told}");
        }
        for none in [json!(false), json!(null)] {
            catalog.say(publish(json!({"account": none}))).await;
        }
        catalog.settled().await;
    })
    .await;
}

#[tokio::test]
async fn over_socketio_an_account_is_the_acknowledgement_or_the_event_account() {
    both(plan, async |house: House| {
        let _mia = subscribed(&house, "user:default/mia", None).await;
        let auth = json!({"token": service("catalog")});
        let (mut catalog, answer) = socketio::Client::connect_at(house.address, "/events/", &auth).await;
        assert!(answer.starts_with("40{"), "{answer}");
        let answer = catalog.ask(&json!(["register", {"pluginId": "catalog"}])).await;
        assert_eq!(answer, json!([{}]));
        let publish = json!({"pluginId": "catalog", "topic": "t", "data": 1, "account": true});
        let told = json!({
            "pluginId": "catalog", "topic": "t", "account": true,
            "matched": 1, "delivered": 1, "filtered": 0, "not_permitted": 0, "lost": 0, "kept": false,
        });
        assert_eq!(catalog.ask(&json!(["publish", publish])).await, json!([told]));
        catalog.say(&format!("42{}", json!(["publish", publish]))).await;
        assert_eq!(catalog.event().await, json!(["account", told]));
        let wrong = json!({"pluginId": "catalog", "data": 1, "account": 5});
        let answer = catalog.ask(&json!(["publish", wrong])).await;
        assert_eq!(answer[0]["error"]["code"], 107, "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_signal_has_its_account_and_none_where_nobody_asks() {
    both(plan, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &[])).await;
        let mut joe = page(&house, &user("user:default/joe", &[])).await;
        for page in [&mut mia, &mut joe] {
            page.say(json!({"action": "subscribe", "channel": "c"})).await;
        }
        until_subscribed(&house, 2).await;
        let recipients = json!({"type": "user", "entityRef": "user:default/mia"});
        let signal = json!({"channel": "c", "message": 1, "recipients": recipients, "account": true});
        let told = api(&house, "signal", signal.clone()).await;
        let expected =
            json!({"matched": 2, "delivered": 1, "filtered": 0, "not_permitted": 1, "lost": 0, "kept": false});
        assert_eq!(told, json!({"result": {"account": expected}}));
        let mut quiet = signal;
        quiet["account"] = json!(false);
        assert_eq!(api(&house, "signal", quiet).await, json!({"result": {}}));
    })
    .await;
}

#[tokio::test]
async fn an_account_says_whether_the_event_is_kept_for_those_who_come_later() {
    let keeping = || {
        let mut plan = plan();
        plan.config.backstage.keep = Duration::from_secs(600);
        plan
    };
    both(keeping, async |house: House| {
        let _mia = subscribed(&house, "user:default/mia", None).await;
        let mut catalog = backend(&house, "catalog").await;
        for keep in [true, false] {
            catalog.say(publish(json!({"keep": keep, "account": true}))).await;
            let told = catalog.hears().await;
            assert_eq!((&told["kept"], &told["delivered"]), (&json!(keep), &json!(1)), "{told}");
        }
        let signal = json!({"channel": "c", "message": 1, "keep": true, "account": true});
        let told = api(&house, "signal", signal).await["result"]["account"].clone();
        assert_eq!((&told["kept"], &told["matched"]), (&json!(true), &json!(0)), "{told}");
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_kept_is_refused_with_the_account_that_it_asks_for() {
    both(plan, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(publish(json!({"keep": true, "account": "mine"}))).await;
        let told = catalog.hears().await;
        assert_eq!((&told["code"], &told["account"]), (&json!(108), &json!("mine")), "{told}");
    })
    .await;
}

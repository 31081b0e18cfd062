//! The account of a publish, over nodes that share a Redis.
use super::backstage::{SERVICES, USERS, hears, on_backstage, open, say, subscriptions, token};
use super::house::{nodes, nodes_with, result};
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ASKING: &str = r#"{"channel":"news","data":1,"account":true}"#;

#[tokio::test]
async fn an_account_counts_the_listeners_of_every_node() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let none = result(&nodes[0], "publish", ASKING)["account"].clone();
    let nobody = json!({"matched": 0, "delivered": 0, "filtered": 0, "not_permitted": 0, "lost": 0, "kept": true});
    assert_eq!(none, nobody);
    let mut listeners = vec![];
    for node in [&nodes[0], &nodes[1], &nodes[1]] {
        let mut listener = Socket::connect(node.address(), 0).await;
        listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
        listeners.push(listener);
    }
    for node in &nodes {
        let told = result(node, "publish", ASKING)["account"].clone();
        assert_eq!((&told["matched"], &told["delivered"]), (&json!(3), &json!(3)), "{told}");
        assert!(told["partial"].is_null(), "{told}");
    }
    // One node has no listeners, and is not waited for.
    drop(listeners.remove(0));
    nodes[0].until(subscriptions, |count| *count == 2);
    let told = result(&nodes[0], "publish", r#"{"channel":"live:a","data":1,"account":true}"#)["account"].clone();
    assert_eq!((&told["matched"], &told["kept"], &told["partial"]), (&json!(0), &json!(false), &Value::Null));
    let repeated = r#"{"channel":"news","data":1,"account":true,"idempotency_key":"once"}"#;
    result(&nodes[0], "publish", repeated);
    let told = result(&nodes[1], "publish", repeated)["account"].clone();
    assert_eq!((&told["repeated"], &told["matched"]), (&json!(true), &json!(0)), "{told}");
}

#[tokio::test]
async fn a_node_that_is_stopped_makes_the_account_partial_in_bounded_time() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let mut here = Socket::connect(nodes[0].address(), 0).await;
    here.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    let mut there = Socket::connect(nodes[1].address(), 0).await;
    there.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    nodes[1].signal(Signal::STOP);
    let began = Instant::now();
    let told = result(&nodes[0], "publish", ASKING)["account"].clone();
    let took = began.elapsed();
    nodes[1].signal(Signal::CONT);
    assert_eq!((&told["delivered"], &told["partial"]), (&json!(1), &json!(true)), "{told}");
    // It is 2 s; the machine may be busy.
    assert!(took < Duration::from_secs(8), "{took:?}");
    there.until(|line| !line["push"]["pub"].is_null()).await;
    // The node may connect to Redis anew first.
    let is_whole = |told: &Value| told["delivered"] == 2 && told["partial"].is_null();
    nodes[0].until(|node| result(node, "publish", ASKING)["account"].clone(), is_whole);
}

#[tokio::test]
async fn a_plugin_is_told_of_the_listeners_of_all_nodes_and_a_signal_of_its_pages() {
    let redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let [mia, joe] = ["user:default/mia", "user:default/joe"].map(|owned| token("user", USERS, owned, &[]));
    let (mut one, mut other) = (open(&nodes[0], "/events", &mia).await, open(&nodes[1], "/events", &joe).await);
    say(&mut one, json!({"command": "subscribe", "pluginId": "catalog"})).await;
    say(&mut other, json!({"command": "subscribe", "pluginId": "catalog", "topic": "t"})).await;
    let mut page = open(&nodes[0], "/api/signals", &mia).await;
    say(&mut page, json!({"action": "subscribe", "channel": "c"})).await;
    nodes[0].until(subscriptions, |count| *count == 3);
    let mut catalog = open(&nodes[1], "/events", &token("plugin", SERVICES, "catalog", &[])).await;
    say(&mut catalog, json!({"command": "register", "pluginId": "catalog"})).await;
    let publish = |refs: Value, topic: &str| {
        json!({"command": "publish", "pluginId": "catalog", "targetEntityRefs": refs, "topic": topic, "data": 1,
            "account": true})
    };
    for (refs, topic, numbers) in [
        (json!(null), "t", [2, 2, 0, 0]),
        (json!(null), "u", [2, 1, 1, 0]),
        (json!(["user:default/joe"]), "u", [2, 0, 1, 1]),
    ] {
        say(&mut catalog, publish(refs, topic)).await;
        let told = hears(&mut catalog).await;
        let names = ["matched", "delivered", "filtered", "not_permitted"];
        assert_eq!(names.map(|name| told[name].as_u64().expect("a number")), numbers, "{told}");
    }
    let signal =
        r#"{"channel":"c","message":1,"account":true,"recipients":{"type":"user","entityRef":"user:default/joe"}}"#;
    let told = result(&nodes[1], "signal", signal)["account"].clone();
    assert_eq!((&told["matched"], &told["not_permitted"]), (&json!(1), &json!(1)), "{told}");
}

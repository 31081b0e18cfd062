//! Events that are kept for users about to connect, on two nodes of one Redis.
use super::backstage::{SERVICES, USERS, hears, on_backstage, open, say, subscriptions, token};
use super::house::nodes_with;
use crate::harness::Broker;
use crate::harness::redis::Redis;
use serde_json::{Value, json};

fn nodes(redis: &Redis) -> Vec<Broker> {
    nodes_with(&on_backstage(&redis.url()).replace("[backstage]\n", "[backstage]\nkeep = \"10m\"\n"), 2)
}

fn mia() -> String {
    token("user", USERS, "user:default/mia", &["group:default/admins"])
}

fn keep(node: &Broker, n: u32) {
    let recipients = json!({"type": "user", "entityRef": "group:default/admins"});
    let signal = json!({"channel": "c", "message": n, "keep": true, "recipients": recipients});
    assert_eq!(node.api("signal", &signal.to_string()), r#"{"result":{}}"#);
}

/// What a user who subscribes on a node is told before this signal; `count` subscriptions there are then.
async fn told_before(node: &Broker, all: &Broker, count: u64, n: u32) -> Vec<Value> {
    let mut page = open(node, "/api/signals", &mia()).await;
    say(&mut page, json!({"action": "subscribe", "channel": "c"})).await;
    all.until(subscriptions, |subscriptions| *subscriptions == count);
    node.api("signal", &json!({"channel": "c", "message": n}).to_string());
    let mut told = vec![];
    loop {
        let next = hears(&mut page).await;
        if next["message"] == n {
            break;
        }
        assert_eq!(next["replayed"], true, "{next}");
        told.push(next["message"].clone());
    }
    drop(page);
    all.until(subscriptions, |subscriptions| *subscriptions == count - 1);
    told
}

#[tokio::test]
async fn what_one_node_has_taken_is_brought_once_whichever_node_its_user_comes_to() {
    let redis = Redis::start();
    let nodes = nodes(&redis);
    keep(&nodes[0], 1);
    keep(&nodes[0], 2);
    assert_eq!(told_before(&nodes[1], &nodes[0], 1, 10).await, [1, 2]);
    assert!(told_before(&nodes[0], &nodes[0], 1, 11).await.is_empty());
    keep(&nodes[1], 3);
    assert_eq!(told_before(&nodes[0], &nodes[0], 1, 12).await, [3]);
    assert!(told_before(&nodes[1], &nodes[0], 1, 13).await.is_empty());
}

#[tokio::test]
async fn what_was_heard_live_on_one_node_is_not_brought_on_the_other() {
    let redis = Redis::start();
    let nodes = nodes(&redis);
    let mut live = open(&nodes[0], "/api/signals", &mia()).await;
    say(&mut live, json!({"action": "subscribe", "channel": "c"})).await;
    nodes[0].until(subscriptions, |count| *count == 1);
    for n in 1..=20 {
        keep(&nodes[1], n);
        assert_eq!(hears(&mut live).await, json!({"channel": "c", "message": n}));
    }
    // What was claimed for her is on its way to Redis before this, on the same connection.
    nodes[0].api("signal", &json!({"channel": "elsewhere", "message": 1}).to_string());
    assert!(told_before(&nodes[1], &nodes[0], 2, 30).await.is_empty());
    let mut again = open(&nodes[1], "/events", &token("plugin", SERVICES, "catalog", &[])).await;
    say(&mut again, json!({"command": "register", "pluginId": "catalog"})).await;
    for n in 1..=3 {
        say(&mut again, json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": n, "keep": true}))
            .await;
    }
    let mut page = open(&nodes[0], "/events", &mia()).await;
    say(&mut page, json!({"command": "subscribe", "pluginId": "catalog", "topic": "other"})).await;
    say(&mut again, json!({"command": "publish", "pluginId": "catalog", "topic": "other", "data": 4})).await;
    assert_eq!(hears(&mut page).await["data"], 4);
    say(&mut page, json!({"command": "subscribe", "pluginId": "catalog"})).await;
    for n in 1..=3 {
        let wanted = json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": n, "replayed": true});
        assert_eq!(hears(&mut page).await, wanted);
    }
}

#[tokio::test]
async fn what_is_kept_and_what_is_not_reach_another_node_in_the_order_of_their_publishes() {
    let redis = Redis::start();
    let nodes = nodes(&redis);
    let mut page = open(&nodes[0], "/events", &mia()).await;
    say(&mut page, json!({"command": "subscribe", "pluginId": "catalog"})).await;
    nodes[0].until(subscriptions, |count| *count == 1);
    let mut catalog = open(&nodes[1], "/events", &token("plugin", SERVICES, "catalog", &[])).await;
    say(&mut catalog, json!({"command": "register", "pluginId": "catalog"})).await;
    for n in 0..200 {
        let keep = n % 3 == 0;
        say(&mut catalog, json!({"command": "publish", "pluginId": "catalog", "data": n, "keep": keep})).await;
    }
    for n in 0..200 {
        assert_eq!(hears(&mut page).await, json!({"command": "publish", "pluginId": "catalog", "data": n}));
    }
}

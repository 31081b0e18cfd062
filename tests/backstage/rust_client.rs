//! The client in Rust against the real broker.
use super::house::{House, Kind, api, plan, until_subscribed};
use super::tokens::{service, user};
use callboard::client::{ClientOptions, Error, EventParams, EventsClientManager};
use callboard::types::Account;
use serde_json::{Value, json};
use std::future::ready;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

/// How long what is awaited may take.
const PATIENCE: Duration = Duration::from_secs(20);

fn manager(house: &House, token: String) -> EventsClientManager {
    let config = json!({"backend": {"baseUrl": format!("http://{}", house.address), "events": true}});
    let token = move || ready(Ok::<_, String>(token.clone()));
    EventsClientManager::from_config(&config, token).expect("a good config")
}

async fn next(heard: &mut UnboundedReceiver<Value>) -> Value {
    timeout(PATIENCE, heard.recv()).await.expect("it comes in time").expect("its callback is there")
}

fn targeted(topic: &str, refs: &[&str]) -> EventParams {
    let entity_refs = Some(refs.iter().map(|text| (*text).to_owned()).collect());
    EventParams { topic: Some(topic.to_owned()), entity_refs }
}

#[tokio::test]
async fn a_plugin_publishes_and_pages_and_plugins_hear_what_is_for_them() {
    let house = plan().start(Kind::Own);
    let page = manager(&house, user("user:default/mia", &["group:default/admins"])).frontend();
    let (tell, mut of_page) = unbounded_channel();
    page.subscribe("catalog", move |data: Value| drop(tell.send(data)), "t").expect("there is room");
    let other = manager(&house, service("scaffolder")).for_plugin("scaffolder").get_client();
    other.connect().await.expect("a thread");
    let (tell, mut of_other) = unbounded_channel();
    other.subscribe("catalog", move |data: Value| drop(tell.send(data)), None).expect("there is room");
    until_subscribed(&house, 2).await;
    let catalog = manager(&house, service("catalog")).for_plugin("catalog").get_client();
    catalog.publish(json!({"n": 1}), targeted("t", &["group:default/admins"])).expect("it is kept");
    catalog.connect().await.expect("a thread");
    catalog.publish(json!({"n": 2}), targeted("t", &["user:default/joe"])).expect("it is kept");
    catalog.publish(json!({"n": 3}), EventParams { topic: Some("t".into()), entity_refs: None }).expect("it is kept");
    catalog.publish(json!({"n": 4}), EventParams::default()).expect("it is kept");
    assert_eq!([next(&mut of_page).await, next(&mut of_page).await], [json!({"n": 1}), json!({"n": 3})]);
    assert_eq!([next(&mut of_other).await, next(&mut of_other).await], [json!({"n": 3}), json!({"n": 4})]);
    assert_eq!(catalog.counts().refused, 0);
}

#[tokio::test]
async fn it_comes_back_with_its_subscriptions_after_the_broker_has_cut_it() {
    let house = plan().start(Kind::Own);
    let page = manager(&house, user("user:default/mia", &[])).frontend();
    let (tell, mut heard) = unbounded_channel();
    page.subscribe("catalog", move |data: Value| drop(tell.send(data)), None).expect("there is room");
    until_subscribed(&house, 1).await;
    let catalog = manager(&house, service("catalog")).for_plugin("catalog").get_client();
    catalog.connect().await.expect("a thread");
    for n in 0..3 {
        for user in ["user:default/mia", "plugin:catalog"] {
            let told = api(&house, "disconnect", json!({"user": user})).await;
            assert!(told["error"].is_null(), "{told}");
        }
        timeout(PATIENCE, page.connected()).await.expect("in time").expect("it is back");
        until_subscribed(&house, 1).await;
        timeout(PATIENCE, catalog.connected()).await.expect("in time").expect("it is back");
        // Handed to a socket that was being cut it may be lost, so it is said until it is heard.
        let mut last = Value::Null;
        while last != n {
            catalog.publish(json!(n), EventParams::default()).expect("it is kept");
            last = timeout(Duration::from_millis(500), heard.recv()).await.ok().flatten().unwrap_or_default();
        }
    }
}

#[tokio::test]
async fn what_the_broker_refuses_is_counted_and_the_client_stays() {
    let house = plan().start(Kind::Own);
    // The token of another plugin: it may neither register nor publish.
    let forger = manager(&house, service("scaffolder")).for_plugin("catalog").get_client();
    forger.connect().await.expect("a thread");
    forger.publish(json!(1), EventParams::default()).expect("it is kept");
    timeout(PATIENCE, forger.flush()).await.expect("in time").expect("it is sent");
    let begun = std::time::Instant::now();
    while forger.counts().refused < 2 {
        assert!(begun.elapsed() < PATIENCE, "{:?}", forger.counts());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(forger.is_connected());
}

#[tokio::test]
async fn the_largest_publish_arrives_and_one_that_would_cut_the_client_off_is_refused_before_it_is_sent() {
    let large = 70_000;
    for limit in [65_536, 80_000] {
        let mut plan = plan();
        plan.config.limits.frame = limit;
        let house = plan.start(Kind::Own);
        let page = manager(&house, user("user:default/mia", &[])).frontend();
        let (tell, mut heard) = unbounded_channel();
        page.subscribe("catalog", move |data: Value| drop(tell.send(data)), None).expect("there is room");
        until_subscribed(&house, 1).await;
        let mut manager = manager(&house, service("catalog"));
        if limit > large {
            manager = manager.with_options(ClientOptions { max_publish: limit, ..ClientOptions::default() });
        }
        let catalog = manager.for_plugin("catalog").get_client();
        catalog.connect().await.expect("a thread");
        let published = catalog.publish("x".repeat(large), EventParams::default());
        assert_eq!(published.is_ok(), limit > large, "{published:?}");
        // The frame around the data, and the data to the last byte of the bound.
        let frame = r#"{"command":"publish","pluginId":"catalog","data":""}"#;
        catalog.publish("y".repeat(limit - frame.len()), EventParams::default()).expect("it is in the bound");
        catalog.publish("last", EventParams::default()).expect("it is kept");
        if limit > large {
            assert_eq!(next(&mut heard).await, "x".repeat(large));
        }
        assert_eq!(next(&mut heard).await, "y".repeat(limit - frame.len()));
        assert_eq!(next(&mut heard).await, "last");
    }
}

#[tokio::test]
async fn what_a_plugin_publishes_to_be_kept_reaches_who_subscribes_later() {
    let mut plan = plan();
    plan.config.backstage.keep = Duration::from_secs(600);
    let house = plan.start(Kind::Own);
    let catalog = manager(&house, service("catalog")).for_plugin("catalog").get_client();
    catalog.connect().await.expect("a thread");
    catalog.publish(1, EventParams::default()).expect("it is queued");
    catalog.publish_kept(2, targeted("t", &["user:default/mia"])).expect("it is queued");
    // The socket has taken them, and the commands of a connection are done in their order.
    catalog.flush().await.expect("it is connected");
    catalog.subscribe("catalog", |_: Value| {}, "behind").expect("there is room");
    until_subscribed(&house, 1).await;
    let page = manager(&house, user("user:default/mia", &[])).frontend();
    let (tell, mut heard) = unbounded_channel();
    page.subscribe("catalog", move |data: Value| drop(tell.send(data)), "t").expect("there is room");
    assert_eq!(next(&mut heard).await, 2);
    assert_eq!(catalog.counts().refused, 0);
}

async fn account(asking: impl Future<Output = Result<Account, Error>>) -> Account {
    timeout(PATIENCE, asking).await.expect("it comes in time").expect("an account")
}

#[tokio::test]
async fn who_asks_is_told_what_became_of_an_event() {
    let house = plan().start(Kind::Own);
    let page = manager(&house, user("user:default/mia", &[])).frontend();
    page.subscribe("catalog", |_: Value| {}, "t").expect("there is room");
    until_subscribed(&house, 1).await;
    let catalog = manager(&house, service("catalog")).for_plugin("catalog").get_client();
    // It is kept until the client is connected.
    let early = catalog.publish_with_account(1, EventParams { topic: Some("t".into()), entity_refs: None });
    catalog.connect().await.expect("a thread");
    let told = account(early).await;
    assert_eq!(told, Account { matched: 1, delivered: 1, ..Account::default() });
    let told = account(catalog.publish_with_account(2, targeted("t", &["user:default/joe"]))).await;
    assert_eq!(told, Account { matched: 1, not_permitted: 1, ..Account::default() });
    let told = account(catalog.publish_with_account(3, targeted("t", &[]))).await;
    assert_eq!(told, Account::default(), "it is not sent");
    let left = catalog.publish_with_account(4, EventParams { topic: Some("u".into()), entity_refs: None });
    assert_eq!(account(left).await, Account { matched: 1, filtered: 1, ..Account::default() });
    let wrong = catalog.publish_with_account(5, EventParams { topic: Some(String::new()), entity_refs: None }).await;
    assert!(matches!(wrong, Err(Error::Empty("topic"))), "{wrong:?}");
    catalog.disconnect().await;
    let removed = catalog.publish_with_account(6, EventParams::default());
    catalog.disconnect().await;
    assert!(matches!(removed.await, Err(Error::Lost(1))));
}

#[tokio::test]
async fn a_refused_publish_tells_who_asked_for_its_account_why() {
    let house = plan().start(Kind::Own);
    let stranger = manager(&house, service("catalog")).for_plugin("myplugin").get_client();
    stranger.connect().await.expect("a thread");
    let refused = timeout(PATIENCE, stranger.publish_with_account(1, EventParams::default())).await;
    let refused = refused.expect("it comes in time").expect_err("another plugin's token");
    assert!(matches!(refused, Error::Refused { code: 103, .. }), "{refused}");
    assert_eq!(stranger.counts().refused, 2, "the registration, and the publish");
}

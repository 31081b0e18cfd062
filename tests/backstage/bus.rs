//! The events bus: each event once per subscription, over HTTP as plugins poll it.
use super::house::{House, Kind, api, both, page, plan, until_subscribed};
use super::tokens::{legacy, service, user};
use crate::engineio::house::Plan;
use crate::harness::events_bus::Plugin;
use crate::harness::http;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub fn with_bus() -> Plan {
    let mut plan = plan();
    plan.config.backstage.bus = true;
    plan
}

pub async fn metrics(house: &House) -> String {
    let address = house.address;
    let text = tokio::task::spawn_blocking(move || http::get(address, "/metrics").expect("an answer"));
    text.await.expect("it does not panic").body
}

/// Waits until a line is in the metrics.
async fn until_counted(house: &House, line: &str) {
    let begun = Instant::now();
    while !metrics(house).await.lines().any(|counted| counted == line) {
        assert!(begun.elapsed().as_secs() < 20, "never {line}:\n{}", metrics(house).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_plugin_subscribes_publishes_and_polls() {
    both(with_bus, async |house: House| {
        let catalog = Plugin::at(house.address, service("catalog"));
        assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
        assert_eq!(catalog.post("t", json!({"n": 1}), &[]).await, 201);
        let answer = catalog.poll("catalog.a").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json().await, json!({"events": [{"topic": "t", "payload": {"n": 1}}]}));
        let mut waiting = catalog.poll("catalog.a").await;
        assert_eq!((waiting.status, waiting.header("backstage-events-notify-timeout")), (202, Some("55000")));
        assert!(waiting.stays_open().await);
        // What is for others is no news.
        assert_eq!(catalog.post("other", json!(2), &[]).await, 204);
        assert!(waiting.stays_open().await);
        assert_eq!(catalog.post("t", Value::Null, &[]).await, 201);
        waiting.ends_empty().await;
        assert_eq!(catalog.takes("catalog.a").await, [Value::Null]);
    })
    .await;
}

#[tokio::test]
async fn instances_share_a_subscription_and_subscriptions_share_nothing() {
    both(with_bus, async |house: House| {
        let (catalog, scaffolder) =
            (Plugin::at(house.address, service("catalog")), Plugin::at(house.address, service("scaffolder")));
        assert_eq!(catalog.put("catalog.a", &["t", "u"]).await, 201);
        assert_eq!(scaffolder.put("scaffolder.a", &["t"]).await, 201);
        for n in 0..25 {
            assert_eq!(scaffolder.post("t", json!(n), &[]).await, 201);
        }
        let mut taken = vec![];
        for most in [10, 10, 5] {
            let events = catalog.takes("catalog.a").await;
            assert_eq!(events.len(), most);
            taken.extend(events);
        }
        assert_eq!(taken, (0..25).map(|n| json!(n)).collect::<Vec<_>>());
        assert_eq!(scaffolder.takes("scaffolder.a").await.len(), 10);
        // Two instances wait at once: both are told, and one of them gets the event.
        let (one, other) = (catalog.poll("catalog.a").await, catalog.poll("catalog.a").await);
        assert_eq!(scaffolder.post("u", json!("shared"), &[]).await, 201);
        one.ends_empty().await;
        other.ends_empty().await;
        assert_eq!(catalog.takes("catalog.a").await, [json!("shared")]);
        assert_eq!(catalog.poll("catalog.a").await.status, 202);
    })
    .await;
}

#[tokio::test]
async fn who_has_been_told_by_its_own_process_is_not_told_again() {
    let house = with_bus().start(Kind::Own);
    let catalog = Plugin::at(house.address, service("catalog"));
    assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
    assert_eq!(catalog.post("t", json!(1), &["catalog.a"]).await, 204);
    assert_eq!(catalog.put("catalog.b", &["t"]).await, 201);
    assert_eq!(catalog.post("t", json!(2), &["catalog.a"]).await, 201);
    assert_eq!(catalog.post("t", json!(3), &[]).await, 201);
    assert_eq!(catalog.takes("catalog.a").await, [json!(3)]);
    assert_eq!(catalog.takes("catalog.b").await, [json!(2), json!(3)]);
}

#[tokio::test]
async fn a_poll_without_news_ends_empty_after_its_time() {
    let mut plan = with_bus();
    plan.config.backstage.bus_timeout = Duration::from_millis(300);
    let house = plan.start(Kind::Own);
    let catalog = Plugin::at(house.address, service("catalog"));
    catalog.put("catalog.a", &["t"]).await;
    let begun = Instant::now();
    let waiting = catalog.poll("catalog.a").await;
    assert_eq!(waiting.header("backstage-events-notify-timeout"), Some("300"));
    waiting.ends_empty().await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn an_older_backend_may_use_the_subscriptions_of_all_plugins() {
    let house = with_bus().start(Kind::Own);
    let older = Plugin::at(house.address, legacy());
    assert_eq!(older.put("search.a", &["t"]).await, 201);
    assert_eq!(older.post("t", json!(1), &[]).await, 201);
    assert_eq!(older.takes("search.a").await, [json!(1)]);
    assert_eq!(older.put("without a plugin", &["t"]).await, 400, "a space is no part of a request's head");
    assert_eq!(older.put("without-a-plugin", &["t"]).await, 403);
}

#[tokio::test]
async fn bounds_hold_and_are_counted() {
    let mut plan = with_bus();
    let backstage = &mut plan.config.backstage;
    (backstage.bus_events, backstage.bus_subscriptions, backstage.bus_polls) = (3, 1, 1);
    let house = plan.start(Kind::Own);
    let catalog = Plugin::at(house.address, service("catalog"));
    assert_eq!(catalog.put("catalog.a", &["t"]).await, 201);
    assert_eq!(catalog.put("catalog.b", &["t"]).await, 503);
    for n in 0..5 {
        assert_eq!(catalog.post("t", json!(n), &[]).await, 201);
    }
    assert_eq!(catalog.takes("catalog.a").await, [json!(2), json!(3), json!(4)]);
    let waiting = catalog.poll("catalog.a").await;
    let more = catalog.poll("catalog.a").await;
    assert_eq!(more.status, 503);
    assert_eq!(more.json().await["error"]["name"], "ServiceUnavailableError");
    for line in [
        "callboard_events_bus_total{reason=\"kept\"} 5",
        "callboard_events_bus_total{reason=\"dropped\"} 2",
        "callboard_events_bus_total{reason=\"delivered\"} 3",
        "callboard_events_bus_polls 1",
        "callboard_limits_reached_total{limit=\"backstage.bus_polls\"} 1",
        "callboard_limits_reached_total{limit=\"backstage.bus_subscriptions\"} 1",
        "callboard_stored{limit=\"backstage.bus_events\"} 3",
        "callboard_stored{limit=\"backstage.bus_subscriptions\"} 1",
    ] {
        until_counted(&house, line).await;
    }
    // Who leaves gives the place back.
    drop(waiting);
    until_counted(&house, "callboard_events_bus_polls 0").await;
    assert_eq!(catalog.poll("catalog.a").await.status, 202);
}

#[tokio::test]
async fn an_event_waits_for_who_comes_back_after_a_poll_was_cut() {
    both(with_bus, async |house: House| {
        let catalog = Plugin::at(house.address, service("catalog"));
        catalog.put("catalog.a", &["t"]).await;
        drop(catalog.poll("catalog.a").await);
        assert_eq!(catalog.post("t", json!(1), &[]).await, 201);
        assert_eq!(catalog.takes("catalog.a").await, [json!(1)]);
    })
    .await;
}

#[tokio::test]
async fn a_stop_ends_the_polls_that_wait() {
    let mut house = with_bus().start(Kind::Mounted);
    let catalog = Plugin::at(house.address, service("catalog"));
    catalog.put("catalog.a", &["t"]).await;
    let waiting = catalog.poll("catalog.a").await;
    house.begin_to_stop();
    waiting.ends_empty().await;
}

#[tokio::test]
async fn an_event_on_the_topic_signals_is_sent_as_a_signal() {
    both(with_bus, async |house: House| {
        let mut mia = page(&house, &user("user:default/mia", &["group:default/a"])).await;
        let mut joe = page(&house, &user("user:default/joe", &[])).await;
        for page in [&mut mia, &mut joe] {
            page.say(json!({"action": "subscribe", "channel": "c"})).await;
        }
        until_subscribed(&house, 2).await;
        let catalog = Plugin::at(house.address, service("catalog"));
        let signal = |recipients: Value, n: u32| json!({"recipients": recipients, "channel": "c", "message": {"n": n}});
        let to_a = json!({"type": "user", "entityRef": "group:default/a"});
        assert_eq!(catalog.post("signals", signal(to_a, 1), &[]).await, 201);
        // Junk is nobody's, and stops nothing.
        for junk in [json!(null), json!({"channel": "c", "message": 1}), signal(json!({"type": "all"}), 2)] {
            assert_eq!(catalog.post("signals", junk, &[]).await, 204);
        }
        assert_eq!(catalog.post("signals", signal(json!({"type": "broadcast"}), 3), &[]).await, 201);
        let told = |n: u32| json!({"channel": "c", "message": {"n": n}});
        assert_eq!([mia.hears().await, mia.hears().await], [told(1), told(3)]);
        assert_eq!(joe.hears().await, told(3));
        // Subscribers of the topic get all of it, as of any other.
        assert_eq!(catalog.put("catalog.signals", &["signals"]).await, 201);
        assert_eq!(catalog.post("signals", json!("junk"), &[]).await, 201);
        assert_eq!(catalog.takes("catalog.signals").await, [json!("junk")]);
        let counted = metrics(&house).await;
        assert!(counted.contains("callboard_events_bus_total{reason=\"signal\"} 2"), "{counted}");
        assert!(counted.contains("callboard_events_bus_total{reason=\"bad_signal\"} 4"), "{counted}");
    })
    .await;
}

#[tokio::test]
async fn without_signals_the_topic_is_one_of_many() {
    let mut plan = with_bus();
    plan.config.backstage.signals = false;
    let house = plan.start(Kind::Own);
    let catalog = Plugin::at(house.address, service("catalog"));
    assert_eq!(catalog.post("signals", json!({}), &[]).await, 204);
    assert!(!metrics(&house).await.contains("bad_signal"));
    assert!(api(&house, "info", json!({})).await["error"].is_null());
}

//! The events bus on two nodes of one Redis: instances poll whichever they reach.
use super::backstage::{SERVICES, USERS, hears, on_backstage, open, say, subscriptions, token};
use super::house::nodes_with;
use crate::harness::Broker;
use crate::harness::events_bus::{Answer, Plugin};
use crate::harness::redis::Redis;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long what is awaited may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn catalog(node: &Broker) -> Plugin {
    Plugin::at(node.address(), token("plugin", SERVICES, "catalog", &[]))
}

/// Waits until so many polls wait on a node.
fn until_waiting(node: &Broker, polls: f64) {
    node.until(|node| node.metric("callboard_events_bus_polls"), |count| *count == polls);
}

/// Takes events by turns on these nodes, until nothing is left.
pub async fn take_all(plugins: &[&Plugin], id: &str) -> Vec<u64> {
    let mut all = vec![];
    for plugin in plugins.iter().cycle() {
        let answer = plugin.poll(id).await;
        if answer.status == 202 {
            return all;
        }
        let events = answer.json().await["events"].take();
        all.extend(events.as_array().expect("events").iter().map(|event| event["payload"].as_u64().expect("a number")));
    }
    all
}

#[tokio::test]
async fn instances_on_different_nodes_share_a_subscription_and_news_wakes_all_of_them() {
    let redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let [one, other] = [catalog(&nodes[0]), catalog(&nodes[1])];
    assert_eq!(one.put("catalog.a", &["t"]).await, 201);
    assert_eq!(other.put("catalog.a", &["t"]).await, 201);
    assert_eq!(other.put("catalog.b", &["t"]).await, 201);
    let waiting: [Answer; 3] =
        [one.poll("catalog.a").await, other.poll("catalog.a").await, one.poll("catalog.b").await];
    assert_eq!(other.post("t", json!(0), &["catalog.c"]).await, 201);
    for poll in waiting {
        poll.ends_empty().await;
    }
    for n in 1..40 {
        assert_eq!([&one, &other][n % 2].post("t", json!(n), &[]).await, 201);
    }
    let wanted: Vec<u64> = (0..40).collect();
    assert_eq!(take_all(&[&one, &other], "catalog.a").await, wanted);
    assert_eq!(take_all(&[&other], "catalog.b").await, wanted);
    assert_eq!(one.post("t", json!(40), &["catalog.a", "catalog.b"]).await, 204);
    assert_eq!(one.poll("catalog.d").await.status, 404);
}

#[tokio::test]
async fn nothing_is_lost_when_an_instance_or_a_node_dies_while_polls_wait() {
    let redis = Redis::start();
    let mut nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let survivor = nodes.remove(1);
    let [doomed, other] = [catalog(&nodes[0]), catalog(&survivor)];
    assert_eq!(doomed.put("catalog.a", &["t"]).await, 201);
    // An instance dies: what comes then is for the others.
    drop(doomed.poll("catalog.a").await);
    assert_eq!(other.post("t", json!(0), &[]).await, 201);
    assert_eq!(take_all(&[&other], "catalog.a").await, [0]);
    // A node dies under polls that wait, between two events.
    let polls = [doomed.poll("catalog.a").await, doomed.poll("catalog.a").await];
    until_waiting(&nodes[0], 2.0);
    nodes.remove(0).signal(rustix::process::Signal::KILL);
    let mut sent = 1;
    while sent < 100 {
        assert_eq!(other.post("t", json!(sent), &[]).await, 201);
        sent += 1;
    }
    drop(polls);
    assert_eq!(take_all(&[&other], "catalog.a").await, (1..100).collect::<Vec<u64>>());
}

#[tokio::test]
async fn each_event_is_handed_out_once_under_readers_and_publishers_on_both_nodes() {
    let redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let [one, other] = [catalog(&nodes[0]), catalog(&nodes[1])];
    one.put("catalog.a", &["t"]).await;
    let publish = async |plugin: &Plugin, from: u64| {
        for n in from..from + 100 {
            assert_eq!(plugin.post("t", json!(n), &[]).await, 201);
        }
    };
    let heard = std::cell::RefCell::new(BTreeMap::<u64, u32>::new());
    let read = async |plugin: &Plugin| {
        loop {
            let answer = plugin.poll("catalog.a").await;
            if answer.status == 202 {
                answer.ends_empty().await;
                continue;
            }
            for event in answer.json().await["events"].as_array().expect("events") {
                *heard.borrow_mut().entry(event["payload"].as_u64().expect("a number")).or_default() += 1;
            }
        }
    };
    let all = async {
        tokio::join!(publish(&one, 0), publish(&other, 100));
        let begun = Instant::now();
        while heard.borrow().len() < 200 {
            assert!(begun.elapsed() < PATIENCE, "{} events came", heard.borrow().len());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        () = all => {}
        _ = async { tokio::join!(read(&one), read(&other), read(&one)) } => {}
    }
    assert!(heard.borrow().values().all(|count| *count == 1), "{heard:?}");
}

#[tokio::test]
async fn a_redis_that_was_away_keeps_no_poll_waiting() {
    let mut redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 1);
    let plugin = catalog(&nodes[0]);
    plugin.put("catalog.a", &["t"]).await;
    let waiting = plugin.poll("catalog.a").await;
    redis.kill();
    assert_eq!(plugin.post("t", json!(1), &[]).await, 503);
    redis.start_again();
    waiting.ends_empty().await;
    let begun = Instant::now();
    let mut answered = plugin.poll("catalog.a").await.status;
    while answered == 503 {
        assert!(begun.elapsed() < PATIENCE, "it never comes back");
        answered = plugin.poll("catalog.a").await.status;
    }
    // It has started empty: clients subscribe again.
    assert_eq!(answered, 404);
    assert_eq!(plugin.put("catalog.a", &["t"]).await, 201);
    assert_eq!(plugin.post("t", json!(2), &[]).await, 201);
    assert_eq!(plugin.takes("catalog.a").await, [json!(2)]);
}

#[tokio::test]
async fn a_signal_that_is_published_on_one_node_reaches_pages_of_the_other_once() {
    let redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let mia = token("user", USERS, "user:default/mia", &[]);
    let mut page = open(&nodes[0], "/api/signals", &mia).await;
    say(&mut page, json!({"action": "subscribe", "channel": "c"})).await;
    nodes[0].until(subscriptions, |count| *count == 1);
    let plugin = catalog(&nodes[1]);
    for n in 1..=2 {
        let signal = json!({"recipients": {"type": "broadcast"}, "channel": "c", "message": n});
        assert_eq!(plugin.post("signals", signal, &[]).await, 201);
    }
    assert_eq!([hears(&mut page).await["message"].clone(), hears(&mut page).await["message"].clone()], [1, 2]);
}

//! What panics takes down nothing else, and leaves nothing behind.
use super::house::{House, Plan, pass, rest, story};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const PRESENT: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'\npresence = true";

async fn break_channel(house: &House, channel: &str) {
    house.engine.breaks.store(true, SeqCst);
    let refused = house.publish(channel, 1).await.expect_err("its channel died");
    assert_eq!(refused.code, 100);
    rest().await;
}

#[test]
fn the_listeners_of_a_channel_that_dies_are_told_to_come_back_and_find_a_new_one() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        client.forget();
        break_channel(&house, "news").await;
        let heard = client.heard().await;
        assert_eq!(heard, [r#"{"push":{"channel":"news","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#]);
        assert_eq!(house.metrics.channels.get(), 0);
        client.subscribe("news", "").await;
        house.publish("news", 2).await.unwrap();
        rest().await;
        assert_eq!(client.numbers(), [2]);
        assert_eq!(house.node.channels().occupied().await.unwrap().len(), 1);
    });
}

#[test]
fn a_client_that_cannot_be_told_to_come_back_is_closed() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        client.forget();
        client.lose_its_words();
        break_channel(&house, "news").await;
        assert_eq!(client.heard().await, ["close 3010"]);
    });
}

#[test]
fn a_server_side_listener_of_a_channel_that_dies_is_closed() {
    story(async {
        let mut plan = Plan::of(PRESENT);
        plan.personal_channel = true;
        let house = plan.build();
        let client = house.user("42").await;
        break_channel(&house, "#42").await;
        assert_eq!(client.heard().await, ["close 3010"]);
    });
}

#[test]
fn publishes_that_wait_in_a_channel_that_dies_have_an_unknown_outcome() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        client.forget();
        house.engine.breaks.store(true, SeqCst);
        for id in 3..6 {
            client.say(&format!(r#"{{"id":{id},"publish":{{"channel":"news","data":1}}}}"#));
        }
        let heard = client.heard().await;
        let failed = heard.iter().filter(|line| line.contains(r#""code":100"#) && line.contains("temporary")).count();
        assert_eq!(failed, 3, "{heard:?}");
    });
}

#[test]
fn a_join_under_way_in_a_channel_that_dies_does_not_hang() {
    story(async {
        let house =
            Plan::of(&format!("{PRESENT}\nhistory_size = 5\nhistory_ttl = '1m'\nforce_recovery = true")).build();
        let client = house.guest().await;
        house.engine.slow_histories.store(true, SeqCst);
        client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        rest().await;
        break_channel(&house, "news").await;
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":2,"error":{"code":100"#), "{heard:?}");
        house.engine.slow_histories.store(false, SeqCst);
        client.subscribe("news", "").await;
        house.publish("news", 2).await.unwrap();
        rest().await;
        assert_eq!(client.numbers(), [2]);
    });
}

#[test]
fn a_join_whose_channel_dies_before_its_client_has_the_answer_is_not_left_deaf() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let client = house.guest().await;
        for turns in 0..12 {
            client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            break_channel(&house, "news").await;
            let heard = client.heard().await;
            let told = heard.iter().any(|line| line.contains("2500") || line.contains(r#""code":100"#));
            assert!(told || house.metrics.listeners.get() == 1, "{turns}: {heard:?}");
            house.publish("news", 5).await.unwrap();
            let hears = client.heard().await.iter().any(|line| line.contains(r#""data":5"#));
            assert_ne!(told, hears, "{turns}: {heard:?}");
            client.ask(r#"{"id":9,"unsubscribe":{"channel":"news"}}"#).await;
            client.forget();
        }
    });
}

#[test]
fn everything_returns_to_nothing_when_all_have_left() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let mut clients = vec![];
        for user in 0..20 {
            let client = house.user(&format!("u{user}")).await;
            client.subscribe(&format!("news{}", user % 3), "").await;
            clients.push(client);
        }
        assert_eq!(house.gauges(), (20, 3, 20));
        assert_eq!(house.node.info().await.unwrap()[0].census.users, 20);
        break_channel(&house, "news1").await;
        clients.iter().for_each(super::house::Client::leave);
        pass(Duration::from_secs(2)).await;
        assert_eq!(house.gauges(), (0, 0, 0));
        let census = house.node.info().await.unwrap()[0].census;
        assert_eq!((census.clients, census.users, census.channels, census.subscriptions), (0, 0, 0, 0));
        for channel in ["news0", "news1", "news2"] {
            assert!(house.node.channels().presence(channel).await.unwrap().is_empty(), "{channel}");
        }
    });
}

#[test]
fn a_session_that_panics_leaves_hub_channel_presence_and_directory() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let (client, witness) = (house.guest().await, house.guest().await);
        client.subscribe("news", "").await;
        witness.subscribe("news", "").await;
        client.panic_at_the_next_word();
        client.say(r#"{"id":7,"presence":{"channel":"news"}}"#);
        rest().await;
        assert_eq!(house.gauges(), (1, 1, 1));
        assert_eq!(house.node.channels().presence("news").await.unwrap().len(), 1);
        assert_eq!(house.node.info().await.unwrap()[0].census.clients, 1);
        house.publish("news", 3).await.unwrap();
        rest().await;
        assert_eq!(witness.numbers(), [3]);
    });
}

#[test]
fn a_worker_stays_when_its_last_client_leaves() {
    story(async {
        let house = Plan::of(PRESENT).build();
        let House { node, worker, .. } = house;
        let before = worker.hub();
        drop(worker);
        rest().await;
        assert_eq!(callboard::broker::Worker::here(&node).hub(), before, "a hub would be lost with each last client");
    });
}

//! Publishing over a bus: the bus brings the event, and no channel is made for it where it is published.
use super::house::*;
use super::residents::{Resident, args, home};
use callboard::broker::{Emission, PublishRequest, Target};
use callboard::delivery::Instruct;
use callboard::types::{Audience, Disconnect, Group};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const NAMESPACES: &str = r#"
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 10
history_ttl = "1h"
"#;

fn on_a_bus() -> House {
    Plan { bus: true, ..Plan::of(NAMESPACES) }.build()
}

#[test]
fn a_publish_needs_no_channel_of_its_own_and_is_answered_and_counted() {
    story(async {
        let house = on_a_bus();
        let client = house.guest().await;
        let reply = client.ask(r#"{"id":3,"publish":{"channel":"kept:1","data":1}}"#).await;
        assert!(reply.contains(r#""publish":{}"#), "{reply}");
        let position = house.node.channels().publish("kept:1", PublishRequest::new(json("2"))).await.expect("accepted");
        assert_eq!(position.map(|position| position.offset), Some(2));
        rest().await;
        assert_eq!(house.gauges(), (1, 0, 0));
        let text = house.metrics.text().expect("the metrics");
        assert!(text.contains(r#"callboard_publishes_total{namespace="kept"} 2"#), "{text}");
    });
}

#[test]
fn a_repeated_publish_gets_the_first_answer_and_is_not_counted_again() {
    story(async {
        let house = on_a_bus();
        for _ in 0..2 {
            let request = PublishRequest { idempotency_key: Some("once".into()), ..PublishRequest::new(json("1")) };
            let position = house.node.channels().publish("kept:1", request).await.expect("accepted");
            assert_eq!(position.map(|position| position.offset), Some(1));
        }
        let text = house.metrics.text().expect("the metrics");
        assert!(text.contains(r#"callboard_publishes_total{namespace="kept"} 1"#), "{text}");
    });
}

#[test]
fn a_publish_into_no_namespace_is_refused_before_the_bus() {
    story(async {
        let house = on_a_bus();
        let refused =
            house.node.channels().publish("other:1", PublishRequest::new(json("1"))).await.expect_err("no namespace");
        assert_eq!(refused.code, 102);
    });
}

fn red() -> [Group; 1] {
    ["red".into()]
}

/// Emits a word to a room, over the bus.
fn emit(house: &House, word: &str) {
    let emission = Emission::new("said", args(&format!("[{word:?}]")), vec![]).expect("an array");
    drop(house.node.homes().emit(&home(), Emission { audience: Audience::of(red()), ..emission }));
}

fn regroup(house: &House, join: &[Group], leave: &[Group]) {
    let what = Instruct::Regroup { join: join.to_vec(), leave: leave.to_vec() };
    house.node.homes().instruct(&home(), Audience::EVERYONE, what);
}

#[test]
fn what_is_done_to_listeners_waits_until_what_was_emitted_before_has_come_back() {
    story(async {
        let house = on_a_bus();
        house.engine.slow_bus.store(true, SeqCst);
        let who = Resident::arrive(&house, false).await;
        rest().await;
        emit(&house, "too early");
        regroup(&house, &red(), &[]);
        emit(&house, "bye");
        regroup(&house, &[], &red());
        emit(&house, "too late");
        rest().await;
        while house.engine.bring_back() {}
        let heard = who.heard().await;
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(heard[0].contains("bye"), "{heard:?}");
    });
}

#[test]
fn what_waits_for_an_event_that_never_comes_back_is_done_in_time() {
    story(async {
        let house = on_a_bus();
        house.engine.slow_bus.store(true, SeqCst);
        let who = Resident::arrive(&house, false).await;
        rest().await;
        emit(&house, "lost");
        regroup(&house, &red(), &[]);
        rest().await;
        let groups = |house: &House| {
            let (node, id) = (house.node.clone(), callboard::types::SessionId::parse(&who.word("sid")).expect("an id"));
            tokio::task::spawn_local(async move { node.homes().groups(&home(), id).await })
        };
        let asked = groups(&house);
        pass(Duration::from_secs(1)).await;
        assert!(!asked.is_finished(), "it may still come back");
        pass(Duration::from_secs(2)).await;
        assert_eq!(asked.await.expect("it ends").len(), 2, "the room and its own");
        house.engine.sink().resumed();
        let asked = groups(&house);
        rest().await;
        assert!(asked.is_finished(), "what was on its way when the bus broke is lost");
    });
}

fn nobody() -> (Target, Disconnect) {
    (Target { user: "nobody".into(), ..Target::default() }, Disconnect { code: 4_000, reason: "bye".into() })
}

#[test]
fn a_question_to_other_nodes_ends_with_its_caller() {
    story(async {
        let house = on_a_bus();
        house.engine.others.lock().unwrap().push("mute".into());
        let node = house.node.clone();
        let asks = tokio::task::spawn_local(async move {
            let (target, reason) = nobody();
            node.everywhere().disconnect(target, reason).await
        });
        until("the others are asked", || house.node.everywhere().questions().len() == 1).await;
        asks.abort();
        let _ = asks.await;
        assert!(house.node.everywhere().questions().is_empty());
    });
}

#[test]
fn a_node_that_refuses_is_missing_at_once() {
    story(async {
        let house = on_a_bus();
        house.engine.others.lock().unwrap().extend(["old".to_owned(), "new".to_owned()]);
        let node = house.node.clone();
        let began = tokio::time::Instant::now();
        let asks = tokio::task::spawn_local(async move {
            let (target, reason) = nobody();
            node.everywhere().disconnect(target, reason).await
        });
        until("the others are asked", || house.node.everywhere().questions().len() == 1).await;
        house.engine.hears(r#"{"from":"old","number":0,"answer":"refused"}"#);
        house.engine.hears(r#"{"from":"new","number":0,"answer":{"done":3}}"#);
        let reached = asks.await.expect("it ends").expect("it was asked");
        assert_eq!((reached.value, reached.missing), (3, vec!["old".to_owned()]));
        assert_eq!(began.elapsed(), Duration::ZERO);
    });
}

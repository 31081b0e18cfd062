//! Publishing over a bus: the bus brings the event, and no channel is made for it where it is published.
use super::house::*;
use callboard::broker::PublishRequest;
use std::sync::atomic::Ordering::SeqCst;

const NAMESPACES: &str = r#"
[[namespace]]
name = "kept"
subscribe = "anyone"
publish = "anyone"
history_size = 10
history_ttl = "1h"
"#;

fn on_a_bus() -> House {
    let house = Plan::of(NAMESPACES).build();
    house.engine.has_bus.store(true, SeqCst);
    house
}

#[test]
fn a_publish_needs_no_channel_of_its_own_and_is_answered_and_counted() {
    story(async {
        let house = on_a_bus();
        let client = house.guest().await;
        let reply = client.ask(r#"{"id":3,"publish":{"channel":"kept:1","data":1}}"#).await;
        assert!(reply.contains(r#""publish":{}"#), "{reply}");
        let position = house.node.publish("kept:1", PublishRequest::new(json("2"))).await.expect("accepted");
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
            let position = house.node.publish("kept:1", request).await.expect("accepted");
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
        let refused = house.node.publish("other:1", PublishRequest::new(json("1"))).await.expect_err("no namespace");
        assert_eq!(refused.code, 102);
    });
}

//! A join: its reply first, then everything after its place, once and in order.
use super::house::{House, Plan, story};
use serde_json::Value;
use std::sync::atomic::Ordering::SeqCst;

const KEPT: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
history_size = 20
history_ttl = "5m"
force_recovery = true
join_leave = true
presence = true
allow_tags_filter = true
"#;

async fn published(house: &House, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        house.publish("news", number).await.expect("it is accepted");
    }
}

fn recover(epoch: &Value, offset: u64) -> String {
    format!(r#""recover":true,"offset":{offset},"epoch":{epoch}"#)
}

fn offsets(subscribed: &Value) -> Vec<u64> {
    let events = subscribed["publications"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["offset"].as_u64().unwrap()).collect()
}

#[test]
fn the_reply_comes_before_the_own_join_and_the_first_event() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.guest().await;
        client.say(r#"{"id":2,"subscribe":{"channel":"news","join_leave":true}}"#);
        client.say(r#"{"id":3,"publish":{"channel":"news","data":7}}"#);
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":2,"subscribe":"#), "{heard:?}");
        assert!(heard[1].contains(r#""join":"#), "{heard:?}");
        assert!(heard[2..].iter().any(|line| line.contains(r#""data":7"#)), "{heard:?}");
        assert!(heard[2..].iter().any(|line| line == r#"{"id":3,"publish":{}}"#), "{heard:?}");
    });
}

#[test]
fn what_is_published_while_the_history_is_read_follows_the_reply_once_and_in_order() {
    story(async {
        let house = Plan::of(KEPT).build();
        published(&house, 1..=3).await;
        let client = house.guest().await;
        house.engine.slow_histories.store(true, SeqCst);
        client.say(r#"{"id":2,"subscribe":{"channel":"news","recover":true}}"#);
        super::house::until("the history is asked for", || house.engine.held() == 1).await;
        published(&house, 4..=6).await;
        assert_eq!(client.heard().await, [] as [String; 0], "held back");
        house.engine.let_go(0);
        published(&house, 7..=8).await;
        super::house::rest().await;
        assert_eq!(client.numbers(), [4, 5, 6, 7, 8]);
        let reply: Value = serde_json::from_str(&client.said()[0]).unwrap();
        assert_eq!(offsets(&reply["subscribe"]), [1, 2, 3]);
        assert_eq!(reply["subscribe"]["recovered"], true);
    });
}

#[test]
fn more_than_can_be_held_back_is_told_with_the_position_after_it() {
    story(async {
        let mut plan = Plan::of(KEPT);
        plan.limits.join_buffer = 2;
        let house = plan.build();
        published(&house, 1..=3).await;
        let (other, client) = (house.guest().await, house.guest().await);
        other.subscribe("news", "").await;
        house.engine.slow_histories.store(true, SeqCst);
        client.say(r#"{"id":2,"subscribe":{"channel":"news","recover":true}}"#);
        super::house::until("the history is asked for", || house.engine.held() == 1).await;
        published(&house, 4..=8).await;
        // A leave, which has no position, comes last.
        other.leave();
        super::house::rest().await;
        house.engine.let_go(0);
        super::house::rest().await;
        published(&house, 9..=9).await;
        super::house::rest().await;
        let reply: Value = serde_json::from_str(&client.said()[0]).unwrap();
        let subscribed = &reply["subscribe"];
        assert_eq!((&subscribed["recovered"], &subscribed["was_recovering"]), (&Value::Null, &Value::Bool(true)));
        assert_eq!(subscribed["offset"], 8, "{subscribed}");
        assert_eq!(client.numbers(), [9]);
    });
}

#[test]
fn a_client_that_comes_back_gets_exactly_what_it_missed() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.guest().await;
        let epoch = client.subscribe("news", "").await["epoch"].clone();
        published(&house, 1..=5).await;
        let back = house.guest().await;
        let subscribed = back.subscribe("news", &recover(&epoch, 2)).await;
        assert_eq!(offsets(&subscribed), [3, 4, 5]);
        assert_eq!((&subscribed["recovered"], &subscribed["offset"]), (&Value::Bool(true), &Value::from(2)));
    });
}

#[test]
fn what_cannot_be_recovered_is_told_and_the_position_is_the_top() {
    story(async {
        let mut plan = Plan::of(KEPT);
        (plan.limits.recover_max, plan.limits.recover_bytes) = (10, 12);
        let house = plan.build();
        let epoch = house.guest().await.subscribe("news", "").await["epoch"].clone();
        published(&house, 1..=30).await;
        let cases = [
            ("too many events", epoch.clone(), 15),
            ("too many bytes", epoch.clone(), 21),
            ("no longer kept", epoch.clone(), 3),
            ("ahead of the top", epoch.clone(), 31),
            ("another epoch", Value::from("other"), 29),
            ("an offset without an epoch", Value::from(""), 29),
        ];
        for (why, epoch, offset) in cases {
            let subscribed = house.guest().await.subscribe("news", &recover(&epoch, offset)).await;
            assert_eq!((subscribed["recovered"].clone(), offsets(&subscribed)), (Value::Null, vec![]), "{why}");
            assert_eq!((&subscribed["was_recovering"], &subscribed["offset"]), (&true.into(), &30.into()), "{why}");
        }
        let subscribed = house.guest().await.subscribe("news", &recover(&epoch, 25)).await;
        assert_eq!(offsets(&subscribed), [26, 27, 28, 29, 30], "ten bytes fit");
    });
}

#[test]
fn who_rejects_an_unrecovered_start_is_refused_and_may_subscribe_again_at_once() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.guest().await;
        client.say(r#"{"id":2,"subscribe":{"channel":"news","recover":true,"epoch":"other","offset":4,"flag":2}}"#);
        client.say(r#"{"id":3,"subscribe":{"channel":"news"}}"#);
        let heard = client.heard().await;
        assert!(heard[0].contains(r#""code":112"#) && heard[1].starts_with(r#"{"id":3,"subscribe""#), "{heard:?}");
        assert_eq!(house.metrics.listeners.get(), 1);
    });
}

#[test]
fn a_tags_filter_holds_for_recovered_and_live_events_alike() {
    story(async {
        let house = Plan::of(KEPT).build();
        let tagged = async |number: u64| {
            let tags = [("parity".to_owned(), ["even", "odd"][number as usize % 2].to_owned())].into();
            let data = super::house::json(&number.to_string());
            let request =
                callboard::broker::PublishRequest { tags: Some(tags), ..callboard::broker::PublishRequest::new(data) };
            house.node.channels().publish("news", request).await.expect("it is accepted");
        };
        for number in 1..=4 {
            tagged(number).await;
        }
        let client = house.guest().await;
        let filter = r#""recover":true,"tf":{"key":"parity","cmp":"eq","val":"odd"}"#;
        let subscribed = client.subscribe("news", filter).await;
        assert_eq!((offsets(&subscribed), &subscribed["recovered"]), (vec![1, 3], &true.into()));
        for number in 5..=8 {
            tagged(number).await;
        }
        super::house::rest().await;
        assert_eq!(client.numbers(), [5, 7]);
    });
}

#[test]
fn outcomes_that_come_in_any_order_are_delivered_and_answered_in_the_order_of_the_publishes() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        client.forget();
        house.engine.slow_publishes.store(true, SeqCst);
        for id in 10..16 {
            client.say(&format!(r#"{{"id":{id},"publish":{{"channel":"news","data":{id}}}}}"#));
        }
        super::house::until("all are on their way", || house.engine.held() == 6).await;
        for nth in [0, 5, 2, 4, 1, 3] {
            house.engine.let_go(nth);
            super::house::rest().await;
        }
        assert_eq!(client.numbers(), [10, 11, 12, 13, 14, 15]);
        let answers: Vec<String> = client.said().into_iter().filter(|line| line.starts_with(r#"{"id""#)).collect();
        assert_eq!(answers, (10..16).map(|id| format!(r#"{{"id":{id},"publish":{{}}}}"#)).collect::<Vec<_>>());
    });
}

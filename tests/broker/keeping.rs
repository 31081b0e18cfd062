//! Events that are kept on request, and brought once to each user who subscribes while they are kept.
use super::house::*;
use callboard::broker::{Namespace, PublishRequest, Rule};
use callboard::engine::{Claim, Engine, Retention};
use callboard::types::{Answer, ChannelName, Event, Position, ReplyError};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const RETENTION: Retention = Retention { size: 10, ttl: HOUR, meta_ttl: HOUR };
const CHANNEL: &str = "kept:a";

fn plan() -> Plan {
    let kept = Namespace {
        name: "kept".into(),
        subscribe: Rule::Anyone,
        history_size: RETENTION.size,
        history_ttl: RETENTION.ttl,
        history_meta_ttl: RETENTION.meta_ttl,
        history_for: Rule::Anyone,
        has_groups: true,
        keeps_on_request: true,
        ..Namespace::default()
    };
    Plan { more: vec![kept], ..Plan::of("[[namespace]]\nname = ''\nsubscribe = 'anyone'") }
}

fn channel() -> ChannelName {
    ChannelName::user(CHANNEL, 255).expect("a name")
}

fn event(number: u64) -> Event {
    let data = json(&number.to_string());
    Event { channel: channel(), data, tags: None, publisher: None, position: None, envelope: None }
}

async fn keep(house: &House, channel: &str, number: u64) -> Result<Option<Position>, ReplyError> {
    let request = PublishRequest { keep: true, ..PublishRequest::new(json(&number.to_string())) };
    house.node.channels().publish(channel, request).await
}

/// A user who has subscribed, and what was brought.
async fn subscribed(house: &House, user: &str) -> (Client, Vec<u64>) {
    let client = house.user(user).await;
    client.subscribe(CHANNEL, "").await;
    rest().await;
    let kept = brought(&client);
    (client, kept)
}

fn brought(client: &Client) -> Vec<u64> {
    let said = client.said();
    said.iter().filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).collect()
}

/// A client of a user whose subscribe waits for the history.
async fn joining(house: &House, user: &str) -> Client {
    let client = house.user(user).await;
    house.engine.slow_histories.store(true, SeqCst);
    client.say(&format!(r#"{{"id":2,"subscribe":{{"channel":"{CHANNEL}"}}}}"#));
    until("the history is asked for", || house.engine.held() > 0).await;
    rest().await;
    client
}

#[test]
fn only_what_asks_for_it_is_kept_and_has_a_position() {
    story(async {
        let house = plan().build();
        assert_eq!(house.publish(CHANNEL, 1).await, Ok(None));
        assert_eq!(keep(&house, CHANNEL, 2).await.expect("it is kept").map(|position| position.offset), Some(1));
        let (mia, kept) = subscribed(&house, "mia").await;
        assert_eq!(kept, [2]);
        assert!(!mia.said()[0].contains("position") && !mia.said()[0].contains("recover"), "{:?}", mia.said());
        assert_eq!(subscribed(&house, "mia").await.1, Vec::<u64>::new());
        assert_eq!(subscribed(&house, "joe").await.1, [2]);
    });
}

#[test]
fn where_nothing_is_kept_on_request_asking_for_it_is_an_error() {
    story(async {
        let house = plan().build();
        let error = keep(&house, "news", 1).await.expect_err("nothing is kept there");
        assert!(error.code == 108 && error.message.contains("backstage.keep"), "{error}");
    });
}

#[test]
fn what_comes_over_the_bus_and_is_brought_is_heard_once() {
    story(async {
        let house = plan().build();
        house.engine.has_bus.store(true, SeqCst);
        let first = house.engine.keep(event(1), RETENTION);
        let mia = joining(&house, "mia").await;
        house.engine.sink().event(first, None);
        let second = house.engine.keep(event(2), RETENTION);
        house.engine.sink().event(event(10), None);
        house.engine.sink().event(second, None);
        rest().await;
        house.engine.slow_histories.store(false, SeqCst);
        house.engine.let_go(0);
        rest().await;
        assert_eq!(brought(&mia), [1], "it was kept when the join began");
        assert_eq!(mia.numbers(), [10, 2]);
        assert_eq!(subscribed(&house, "mia").await.1, Vec::<u64>::new(), "she has both");
        assert_eq!(subscribed(&house, "joe").await.1, [1, 2]);
    });
}

#[test]
fn what_is_on_its_way_is_heard_live_where_the_user_has_it_already() {
    story(async {
        let house = plan().build();
        house.engine.has_bus.store(true, SeqCst);
        let first = house.engine.keep(event(1), RETENTION);
        let position = first.position.clone().expect("it is kept");
        let mia = joining(&house, "mia").await;
        house.engine.sink().event(first, None);
        // Another node has delivered it to another connection of hers.
        let claim =
            Claim { epoch: position.epoch, offsets: vec![position.offset], claimants: vec!["mia".into()], ttl: HOUR };
        assert!(matches!(house.engine.claim(&channel(), claim), Answer::Ready(Ok(claimed)) if claimed.new == [1]));
        rest().await;
        house.engine.let_go(0);
        rest().await;
        assert_eq!((brought(&mia), mia.numbers()), (vec![], vec![1]));
    });
}

#[test]
fn what_was_held_back_while_a_listener_joined_counts_as_got() {
    story(async {
        let house = plan().build();
        let mia = joining(&house, "mia").await;
        keep(&house, CHANNEL, 1).await.expect("it is kept");
        rest().await;
        house.engine.slow_histories.store(false, SeqCst);
        house.engine.let_go(0);
        rest().await;
        assert_eq!((brought(&mia), mia.numbers()), (vec![], vec![1]));
        assert_eq!(subscribed(&house, "mia").await.1, Vec::<u64>::new());
    });
}

#[test]
fn an_engine_that_does_not_answer_leaves_the_subscription_standing_without_what_is_kept() {
    story(async {
        let house = plan().build();
        keep(&house, CHANNEL, 1).await.expect("it is kept");
        house.engine.forgets_histories.store(true, SeqCst);
        let (mia, kept) = subscribed(&house, "mia").await;
        assert!(kept.is_empty());
        house.engine.forgets_histories.store(false, SeqCst);
        house.engine.forgets_claims.store(true, SeqCst);
        let (joe, kept) = subscribed(&house, "joe").await;
        assert!(kept.is_empty(), "it might be brought twice");
        keep(&house, CHANNEL, 2).await.expect("it is kept");
        rest().await;
        assert_eq!((mia.numbers(), joe.numbers()), (vec![2], vec![2]));
        let text = house.metrics.text().expect("the metrics");
        assert!(text.contains(r#"callboard_drops_total{reason="kept_unknown"} 3"#), "{text}");
        house.engine.forgets_claims.store(false, SeqCst);
        assert_eq!(subscribed(&house, "sam").await.1, [1, 2]);
    });
}

#[test]
fn a_session_that_is_nobodys_stands_for_itself() {
    story(async {
        let house = plan().build();
        keep(&house, CHANNEL, 1).await.expect("it is kept");
        for _ in 0..2 {
            let guest = house.guest().await;
            guest.subscribe(CHANNEL, "").await;
            rest().await;
            assert_eq!(brought(&guest), [1]);
            guest.ask(&format!(r#"{{"id":3,"unsubscribe":{{"channel":"{CHANNEL}"}}}}"#)).await;
            guest.forget();
            guest.subscribe(CHANNEL, "").await;
            rest().await;
            assert!(brought(&guest).is_empty());
        }
    });
}

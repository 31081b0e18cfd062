//! What the server orders sessions to do.
use super::house::{Plan, json, rest, story};
use callboard::auth::ConnectionToken;
use callboard::broker::Target;
use callboard::delivery::{SessionOrder, SubscribeOptions};
use callboard::types::Disconnect;
use std::sync::atomic::Ordering::SeqCst;

const KEPT: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
history_size = 10
history_ttl = "5m"
force_recovery = true
"#;

fn target() -> Target {
    Target { user: "42".into(), ..Target::default() }
}

#[test]
fn a_token_and_the_personal_channel_subscribe_from_the_start() {
    story(async {
        let house = Plan { personal_channel: true, ..Plan::of(KEPT) }.build();
        let channels = vec!["news".to_owned(), "#42".to_owned()];
        let token = ConnectionToken { user: "42".into(), channels, ..Default::default() };
        let client = house.visitor();
        let reply = client.connect(&house.issuer.issue_connection(&token).unwrap()).await;
        let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
        let subs = reply["connect"]["subs"].as_object().unwrap();
        assert_eq!(subs.keys().collect::<Vec<_>>(), ["#42", "news"]);
        assert_eq!(subs["news"]["positioned"], true);
        house.publish("#42", 1).await.unwrap();
        house.publish("news", 2).await.unwrap();
        rest().await;
        assert_eq!(client.numbers(), [1, 2]);
    });
}

#[test]
fn the_server_subscribes_with_a_push_before_the_first_event() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.user("42").await;
        house.publish("news", 1).await.unwrap();
        let options = SubscribeOptions { data: Some(json(r#"{"a":1}"#)), ..SubscribeOptions::default() };
        assert_eq!(house.node.sessions().subscribe(target(), "news", options).await, Ok(1));
        rest().await;
        house.publish("news", 2).await.unwrap();
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"push":{"channel":"news","subscribe":{"recoverable":true,"#), "{heard:?}");
        assert!(heard[0].contains(r#""data":{"a":1}"#) && heard[0].contains(r#""offset":1"#), "{heard:?}");
        assert!(heard[1].contains(r#""data":2"#), "{heard:?}");
        assert_eq!(
            house.node.sessions().subscribe(target(), "unknown:1", SubscribeOptions::default()).await.unwrap_err().code,
            102
        );
        let nobody = Target { user: "43".into(), ..Target::default() };
        assert_eq!(house.node.sessions().subscribe(nobody, "news", SubscribeOptions::default()).await, Ok(0));
    });
}

#[test]
fn the_server_ends_one_subscription_or_all_and_says_so() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.user("42").await;
        for channel in ["a", "b", "c"] {
            client.subscribe(channel, "").await;
        }
        client.forget();
        let told = |channel: &str| {
            format!(
                r#"{{"push":{{"channel":"{channel}","unsubscribe":{{"code":2000,"reason":"server unsubscribe"}}}}}}"#
            )
        };
        house.node.sessions().unsubscribe(target(), Some("b")).await.unwrap();
        assert_eq!(client.heard().await, [told("b")]);
        house.node.sessions().unsubscribe(target(), None).await.unwrap();
        let mut heard = client.heard().await;
        heard.sort();
        assert_eq!(heard, [told("a"), told("c")]);
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn an_unsubscribe_that_meets_a_join_under_way_is_told_after_its_reply() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.user("42").await;
        house.engine.slow_histories.store(true, SeqCst);
        client.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        rest().await;
        house.node.sessions().unsubscribe(target(), Some("news")).await.unwrap();
        assert_eq!(client.heard().await.len(), 0);
        house.engine.let_go(0);
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":2,"subscribe""#) && heard[1].contains(r#""code":2000"#), "{heard:?}");
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn what_ends_a_join_under_way_ends_its_recovery() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.user("42").await;
        let witness = house.guest().await;
        let subscribed = witness.subscribe("news", "").await;
        let epoch = subscribed["epoch"].as_str().expect("an epoch");
        house.publish("news", 1).await.unwrap();
        house.engine.slow_histories.store(true, SeqCst);
        let from = format!(r#""recover":true,"epoch":"{epoch}","offset":0"#);
        client.say(&format!(r#"{{"id":2,"subscribe":{{"channel":"news",{from}}}}}"#));
        rest().await;
        house.node.sessions().unsubscribe(target(), Some("news")).await.unwrap();
        house.engine.let_go(0);
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":2,"subscribe""#) && !heard[0].contains("publications"), "{heard:?}");
        assert!(heard[1].contains(r#""code":2000"#), "{heard:?}");
    });
}

#[test]
fn a_join_of_the_server_that_its_client_gives_up_does_not_finish_the_clients_own() {
    story(async {
        let house = Plan::of(KEPT).build();
        let client = house.user("42").await;
        house.engine.slow_histories.store(true, SeqCst);
        house.node.sessions().subscribe(target(), "news", SubscribeOptions::default()).await.unwrap();
        rest().await;
        client.say(r#"{"id":2,"unsubscribe":{"channel":"news"}}"#);
        client.say(r#"{"id":3,"subscribe":{"channel":"news"}}"#);
        rest().await;
        house.engine.let_go(0);
        rest().await;
        house.publish("news", 1).await.unwrap();
        assert_eq!(client.heard().await, [r#"{"id":2,"unsubscribe":{}}"#], "the first join is nobody's any more");
        house.engine.let_go(1);
        let heard = client.heard().await;
        assert!(heard[0].starts_with(r#"{"id":3,"subscribe""#), "{heard:?}");
        assert!(heard[1].contains(r#""data":1"#), "{heard:?}");
        assert_eq!(house.node.channels().occupied().await.unwrap()[0].1, 1);
    });
}

#[test]
fn the_server_tells_and_closes_whom_it_names() {
    story(async {
        let house = Plan::of(KEPT).build();
        let (one, other, stranger) = (house.user("42").await, house.user("42").await, house.user("7").await);
        let order = SessionOrder::Message(json(r#"{"hi":1}"#));
        assert_eq!(house.node.sessions().directory().order(&target(), &order), 2);
        assert_eq!(one.heard().await, [r#"{"push":{"message":{"data":{"hi":1}}}}"#]);
        house.node.sessions().disconnect(target(), Disconnect::FORCE_DISCONNECT).await.unwrap();
        assert_eq!(one.heard().await, ["close 3503"]);
        assert_eq!(other.heard().await.last().map(String::as_str), Some("close 3503"));
        assert_eq!(stranger.heard().await.len(), 0);
        assert_eq!(house.gauges().0, 1);
    });
}

//! What ends by its time: sessions and subscriptions, unless a new token comes.
use super::house::{House, Plan, pass, rest, story};
use callboard::broker::Target;
use callboard::delivery::SubscribeOptions;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const OPEN: &str = "[[namespace]]\nsubscribe = 'anyone'";
/// A client may be this much late with a new token.
const GRACE: Duration = Duration::from_secs(25);
const MARGIN: Duration = Duration::from_secs(2);

fn target() -> Target {
    Target { user: "42".into(), ..Target::default() }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

fn house() -> House {
    Plan::of(OPEN).build()
}

#[test]
fn a_session_whose_time_is_over_is_closed_after_the_grace() {
    story(async {
        let house = house();
        let client = house.user("42").await;
        house.node.sessions().refresh(target(), Some(now() - 100), None).await.unwrap();
        assert_eq!(client.heard().await, [r#"{"push":{"refresh":{"expires":true,"ttl":1}}}"#]);
        pass(GRACE - MARGIN).await;
        assert_eq!(client.heard().await.len(), 0);
        pass(MARGIN * 2).await;
        assert_eq!(client.heard().await, ["close 3005"]);
        assert_eq!(house.gauges().0, 0);
    });
}

#[test]
fn a_session_that_is_given_a_new_token_in_the_grace_stays() {
    story(async {
        let house = house();
        let client = house.user("42").await;
        house.node.sessions().refresh(target(), Some(now() - 100), None).await.unwrap();
        pass(GRACE - MARGIN).await;
        let refresh = format!(r#"{{"id":3,"refresh":{{"token":"{}"}}}}"#, house.token("42", None));
        assert_eq!(client.ask(&refresh).await, r#"{"id":3,"refresh":{}}"#);
        client.forget();
        pass(GRACE * 4).await;
        assert_eq!(client.heard().await.len(), 0);
    });
}

#[test]
fn a_subscription_whose_token_has_ended_is_ended_after_the_grace() {
    story(async {
        let house = house();
        let client = house.user("42").await;
        let token = house.subscription("42", "news", Some(60));
        let subscribed = client.subscribe("news", &format!(r#""token":"{token}""#)).await;
        assert_eq!(subscribed["expires"], true);
        client.forget();
        pass(Duration::from_secs(60) + GRACE - MARGIN).await;
        assert_eq!(client.heard().await.len(), 0);
        pass(MARGIN * 2).await;
        let told = r#"{"push":{"channel":"news","unsubscribe":{"code":2501,"reason":"subscription expired"}}}"#;
        assert_eq!(client.heard().await, [told]);
        assert_eq!(house.gauges().2, 0);
    });
}

#[test]
fn what_ends_later_than_deadlines_reach_does_not_end_early() {
    const DAY: u64 = 24 * 3600;
    story(async {
        let house = house();
        let client = house.user("42").await;
        house.node.sessions().refresh(target(), Some(now() + 800 * DAY as i64), None).await.unwrap();
        let token = house.subscription("42", "news", Some(700 * DAY));
        client.subscribe("news", &format!(r#""token":"{token}""#)).await;
        client.forget();
        pass(Duration::from_secs(699 * DAY)).await;
        assert_eq!(client.heard().await.len(), 0);
        pass(Duration::from_secs(2 * DAY)).await;
        assert!(client.heard().await[0].contains(r#""code":2501"#));
        pass(Duration::from_secs(100 * DAY)).await;
        assert_eq!(client.heard().await, ["close 3005"]);
    });
}

#[test]
fn a_subscription_of_the_server_that_ends_closes() {
    story(async {
        let house = house();
        let client = house.user("42").await;
        let options = SubscribeOptions { expire_at: Some(now() - 1), ..SubscribeOptions::default() };
        house.node.sessions().subscribe(target(), "news", options).await.unwrap();
        rest().await;
        client.forget();
        pass(GRACE + MARGIN).await;
        assert_eq!(client.heard().await, ["close 3006"]);
    });
}

#[test]
fn a_refresh_is_answered_by_what_its_token_is() {
    story(async {
        let house = house();
        let table = [
            (house.token("42", None), r#"{"id":3,"refresh":{}}"#),
            (house.token("42", Some(300)), r#"{"id":3,"refresh":{"expires":true,"ttl":"#),
            (house.token("43", None), "close 3500"),
            ("garbage".to_owned(), "close 3500"),
            (house.token("42", Some(0)), "close 3005"),
        ];
        for (token, expected) in table {
            let client = house.user("42").await;
            let reply = client.ask(&format!(r#"{{"id":3,"refresh":{{"token":"{token}"}}}}"#)).await;
            assert!(reply.starts_with(expected), "{reply} instead of {expected}");
        }
    });
}

#[test]
fn a_sub_refresh_is_answered_by_what_its_token_is() {
    story(async {
        let house = house();
        let table = [
            (house.subscription("42", "news", None), r#"{"id":3,"sub_refresh":{}}"#),
            (house.subscription("42", "news", Some(300)), r#"{"id":3,"sub_refresh":{"expires":true,"ttl":"#),
            (house.subscription("43", "news", None), "close 3500"),
            (house.subscription("42", "other", None), "close 3500"),
            ("garbage".to_owned(), "close 3500"),
            (house.subscription("42", "news", Some(0)), r#"{"id":3,"error":{"code":109,"#),
        ];
        for (token, expected) in table {
            let client = house.user("42").await;
            let refresh = format!(r#"{{"id":3,"sub_refresh":{{"channel":"news","token":"{token}"}}}}"#);
            assert!(client.ask(&refresh).await.starts_with(r#"{"id":3,"error":{"code":103,"#), "not subscribed");
            client.forget();
            client.subscribe("news", "").await;
            let reply = client.ask(&refresh).await;
            assert!(reply.starts_with(expected), "{reply} instead of {expected}");
        }
    });
}

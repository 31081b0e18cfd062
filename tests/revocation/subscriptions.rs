//! Subscription tokens.
use super::house::{House, Plan, rest, story};
use super::tokens::{client, now, of, revoke, token};
use callboard::broker::Revoke;
use serde_json::{Value, json};

fn house() -> House {
    Plan::of("[[namespace]]\nsubscribe = 'token'").build()
}

fn subscription(id: &str, issued: i64) -> String {
    token(json!({ "sub": "mia", "channel": "news", "jti": id, "iat": issued, "exp": now() + 600 }))
}

fn subscribe(token: &str) -> String {
    format!(r#"{{"id":5,"subscribe":{{"channel":"news","token":"{token}"}}}}"#)
}

fn error(reply: &str) -> Option<u64> {
    serde_json::from_str::<Value>(reply).expect("a reply")["error"]["code"].as_u64()
}

#[test]
fn a_revoked_one_ends_its_subscription_alone_and_gives_none_any_more() {
    story(async {
        let house = house();
        let mia = client(&house, &of("mia", "connection")).await;
        let (revoked, good) = (subscription("s", now() - 60), subscription("t", now() - 60));
        assert_eq!(error(&mia.ask(&subscribe(&revoked)).await), None);
        mia.forget();
        revoke(&house, "mia", Revoke::Token("s".into())).await.expect("revoked");
        let ended = r#"{"push":{"channel":"news","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;
        assert_eq!(mia.heard().await, [ended]);
        assert_eq!(error(&mia.ask(&subscribe(&revoked)).await), Some(103));
        mia.forget();
        assert_eq!(error(&mia.ask(&subscribe(&good)).await), None);
        let refresh = |token: &str| format!(r#"{{"id":6,"sub_refresh":{{"channel":"news","token":"{token}"}}}}"#);
        assert_eq!(error(&mia.ask(&refresh(&revoked)).await), Some(103));
        revoke(&house, "mia", Revoke::Token("t".into())).await.expect("revoked");
        rest().await;
        assert_eq!(mia.said().last().map(String::as_str), Some(ended), "it stood on the other one");
    });
}

#[test]
fn of_a_user_whose_connection_token_is_newer_an_older_one_ends() {
    story(async {
        let house = house();
        let newer = token(json!({ "sub": "mia", "iat": now() + 60 }));
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        let mia = client(&house, &newer).await;
        assert_eq!(error(&mia.ask(&subscribe(&subscription("s", now() - 60))).await), Some(103));
        mia.forget();
        assert_eq!(error(&mia.ask(&subscribe(&subscription("s", now() + 60))).await), None);
    });
}

#[test]
fn the_prolonged_subscription_stands_on_the_newer_token() {
    story(async {
        let house = house();
        let mia = client(&house, &of("mia", "connection")).await;
        let (first, second) = (subscription("first", now() - 60), subscription("second", now() - 60));
        mia.ask(&subscribe(&first)).await;
        mia.ask(&format!(r#"{{"id":6,"sub_refresh":{{"channel":"news","token":"{second}"}}}}"#)).await;
        mia.forget();
        revoke(&house, "mia", Revoke::Token("first".into())).await.expect("revoked");
        assert!(mia.heard().await.is_empty());
        revoke(&house, "mia", Revoke::Token("second".into())).await.expect("revoked");
        assert_eq!(mia.heard().await.len(), 1);
    });
}

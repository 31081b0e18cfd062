//! Some scopes of a user's tokens.
use super::house::{Client, House, Plan, rest, story};
use super::tokens::{client, now, revoke, token};
use callboard::broker::{Revoke, Rule};
use serde_json::json;

const NAMESPACES: &str = r#"
[[namespace]]
subscribe = "anyone"
[[namespace]]
name = "news"
subscribe = "scope:reader"
publish = "scope:writer"
[[namespace]]
name = "room"
subscribe = "anyone"
presence = true
join_leave = true
presence_for = "scope:reader"
[[namespace]]
name = "hall"
subscribe = "anyone"
presence = true
join_leave = true
force_push_join_leave = true
presence_for = "scope:reader"
"#;

fn house() -> House {
    Plan::of(NAMESPACES).build()
}

fn scoped(user: &str) -> String {
    token(json!({ "sub": user, "scope": "reader writer", "iat": now() - 60 }))
}

async fn strip(house: &House, user: &str, scopes: &[&str]) {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    revoke(house, user, Revoke::Scopes(scopes)).await.expect("revoked");
    rest().await;
}

async fn code(client: &Client, command: &str) -> Option<u64> {
    let reply: serde_json::Value = serde_json::from_str(&client.ask(command).await).expect("a reply");
    client.forget();
    reply["error"]["code"].as_u64()
}

const SUBSCRIBE: &str = r#"{"id":5,"subscribe":{"channel":"news:1"}}"#;
const PUBLISH: &str = r#"{"id":6,"publish":{"channel":"news:1","data":1}}"#;

#[test]
fn a_revoked_scope_is_stripped_and_what_stood_on_it_ends_and_nothing_else() {
    story(async {
        let house = house();
        let (mia, leo) = (client(&house, &scoped("mia")).await, client(&house, &scoped("leo")).await);
        for one in [&mia, &leo] {
            one.subscribe("news:1", "").await;
            one.subscribe("plain", "").await;
            one.forget();
        }
        strip(&house, "mia", &["reader", "unknown"]).await;
        let ended = r#"{"push":{"channel":"news:1","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#;
        assert_eq!(mia.said(), [ended]);
        assert!(leo.said().is_empty());
        mia.forget();
        assert_eq!(code(&mia, SUBSCRIBE).await, Some(103));
        assert_eq!(code(&mia, PUBLISH).await, None, "the other scope is still there");
        strip(&house, "mia", &["writer"]).await;
        assert_eq!(code(&mia, PUBLISH).await, Some(103));
        assert_eq!(code(&mia, r#"{"id":7,"subscribe":{"channel":"other"}}"#).await, None);
        assert_eq!((code(&leo, SUBSCRIBE).await, code(&leo, PUBLISH).await), (Some(105), None));
    });
}

#[test]
fn a_token_with_a_revoked_scope_still_connects_and_refreshes_without_it() {
    story(async {
        let house = house();
        strip(&house, "mia", &["reader"]).await;
        let mia = client(&house, &scoped("mia")).await;
        assert_eq!((code(&mia, SUBSCRIBE).await, code(&mia, PUBLISH).await), (Some(103), None));
        let later = token(json!({ "sub": "mia", "scope": "reader", "iat": now() + 60 }));
        let refresh = |token: &str| format!(r#"{{"id":8,"refresh":{{"token":"{token}"}}}}"#);
        assert_eq!(code(&mia, &refresh(&later)).await, None);
        assert_eq!(code(&mia, SUBSCRIBE).await, None, "one that was issued later has it");
        assert_eq!(code(&mia, &refresh(&scoped("mia"))).await, None);
        mia.ask(r#"{"id":9,"unsubscribe":{"channel":"news:1"}}"#).await;
        assert_eq!(code(&mia, SUBSCRIBE).await, Some(103));
    });
}

#[test]
fn who_may_not_see_who_is_there_any_more_is_told_of_no_joins_but_where_all_are() {
    story(async {
        let house = house();
        let mia = client(&house, &scoped("mia")).await;
        for channel in ["room:1", "hall:1"] {
            mia.subscribe(channel, r#""join_leave":true"#).await;
            mia.forget();
        }
        rest().await;
        mia.forget();
        strip(&house, "mia", &["reader"]).await;
        let guest = house.guest().await;
        guest.subscribe("room:1", "").await;
        guest.subscribe("hall:1", "").await;
        let heard = mia.heard().await;
        assert!(heard.len() == 1 && heard[0].starts_with(r#"{"push":{"channel":"hall:1","join""#), "{heard:?}");
        assert_eq!(code(&mia, r#"{"id":9,"presence":{"channel":"hall:1"}}"#).await, Some(103));
    });
}

#[test]
fn a_subscription_on_its_way_that_stands_on_the_scope_ends_when_it_is_there() {
    story(async {
        let house = Plan::of(&format!("{NAMESPACES}[[namespace]]\nname = 'kept'\nsubscribe = 'scope:reader'\nhistory_size = 9\nhistory_ttl = '1m'\nforce_recovery = true")).build();
        assert_eq!("scope:reader".parse::<Rule>().ok(), Some(Rule::Scope("reader".into())));
        house.engine.slow_histories.store(true, std::sync::atomic::Ordering::SeqCst);
        let mia = client(&house, &scoped("mia")).await;
        mia.say(r#"{"id":5,"subscribe":{"channel":"kept:1"}}"#);
        rest().await;
        strip(&house, "mia", &["reader"]).await;
        house.engine.let_go(0);
        let heard = mia.heard().await;
        assert!(heard.len() == 2 && heard[1].contains(r#""unsubscribe":{"code":2000"#), "{heard:?}");
    });
}

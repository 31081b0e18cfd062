//! All tokens of a user, or one of them.
use super::house::{House, Plan, rest, story};
use super::residents::{Resident, keeping};
use super::tokens::{client, is_let_in, knock, now, of, revoke, sign, token};
use callboard::broker::{Revoke, RevokeError};
use callboard::protocol::Resume;
use callboard::types::Revocation;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

pub const NAMESPACES: &str = r#"
[[namespace]]
subscribe = "anyone"
[[namespace]]
name = "kept"
subscribe = "anyone"
history_size = 10
history_ttl = "5m"
force_recovery = true
"#;

fn house() -> House {
    Plan::of(NAMESPACES).build()
}

fn revocation(house: &House, user: &str, token_id: Option<&str>) -> Revocation {
    let plain = house.node.authentication().revocation(user, Revoke::All).expect("it makes sense");
    Revocation { token_id: token_id.map(Into::into), ..plain }
}

#[test]
fn a_users_revocation_closes_its_sessions_on_every_wire_and_nobody_elses() {
    story(async {
        let house = house();
        let mias = [client(&house, &of("mia", "a")).await, client(&house, &of("mia", "b")).await];
        let resident = Resident::arrive_with(&house.worker, true, None, &of("mia", "c")).await;
        let others = [client(&house, &of("leo", "d")).await, house.guest().await];
        rest().await;
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        rest().await;
        for mia in &mias {
            assert_eq!(mia.said(), ["close 3500"]);
        }
        assert_eq!(resident.said().last().map(String::as_str), Some("close 3500"));
        for other in &others {
            assert_eq!(other.subscribe("news", "").await, json!({}), "it goes on");
        }
        assert_eq!(house.gauges().0, 2);
    });
}

#[test]
fn from_then_on_tokens_that_were_issued_earlier_or_do_not_say_when_are_refused() {
    story(async {
        let house = house();
        let earlier = of("mia", "a");
        let unsaid = token(json!({ "sub": "mia", "exp": now() + 60 }));
        let later = token(json!({ "sub": "mia", "iat": now() + 60 }));
        assert!(is_let_in(&house, &unsaid).await);
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        for refused in [&earlier, &unsaid, &house.token("mia", Some(60))] {
            assert!(!is_let_in(&house, refused).await);
        }
        assert!(is_let_in(&house, &later).await);
        assert!(is_let_in(&house, &of("leo", "a")).await);
        assert!(is_let_in(&house, &of("", "a")).await);
        assert!(!house.guest().await.said().contains(&"close 3500".to_owned()));
    });
}

#[test]
fn a_revoked_token_does_not_prolong_a_session() {
    story(async {
        let house = house();
        let fresh = token(json!({ "sub": "mia", "iat": now() + 60, "exp": now() + 600 }));
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        let mia = client(&house, &fresh).await;
        let refresh = |token: &str| format!(r#"{{"id":2,"refresh":{{"token":"{token}"}}}}"#);
        assert!(mia.ask(&refresh(&fresh)).await.contains(r#""refresh":{"#));
        assert_eq!(mia.ask(&refresh(&of("mia", "a"))).await, "close 3500");
    });
}

#[test]
fn one_tokens_revocation_is_about_no_other_whoever_is_named() {
    story(async {
        let house = house();
        for (round, user) in ["mia", ""].into_iter().enumerate() {
            let id = format!("t{round}");
            let (meant, other) = (client(&house, &of("mia", &id)).await, client(&house, &of("mia", "other")).await);
            let nobody = client(&house, &of("", &id)).await;
            house.node.everywhere().revoke(revocation(&house, user, Some(&id))).await.expect("revoked");
            rest().await;
            assert_eq!(meant.said(), ["close 3500"]);
            assert_eq!(other.subscribe("news", "").await, json!({}));
            // Who is nobody in particular can only be named by the token.
            assert_eq!(nobody.said().is_empty(), !user.is_empty());
            assert_eq!(is_let_in(&house, &of("", &id)).await, !user.is_empty());
            let renewed = token(json!({ "sub": "mia", "jti": id, "iat": now() + 60 }));
            assert!(!is_let_in(&house, &renewed).await, "an id is revoked whenever it was issued");
            assert!(is_let_in(&house, &of("mia", "other")).await);
        }
        revoke(&house, "leo", Revoke::Token("other".into())).await.expect("revoked");
        assert!(is_let_in(&house, &of("mia", "other")).await, "it is another user's");
    });
}

#[test]
fn another_realms_tokens_are_left_alone() {
    story(async {
        let house = house();
        let mia = client(&house, &of("mia", "a")).await;
        let elsewhere = Revocation { realm: "elsewhere".into(), ..revocation(&house, "mia", None) };
        house.node.everywhere().revoke(elsewhere).await.expect("revoked");
        assert_eq!(mia.subscribe("news", "").await, json!({}));
        assert!(is_let_in(&house, &of("mia", "a")).await);
    });
}

#[test]
fn what_is_about_nobody_or_nothing_is_refused() {
    story(async {
        let house = house();
        let mia = client(&house, &of("mia", "a")).await;
        let plain = revocation(&house, "mia", None);
        let scopes = |scope: &str| BTreeSet::from([scope.to_owned()]);
        let long = "x".repeat(20_000);
        for odd in [
            revocation(&house, "", None),
            revocation(&house, "", Some("")),
            Revocation { scopes: scopes(""), ..plain.clone() },
            Revocation { scopes: scopes("a b"), ..plain.clone() },
            Revocation { user: long.as_str().into(), ..plain.clone() },
            Revocation { token_id: Some(long.as_str().into()), ..plain.clone() },
        ] {
            let refused = house.node.everywhere().revoke(odd).await;
            assert!(matches!(refused, Err(RevokeError::Refused(error)) if error.code == 107));
        }
        let none = revoke(&house, "mia", Revoke::Scopes(vec![])).await;
        assert!(matches!(none, Err(RevokeError::Refused(error)) if error.code == 107), "none is not all");
        assert_eq!(mia.subscribe("news", "").await, json!({}));
    });
}

#[test]
fn who_is_on_its_way_in_is_closed_as_soon_as_it_is_there() {
    story(async {
        let house = house();
        house.engine.slow_histories.store(true, SeqCst);
        let mia = house.visitor();
        let entering = token(json!({ "sub": "mia", "iat": now() - 60, "channels": ["kept:1"] }));
        mia.say(&format!(r#"{{"id":1,"connect":{{"token":"{entering}"}}}}"#));
        rest().await;
        assert!(mia.said().is_empty());
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        house.engine.let_go(0);
        rest().await;
        assert_eq!(mia.said(), ["close 3500"]);
        assert_eq!((house.gauges().0, house.gauges().2), (0, 0));
    });
}

#[test]
fn what_was_kept_for_a_revoked_client_is_gone_also_for_who_comes_back_with_a_good_token() {
    story(async {
        let house = keeping(10, Duration::from_secs(120)).build();
        let arrive = async |id: &str| Resident::arrive_with(&house.worker, true, None, &of("mia", id)).await;
        let (one, other) = (arrive("a").await, arrive("b").await);
        rest().await;
        one.vanish();
        other.vanish();
        rest().await;
        assert_eq!(house.node.sessions().recoverable().len(), 2);
        revoke(&house, "mia", Revoke::Token("a".into())).await.expect("revoked");
        assert_eq!(house.node.sessions().recoverable().len(), 1);
        revoke(&house, "mia", Revoke::Scopes(vec!["x".into()])).await.expect("revoked");
        assert_eq!(house.node.sessions().recoverable().len(), 1, "what is stripped stays");
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        assert!(house.node.sessions().recoverable().is_empty());
        let later = token(json!({ "sub": "mia", "iat": now() + 60 }));
        let resume = Resume { key: other.word("pid"), since: None };
        let back = Resident::arrive_with(&house.worker, true, Some(resume), &later).await;
        rest().await;
        assert_ne!(back.word("sid"), other.word("sid"));
    });
}

#[test]
fn a_live_session_is_closed_whatever_the_clock_of_who_issued_its_token() {
    story(async {
        let house = house();
        let ahead = token(json!({ "sub": "mia", "iat": now() + 3 }));
        let mia = client(&house, &ahead).await;
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        rest().await;
        assert_eq!(mia.said(), ["close 3500"]);
        assert_eq!(knock(&house, &sign("another secret", &json!({ "sub": "mia" }))).await, "close 3500");
    });
}

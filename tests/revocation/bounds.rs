//! For how long, and how many.
use super::calls::broker;
use super::house::{Plan, pass, rest, story};
use super::nodes;
use super::tokens::{client, is_let_in, now, of, revoke, sign};
use super::users::NAMESPACES;
use crate::harness::SECRET;
use callboard::broker::{Limits, Revoke, RevokeError};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn it_is_kept_for_its_time_and_a_token_that_lives_longer_is_good_again() {
    story(async {
        let house = Plan::of(NAMESPACES).build();
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        pass(89 * DAY).await;
        assert!(!is_let_in(&house, &of("mia", "a")).await);
        revoke(&house, "leo", Revoke::All).await.expect("revoked");
        pass(2 * DAY).await;
        assert!(is_let_in(&house, &of("mia", "a")).await);
        assert!(!is_let_in(&house, &of("leo", "a")).await);
    });
}

#[test]
fn the_config_says_for_how_long_it_is_kept() {
    story(async {
        let mut plan = Plan::of(NAMESPACES);
        plan.auth.revocation_ttl = Duration::from_secs(60);
        let house = plan.build();
        let mia = client(&house, &of("mia", "a")).await;
        revoke(&house, "mia", Revoke::All).await.expect("revoked");
        revoke(&house, "leo", Revoke::Token("b".into())).await.expect("revoked");
        rest().await;
        assert_eq!(mia.said(), ["close 3500"]);
        for (wait, is_good) in [(59, false), (2, true)] {
            pass(Duration::from_secs(wait)).await;
            for token in [of("mia", "a"), of("leo", "b")] {
                assert_eq!(is_let_in(&house, &token).await, is_good, "{wait}");
            }
        }
    });
}

#[tokio::test]
async fn that_revoked_tokens_live_longer_than_it_is_kept_is_logged_once() {
    let broker = broker();
    let warnings = || broker.log().matches("valid for longer than auth.revocation_ttl").count();
    let ends = |end: i64| json!({ "sub": "eve", "iat": now() - 60, "exp": end });
    let soon = nodes::connect(&broker, &sign(SECRET, &ends(now() + 89 * 24 * 3600))).await;
    nodes::result(&broker, "revoke", r#"{"user":"eve"}"#);
    assert!(nodes::is_closed(soon).await);
    assert_eq!(warnings(), 0, "it ends before: {}", broker.log());
    // Two that are in, and two that come.
    for user in ["mia", "leo"] {
        let token = nodes::token(user, -60);
        let socket = nodes::connect(&broker, &token).await;
        nodes::result(&broker, "revoke", &json!({ "user": user }).to_string());
        assert!(nodes::is_closed(socket).await);
        assert!(!nodes::is_let_in(broker.address(), &token).await);
        assert_eq!(warnings(), 1, "{}", broker.log());
    }
}

#[test]
fn at_the_bound_one_more_is_refused_but_for_what_is_known_and_live_sessions_end_all_the_same() {
    story(async {
        let limits = Limits { revocations: 2, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let scopes = |scopes: &[&str]| Revoke::Scopes(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        revoke(&house, "leo", scopes(&["a", "b"])).await.expect("each scope is one");
        let mia = client(&house, &of("mia", "a")).await;
        let refused = revoke(&house, "mia", Revoke::All).await;
        assert!(matches!(refused, Err(RevokeError::Refused(error)) if error.code == 106));
        rest().await;
        assert_eq!(mia.said(), ["close 3500"]);
        assert!(is_let_in(&house, &of("mia", "a")).await);
        revoke(&house, "leo", scopes(&["b"])).await.expect("it is known");
        let text = house.metrics.text().expect("the metrics");
        assert!(text.contains(r#"callboard_stored{limit="revocations"} 2"#), "{text}");
        assert!(text.contains(r#"callboard_refusals_total{reason="revocations"} 1"#), "{text}");
        pass(91 * DAY).await;
        revoke(&house, "mia", Revoke::All).await.expect("there is room again");
    });
}

//! For how long, and how many.
use super::house::{Plan, pass, rest, story};
use super::tokens::{client, is_let_in, of, revoke};
use super::users::NAMESPACES;
use callboard::broker::{Limits, Revoke, RevokeError};
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

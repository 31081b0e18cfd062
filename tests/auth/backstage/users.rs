//! Users' tokens, and guests.
use super::*;
use callboard::auth::TokenError;
use callboard::types::IdentityKind;
use std::time::Duration;

#[test]
fn a_users_token_stands_for_the_user_and_its_groups_until_it_expires() {
    let identity = connect(&with_keys(""), &of_user(&user_claims(&json!({"jti": "t1"})))).unwrap().identity;
    assert_eq!(
        (&*identity.realm, identity.kind, &*identity.user),
        ("backstage", IdentityKind::User, "user:default/ada")
    );
    assert_eq!(groups(&identity), ["group:default/admins", "user:default/ada"]);
    assert_eq!((identity.issued_at, identity.expires_at), (Some(NOW - 60), Some(NOW + 60)));
    assert_eq!(identity.token_id.as_deref(), Some("t1"));
    assert!(identity.scopes.is_empty() && identity.info.is_none() && identity.meta.is_none());
}

#[test]
fn a_limited_token_and_one_without_ownership_refs_stand_for_the_user_alone() {
    let limited = json!({"sub": "user:default/ada", "iat": NOW - 60, "exp": NOW + 60});
    let lean = of_user(&user_claims(&json!({"ent": null})));
    for token in [typed(Some(LIMITED), Algorithm::ES256, P256, &limited), lean] {
        let identity = connect(&with_keys(""), &token).unwrap().identity;
        assert_eq!((&*identity.user, identity.kind), ("user:default/ada", IdentityKind::User));
        assert_eq!(groups(&identity), ["user:default/ada"]);
    }
}

#[test]
fn a_users_token_without_a_type_is_known_by_its_audience() {
    for kind in [None, Some("JWT"), Some("jwt")] {
        let token = |aud: Value| typed(kind, Algorithm::ES256, P256, &user_claims(&json!({"aud": aud})));
        assert_eq!(&*connect(&with_keys(""), &token(json!("backstage"))).unwrap().identity.user, "user:default/ada");
        for other in [json!("catalog"), json!(null), json!([]), json!(7)] {
            assert!(is_invalid(&connect(&with_keys(""), &token(other.clone()))), "{kind:?} {other}");
        }
    }
    let elsewhere = of_user(&user_claims(&json!({"aud": "elsewhere"})));
    assert!(connect(&with_keys(""), &elsewhere).is_ok(), "its type says it already");
}

#[test]
fn ownership_refs_that_do_not_parse_are_left_out() {
    let ent = [
        "admins",
        "#backends",
        "#channel:a",
        "8c8ab0e5-9b6c-4a39-8a5d-5f8a3e9d9d0a",
        "",
        "group:default/a b",
        "Group:Ns/X",
    ];
    let identity = connect(&with_keys(""), &of_user(&user_claims(&json!({"ent": ent})))).unwrap().identity;
    assert_eq!(groups(&identity), ["Group:Ns/X", "user:default/ada"]);
}

#[test]
fn a_subject_that_is_no_entity_ref_is_no_user() {
    for sub in ["ada", "", "catalog", "plugin:catalog", "backstage-server", "user:default/", "#backends"] {
        assert!(is_invalid(&connect(&with_keys(""), &of_user(&user_claims(&json!({"sub": sub}))))), "{sub:?}");
    }
}

#[test]
fn subject_issue_and_expiry_must_be_in_it_and_of_their_types() {
    for changes in [
        json!({"sub": null}),
        json!({"iat": null}),
        json!({"exp": null}),
        json!({"sub": 42}),
        json!({"exp": "tomorrow"}),
        json!({"ent": "group:default/admins"}),
        json!({"ent": [1]}),
    ] {
        assert!(is_invalid(&connect(&with_keys(""), &of_user(&user_claims(&changes)))), "{changes}");
    }
}

#[test]
fn it_is_good_from_nbf_until_just_before_exp_and_leeway_moves_both() {
    let strict = with_keys("");
    let lenient = with_keys("leeway = '10s'");
    for (changes, in_time, with_leeway) in [
        (json!({"exp": NOW + 1}), true, true),
        (json!({"exp": NOW}), false, true),
        (json!({"exp": NOW - 9}), false, true),
        (json!({"exp": NOW - 10}), false, false),
        (json!({"nbf": NOW}), true, true),
        (json!({"nbf": NOW + 10}), false, true),
        (json!({"nbf": NOW + 11}), false, false),
    ] {
        let token = of_user(&user_claims(&changes));
        for (authenticator, good) in [(&strict, in_time), (&lenient, with_leeway)] {
            let result = connect(authenticator, &token).map(drop);
            assert_eq!(result, if good { Ok(()) } else { Err(TokenError::Expired) }, "{changes}");
        }
    }
    let late = connect(&lenient, &of_user(&user_claims(&json!({"exp": NOW - 9})))).unwrap();
    assert_eq!(late.identity.expires_at, Some(NOW + 1), "what leeway lets in has not ended already");
}

#[test]
fn the_issuer_must_be_ours_where_one_is_configured() {
    let strict = with_keys("issuer = ['http://localhost:7007/api/auth', 'https://backstage.test/api/auth']");
    for (changes, good) in [
        (json!({}), true),
        (json!({"iss": "https://backstage.test/api/auth"}), true),
        (json!({"iss": "https://backstage.test/api/auth/"}), false),
        (json!({"iss": null}), false),
    ] {
        let token = of_user(&user_claims(&changes));
        assert_eq!(connect(&strict, &token).is_ok(), good, "{changes}");
        assert!(connect(&with_keys(""), &token).is_ok(), "{changes}");
    }
    assert!(connect(&strict, &of_plugin(&plugin_claims(&json!({})))).is_ok(), "plugins' tokens name none");
}

#[test]
fn many_ownership_refs_fit_and_a_token_beyond_the_bound_is_refused() {
    let token = |count: usize| {
        let ent: Vec<String> = (0..count).map(|n| format!("group:default/team-{n}")).collect();
        of_user(&user_claims(&json!({"ent": ent})))
    };
    let identity = connect(&with_keys(""), &token(400)).unwrap().identity;
    assert_eq!(identity.groups.len(), 401);
    assert!(is_invalid(&connect(&with_keys(""), &token(10_000))));
}

#[test]
fn it_grants_no_subscription() {
    let token = of_user(&user_claims(&json!({"channel": "news"})));
    assert!(is_invalid(&subscribe(&with_keys(""), &token)));
    assert!(connect(&with_keys(""), &token).unwrap().subs.is_empty());
}

#[test]
fn a_guest_is_anonymous_with_a_name_and_comes_in_only_where_guests_do() {
    assert!(with("", BackstageOptions::default()).guest().is_none());
    let open = BackstageOptions { guests: true, ..BackstageOptions::default() };
    let guest = with("", open).guest().unwrap();
    assert_eq!((&*guest.realm, guest.kind, &*guest.user), ("backstage", IdentityKind::Anonymous, "user:default/guest"));
    assert_eq!(groups(&guest), ["user:default/guest"]);
    assert_eq!((guest.issued_at, guest.expires_at), (None, None));
    assert!(is_invalid(&connect(&with("", open), "")), "a token that is empty is a bad one");
}

#[test]
fn what_the_config_says_of_revocations_is_told() {
    let authenticator = with_keys("leeway = '5s'\nrevocation_ttl = '2h'");
    assert_eq!((authenticator.leeway(), authenticator.revocation_ttl()), (5, Duration::from_secs(7200)));
    assert!(authenticator.has_keys() && !with("", BackstageOptions::default()).has_keys());
}

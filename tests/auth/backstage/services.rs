//! Tokens of plugins and of older backends.
use super::*;
use callboard::auth::TokenError;
use callboard::types::{BACKENDS, IdentityKind};

#[test]
fn a_plugins_token_stands_for_that_plugin() {
    let obo = json!({"obo": of_user(&user_claims(&json!({}))), "ent": ["group:default/admins"]});
    for changes in [json!({}), obo] {
        let identity = connect(&with_keys(""), &of_plugin(&plugin_claims(&changes))).unwrap().identity;
        let who = (&*identity.realm, identity.kind, &*identity.user);
        assert_eq!(who, ("backstage", IdentityKind::Service, "plugin:catalog"));
        assert_eq!((identity.issued_at, identity.expires_at), (Some(NOW - 60), Some(NOW + 60)));
        assert!(identity.groups.is_empty(), "whomever it acts for: {:?}", identity.groups);
    }
}

#[test]
fn a_plugin_that_is_not_named_is_refused_however_it_writes_its_id() {
    for sub in ["search", "Catalog", "catalog ", "", "../auth", "catalog/../auth", "user:default/ada", "plugin:catalog"]
    {
        assert!(is_invalid(&connect(&with_keys(""), &of_plugin(&plugin_claims(&json!({"sub": sub}))))), "{sub:?}");
    }
}

#[test]
fn subject_audience_issue_and_expiry_must_be_in_it() {
    for missing in ["sub", "aud", "iat", "exp"] {
        let claims = plugin_claims(&json!({missing: null}));
        assert!(is_invalid(&connect(&with_keys(""), &of_plugin(&claims))), "{missing}");
    }
    let expired = of_plugin(&plugin_claims(&json!({"exp": NOW})));
    assert_eq!(connect(&with_keys(""), &expired).err(), Some(TokenError::Expired));
}

#[test]
fn the_audience_must_be_ours_where_one_is_configured() {
    let strict = with_keys("audience = ['signals', 'events']");
    for (aud, good) in [
        (json!("signals"), true),
        (json!(["other", "events"]), true),
        (json!("catalog"), false),
        (json!([]), false),
        (json!(""), false),
    ] {
        let token = of_plugin(&plugin_claims(&json!({"aud": aud})));
        assert_eq!(connect(&strict, &token).is_ok(), good, "{aud}");
        assert!(connect(&with_keys(""), &token).is_ok(), "{aud}");
    }
    assert!(connect(&strict, &of_user(&user_claims(&json!({})))).is_ok(), "it is held against plugins alone");
    assert!(connect(&strict, &legacy(&legacy_claims(&json!({})))).is_ok(), "these name none");
}

#[test]
fn an_older_backends_token_stands_for_no_plugin() {
    let identity = connect(&with_keys(""), &legacy(&legacy_claims(&json!({})))).unwrap().identity;
    assert_eq!((identity.kind, &*identity.user), (IdentityKind::Service, "backstage-server"));
    assert_eq!((identity.issued_at, identity.expires_at), (None, Some(NOW + 60)));
    assert!(identity.groups.is_empty());
}

#[test]
fn an_older_backends_token_must_expire_and_be_of_its_algorithm_and_claims() {
    let authenticator = with_keys("");
    for changes in [
        json!({"exp": null}),
        json!({"sub": null}),
        json!({"sub": "user:default/ada"}),
        json!({"sub": "backstage-server2"}),
        json!({"aud": "catalog"}),
        json!({"aud": "backstage"}),
        json!({"aud": []}),
    ] {
        assert!(is_invalid(&connect(&authenticator, &legacy(&legacy_claims(&changes)))), "{changes}");
    }
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        assert!(is_invalid(&connect(&authenticator, &typed(None, algorithm, LEGACY, &legacy_claims(&json!({}))))));
    }
    let expired = legacy(&legacy_claims(&json!({"exp": NOW})));
    assert_eq!(connect(&authenticator, &expired).err(), Some(TokenError::Expired));
    let encoded = typed(None, Algorithm::HS256, LEGACY_BASE64, &legacy_claims(&json!({})));
    assert!(is_invalid(&connect(&authenticator, &encoded)), "the secret is what its base64 stands for");
}

#[test]
fn a_legacy_secret_is_read_in_either_alphabet_with_or_without_padding_from_the_config_or_a_file() {
    let token = legacy(&legacy_claims(&json!({})));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, format!("{LEGACY_BASE64}\n")).unwrap();
    for secret in [
        "legacy_secret = 'YSBsZWdhY3kgc2VjcmV0Pz4='".to_owned(),
        "legacy_secret = 'YSBsZWdhY3kgc2VjcmV0Pz4'".to_owned(),
        "legacy_secret = 'YSBsZWdhY3kgc2VjcmV0Pz5='".to_owned(),
        "legacy_secret = ['b2xkZXI=', 'YSBsZWdhY3kgc2VjcmV0Pz4']".to_owned(),
        format!("legacy_secret_file = {file:?}"),
    ] {
        assert!(connect(&with(&secret, BackstageOptions::default()), &token).is_ok(), "{secret}");
    }
    let written =
        [["legacy_secret = '__-_'", "legacy_secret = '//+/'"], ["legacy_secret = '-w'", "legacy_secret = '+w=='"]];
    for (written, bytes) in written.iter().zip([&[0xff, 0xff, 0xbf][..], &[0xfb]]) {
        let key = jsonwebtoken::EncodingKey::from_secret(bytes);
        let header = Header { typ: None, ..Header::new(Algorithm::HS256) };
        let token = jsonwebtoken::encode(&header, &legacy_claims(&json!({})), &key).unwrap();
        for secret in written {
            assert!(connect(&with(secret, BackstageOptions::default()), &token).is_ok(), "{secret}");
        }
    }
}

#[test]
fn an_empty_legacy_secret_is_none_and_not_one_that_everybody_knows() {
    let authenticator = with("legacy_secret = ''", BackstageOptions::default());
    assert!(!authenticator.has_keys());
    assert!(is_invalid(&connect(&authenticator, &typed(None, Algorithm::HS256, "", &legacy_claims(&json!({}))))));
}

#[test]
fn backends_are_in_a_group_of_theirs_where_targeted_events_go_to_them_and_users_never() {
    let authenticator = with(&keys(), BackstageOptions { targeted_to_backends: true, guests: true });
    for token in [of_plugin(&plugin_claims(&json!({}))), legacy(&legacy_claims(&json!({})))] {
        assert_eq!(groups(&connect(&authenticator, &token).unwrap().identity), [BACKENDS]);
    }
    let user = of_user(&user_claims(&json!({"ent": [BACKENDS]})));
    assert_eq!(groups(&connect(&authenticator, &user).unwrap().identity), ["user:default/ada"]);
    assert_eq!(groups(&authenticator.guest().unwrap()), ["user:default/guest"]);
}

//! What claims mean.
use super::signing::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callboard::auth::{Flag, Overrides, TokenError};
use callboard::types::IdentityKind;
use serde_json::{Value, json};

#[test]
fn the_whole_identity_comes_out_of_the_token() {
    let token = hs256(&json!({
        "sub": "42", "exp": NOW + 60, "iat": NOW - 60, "jti": "t1", "scope": "read  write",
        "info": {"name": "Ada"}, "meta": {"plan": "pro"}, "something": "else"
    }));
    let identity = connect(&with_secret("realm = 'main'"), &token).unwrap().identity;
    assert_eq!((&*identity.realm, &*identity.user, identity.kind), ("main", "42", IdentityKind::User));
    assert_eq!((identity.issued_at, identity.expires_at), (Some(NOW - 60), Some(NOW + 60)));
    assert_eq!(identity.token_id.as_deref(), Some("t1"));
    assert_eq!(identity.scopes.iter().map(String::as_str).collect::<Vec<_>>(), ["read", "write"]);
    assert_eq!(identity.info.unwrap().as_str(), r#"{"name":"Ada"}"#);
    assert_eq!(identity.meta.unwrap().as_str(), r#"{"plan":"pro"}"#);
}

#[test]
fn a_token_without_a_user_is_anonymous() {
    for claims in [json!({}), json!({"sub": ""}), json!({"sub": null})] {
        let identity = connect(&with_secret(""), &hs256(&claims)).unwrap().identity;
        assert_eq!((&*identity.user, identity.kind), ("", IdentityKind::Anonymous), "{claims}");
        assert_eq!((identity.token_id, identity.issued_at, identity.expires_at), (None, None, None));
    }
}

#[test]
fn a_claim_of_a_wrong_type_makes_the_token_invalid() {
    for claims in [
        json!({"sub": 42}),
        json!({"sub": "42", "exp": "tomorrow"}),
        json!({"sub": "42", "nbf": {}}),
        json!({"sub": "42", "iat": "now"}),
        json!({"sub": "42", "jti": 7}),
        json!({"sub": "42", "scope": ["a"]}),
        json!({"sub": "42", "channels": "news"}),
        json!({"sub": "42", "subs": ["news"]}),
        json!({"sub": "42", "subs": {"news": {"override": {"presence": true}}}}),
        json!(["42"]),
        json!("42"),
        json!(null),
    ] {
        assert!(is_invalid(&connect(&with_secret(""), &hs256(&claims))), "{claims}");
    }
}

/// A token whose claims are these bytes.
fn of_bytes(claims: &[u8]) -> String {
    let part = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", part(br#"{"alg":"HS256"}"#), part(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

#[test]
fn claims_that_cannot_be_read_are_refused_as_what_they_are() {
    for (claims, told) in [
        (br#"{"sub":"42","sub":"43"}"#.as_slice(), "a claim stands in it twice"),
        (b"\xef\xbb\xbf{\"sub\":\"42\"}", "its claims begin with a byte order mark, which is not valid JSON"),
        (b"{", "its claims are not valid JSON"),
        (br#"{"sub":42}"#, "a claim is of the wrong type"),
    ] {
        let refused = connect(&with_secret(""), &of_bytes(claims)).map(drop);
        assert_eq!(refused, Err(TokenError::Invalid(told)), "{}", String::from_utf8_lossy(claims));
    }
}

#[test]
fn a_claim_that_is_null_is_absent() {
    let names = [
        "sub",
        "exp",
        "nbf",
        "iat",
        "jti",
        "aud",
        "iss",
        "scope",
        "info",
        "b64info",
        "meta",
        "expire_at",
        "channels",
        "subs",
        "channel",
        "client",
        "override",
    ];
    let all: serde_json::Map<String, Value> = names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
    let grant = connect(&with_secret(""), &hs256(&Value::Object(all))).unwrap();
    assert!(grant.subs.is_empty() && grant.identity.info.is_none() && grant.identity.user.is_empty());
    let subs = json!({"subs": {
        "a": null,
        "b": {"info": null, "b64info": null, "data": null, "b64data": null, "override": null},
        "c": {"override": {"presence": null, "join_leave": {"value": null}}},
    }});
    let grant = connect(&with_secret(""), &hs256(&subs)).unwrap();
    assert_eq!(grant.subs.len(), 3);
    assert_eq!(grant.subs[2].1.overrides.join_leave, Some(Flag { value: false }));
}

#[test]
fn a_token_is_good_from_nbf_until_just_before_exp() {
    for (claims, good) in [
        (json!({"exp": NOW + 1}), true),
        (json!({"exp": NOW as f64 + 1.5}), true),
        (json!({"exp": NOW}), false),
        (json!({"exp": NOW - 1}), false),
        (json!({"exp": 0}), false),
        (json!({"exp": -1}), false),
        (json!({"exp": 1e300}), true),
        (json!({"nbf": NOW}), true),
        (json!({"nbf": NOW + 1}), false),
        (json!({"nbf": i64::MAX}), false),
        (json!({"nbf": NOW - 5, "exp": NOW + 5}), true),
    ] {
        let result = connect(&with_secret(""), &hs256(&claims));
        let as_expected = if good { result.is_ok() } else { result.err() == Some(TokenError::Expired) };
        assert!(as_expected, "{claims}");
    }
}

#[test]
fn leeway_moves_both_ends_and_what_it_lets_in_has_not_ended_already() {
    let authenticator = with_secret("leeway = '10s'");
    for (claims, good) in [
        (json!({"exp": NOW - 9}), true),
        (json!({"exp": NOW - 10}), false),
        (json!({"nbf": NOW + 10}), true),
        (json!({"nbf": NOW + 11}), false),
    ] {
        assert_eq!(connect(&authenticator, &hs256(&claims)).is_ok(), good, "{claims}");
    }
    let grant = connect(&authenticator, &hs256(&json!({"exp": NOW - 9}))).unwrap();
    assert_eq!(grant.identity.expires_at, Some(NOW + 1));
}

#[test]
fn a_forged_token_is_invalid_even_if_it_has_expired() {
    let forged = sign(jsonwebtoken::Algorithm::HS256, "guessed", &json!({"sub": "42", "exp": NOW - 1}));
    assert!(is_invalid(&connect(&with_secret(""), &forged)));
}

#[test]
fn expire_at_decides_when_the_connection_ends_and_exp_when_the_token_does() {
    let ends = |claims: Value| connect(&with_secret(""), &hs256(&claims)).map(|grant| grant.identity.expires_at);
    assert_eq!(ends(json!({"exp": NOW + 60})), Ok(Some(NOW + 60)));
    assert_eq!(ends(json!({"exp": NOW + 60, "expire_at": NOW + 600})), Ok(Some(NOW + 600)));
    assert_eq!(ends(json!({"exp": NOW + 60, "expire_at": 0})), Ok(None), "never");
    assert_eq!(ends(json!({"expire_at": NOW + 600})), Ok(Some(NOW + 600)));
    assert_eq!(ends(json!({"exp": NOW - 1, "expire_at": NOW + 600})), Err(TokenError::Expired));
}

#[test]
fn audience_and_issuer_must_be_ours_where_they_are_configured() {
    let strict = with_secret("audience = ['chat', 'board']\nissuer = 'https://issuer.test'");
    for (claims, good) in [
        (json!({"aud": "chat", "iss": "https://issuer.test"}), true),
        (json!({"aud": ["other", "board"], "iss": "https://issuer.test"}), true),
        (json!({"aud": "other", "iss": "https://issuer.test"}), false),
        (json!({"aud": [], "iss": "https://issuer.test"}), false),
        (json!({"iss": "https://issuer.test"}), false),
        (json!({"aud": "chat", "iss": "https://issuer.test/"}), false),
        (json!({"aud": "chat"}), false),
        (json!({"aud": 1, "iss": "https://issuer.test"}), false),
    ] {
        let result = connect(&strict, &hs256(&claims));
        assert!(if good { result.is_ok() } else { is_invalid(&result) }, "{claims}");
        assert_eq!(subscribe(&strict, &hs256(&claims)).is_ok(), good, "{claims}");
    }
    let anything = json!({"aud": ["whoever"], "iss": "whoever"});
    assert!(connect(&with_secret(""), &hs256(&anything)).is_ok());
    let expired_elsewhere = json!({"aud": "other", "iss": "https://issuer.test", "exp": NOW - 1});
    assert!(is_invalid(&connect(&strict, &hs256(&expired_elsewhere))), "a new one would not help");
}

#[test]
fn info_may_come_as_base64_of_json() {
    let info = |claims: Value| {
        let info = connect(&with_secret(""), &hs256(&claims))?.identity.info;
        Ok::<_, TokenError>(info.map(|info| info.as_str().to_owned()))
    };
    let encoded = STANDARD.encode("{\n\"a\": 1}");
    assert_eq!(info(json!({"b64info": encoded})), Ok(Some(r#"{"a": 1}"#.into())));
    assert_eq!(info(json!({"b64info": encoded, "info": 2})), Ok(Some(r#"{"a": 1}"#.into())));
    assert_eq!(info(json!({"b64info": "", "info": 2})), Ok(Some("2".into())));
    assert_eq!(info(json!({"info": null})), Ok(None));
    assert!(is_invalid(&info(json!({"b64info": STANDARD.encode("no json")}))));
    assert!(is_invalid(&info(json!({"b64info": STANDARD.encode([0xff, 0xfe])}))));
    assert!(is_invalid(&info(json!({"b64info": "%%%"}))));
}

#[test]
fn server_side_subscriptions_come_from_channels_and_subs() {
    let token = hs256(&json!({"sub": "42", "channels": ["news", "chat:1", "news"], "subs": {"chat:1": {
        "info": {"role": "admin"}, "b64data": STANDARD.encode("[1]"),
        "override": {"presence": {"value": true}, "force_recovery": {"value": false}, "join_leave": {}}
    }}}));
    let subs = connect(&with_secret(""), &token).unwrap().subs;
    assert_eq!(subs.iter().map(|(channel, _)| channel.as_str()).collect::<Vec<_>>(), ["chat:1", "news"]);
    let options = &subs[0].1;
    assert_eq!(options.info.as_ref().unwrap().as_str(), r#"{"role":"admin"}"#);
    assert_eq!(options.data.as_ref().unwrap().as_str(), "[1]");
    let expected = Overrides {
        presence: Some(Flag { value: true }),
        force_recovery: Some(Flag { value: false }),
        join_leave: Some(Flag { value: false }),
        ..Overrides::default()
    };
    assert_eq!(options.overrides, expected);
    assert_eq!(subs[1].1.overrides, Overrides::default());
    let bad = json!({"subs": {"news": {"b64data": STANDARD.encode("no json")}}});
    assert!(is_invalid(&connect(&with_secret(""), &hs256(&bad))));
}

#[test]
fn a_subscription_token_says_who_where_and_how() {
    let token = hs256(&json!({
        "sub": "42", "channel": "$chat:1", "client": "c1", "info": 7, "exp": NOW + 60, "iat": NOW, "jti": "t2",
        "scope": "s", "override": {"force_positioning": {"value": true}}
    }));
    let grant = subscribe(&with_secret(""), &token).unwrap();
    assert_eq!((&*grant.user, &*grant.channel, grant.client.as_deref()), ("42", "$chat:1", Some("c1")));
    assert_eq!((grant.issued_at, grant.expires_at, grant.token_id.as_deref()), (Some(NOW), Some(NOW + 60), Some("t2")));
    assert_eq!(grant.info.unwrap().as_str(), "7");
    assert!(grant.scopes.contains("s"));
    assert_eq!(grant.overrides.force_positioning, Some(Flag { value: true }));
    let expired = hs256(&json!({"sub": "42", "channel": "$chat:1", "exp": NOW}));
    assert_eq!(subscribe(&with_secret(""), &expired).err(), Some(TokenError::Expired));
}

#[test]
fn a_subscription_token_opens_no_connection_and_a_connection_token_fits_no_channel() {
    assert!(is_invalid(&connect(&with_secret(""), &hs256(&json!({"sub": "42", "channel": "news"})))));
    assert_eq!(subscribe(&with_secret(""), &hs256(&json!({"sub": "42"}))).unwrap().channel, "");
}

//! What a token says of itself picks among the keys, and nothing else.
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callboard::types::IdentityKind::{Service, User};

/// The keys a token may be signed with: ours, and what an attacker has.
const SIGNERS: [(Algorithm, &str); 8] = [
    (Algorithm::ES256, P256),
    (Algorithm::ES256, P256_NEXT),
    (Algorithm::HS256, LEGACY),
    (Algorithm::HS256, P256_PUBLIC),
    (Algorithm::HS256, P256_NEXT_PUBLIC),
    (Algorithm::HS256, ""),
    (Algorithm::RS256, RSA),
    (Algorithm::ES384, P384),
];

#[test]
fn a_token_is_good_only_as_what_its_own_key_signs() {
    let authenticator = with_keys("");
    let mut good = 0;
    for kind in [Some(USER), Some(LIMITED), Some(PLUGIN), Some("JWT"), Some("at+jwt"), Some(""), None] {
        for (algorithm, key) in SIGNERS {
            for sub in ["user:default/ada", "catalog", "backstage-server"] {
                for aud in [json!(null), json!("backstage"), json!("signals")] {
                    let claims = user_claims(&json!({"sub": sub, "aud": aud}));
                    let result = connect(&authenticator, &typed(kind, algorithm, key, &claims));
                    let wanted = wanted(kind, key, sub, aud.as_str());
                    let told = result.as_ref().ok().map(|grant| (grant.identity.kind, grant.identity.user.to_string()));
                    assert_eq!(told, wanted, "{kind:?} {algorithm:?} {key} {claims}");
                    assert!(told.is_some() || is_invalid(&result));
                    good += usize::from(told.is_some());
                }
            }
        }
    }
    assert_eq!(good, 3 + 3 + 2 + 2 + 2, "two types of users', plugins', and untyped ones of users and older backends");
}

fn wanted(
    kind: Option<&str>,
    key: &str,
    sub: &str,
    aud: Option<&str>,
) -> Option<(callboard::types::IdentityKind, String)> {
    let untyped = matches!(kind, None | Some("JWT"));
    let of_user = matches!(kind, Some(USER | LIMITED)) || untyped && aud == Some("backstage");
    match (key, sub) {
        (P256, "user:default/ada") if of_user => Some((User, sub.into())),
        (P256_NEXT, "catalog") if kind == Some(PLUGIN) && aud.is_some() => Some((Service, "plugin:catalog".into())),
        (LEGACY, "backstage-server") if untyped && aud.is_none() => Some((Service, sub.into())),
        _ => None,
    }
}

#[test]
fn a_token_that_was_changed_after_signing_is_refused() {
    let authenticator = with_keys("");
    for (token, claims) in [
        (of_user(&user_claims(&json!({}))), user_claims(&json!({"sub": "user:default/eve"}))),
        (of_plugin(&plugin_claims(&json!({}))), plugin_claims(&json!({"sub": "scaffolder"}))),
        (legacy(&legacy_claims(&json!({}))), legacy_claims(&json!({"exp": NOW + 6000}))),
    ] {
        let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
        let other = URL_SAFE_NO_PAD.encode(claims.to_string());
        assert!(connect(&authenticator, &token).is_ok());
        for forged in
            [format!("{header}.{other}.{signature}"), format!("{header}.{other}."), format!("{header}.{other}")]
        {
            assert!(is_invalid(&connect(&authenticator, &forged)), "{claims}");
        }
    }
}

#[test]
fn a_forged_token_is_invalid_even_if_it_has_expired() {
    let expired = json!({"exp": NOW - 1});
    for forged in [
        typed(Some(USER), Algorithm::ES256, P256_NEXT, &user_claims(&expired)),
        typed(Some(PLUGIN), Algorithm::ES256, P256, &plugin_claims(&expired)),
        typed(None, Algorithm::HS256, "guessed", &legacy_claims(&expired)),
    ] {
        assert!(is_invalid(&connect(&with_keys(""), &forged)));
    }
}

#[test]
fn garbage_and_claims_that_stand_twice_are_refused_whatever_their_type() {
    let authenticator = with_keys("");
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for kind in [USER, LIMITED, PLUGIN, "JWT"] {
        for claims in ["", "{", "[]", "null", "7", r#"{"sub":"catalog","sub":"auth"}"#, r#"{"sub":1}"#] {
            for algorithm in ["ES256", "HS256", "none"] {
                let header = part(&json!({"alg": algorithm, "typ": kind}).to_string());
                assert!(is_invalid(&connect(&authenticator, &format!("{header}.{}.c2ln", part(claims)))), "{claims}");
            }
        }
    }
    for garbage in ["", ".", "..", "a.b.c", "é.é.é", "e30.e30.e30"] {
        assert!(is_invalid(&connect(&authenticator, garbage)), "{garbage:?}");
    }
}

#[test]
fn where_there_are_no_keys_for_a_kind_its_tokens_are_refused() {
    let tokens =
        [of_user(&user_claims(&json!({}))), of_plugin(&plugin_claims(&json!({}))), legacy(&legacy_claims(&json!({})))];
    let configs = [
        format!("user_public_key = '''{P256_PUBLIC}'''"),
        format!("plugins = ['catalog']\nservice_public_key = '''{P256_NEXT_PUBLIC}'''"),
        format!("legacy_secret = '{LEGACY_BASE64}'"),
    ];
    for (n, config) in configs.iter().enumerate() {
        let authenticator = with(config, BackstageOptions::default());
        for (m, token) in tokens.iter().enumerate() {
            let result = connect(&authenticator, token);
            assert!(if n == m { result.is_ok() } else { is_invalid(&result) }, "{config}, token {m}");
        }
    }
    let named = with("plugins = ['catalog']", BackstageOptions { guests: true, targeted_to_backends: true });
    assert!(tokens.iter().all(|token| is_invalid(&connect(&named, token))));
}

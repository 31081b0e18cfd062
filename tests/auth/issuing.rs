//! Tokens that the broker signs itself.
use super::signing::*;
use callboard::auth::{Authenticator, Config, ConnectionToken, Error, Flag, Issuer, Overrides, SubscriptionToken};
use callboard::types::Json;
use std::time::Duration;

fn issuer_and_verifier(config: &str) -> (Issuer, Authenticator) {
    let config: Config = toml::from_str(config).unwrap();
    (Issuer::new(&config).unwrap(), Authenticator::new(&config).unwrap())
}

#[test]
fn a_connection_token_of_ours_is_verified_by_the_same_config() {
    let (issuer, verifier) = issuer_and_verifier(
        "hmac_secret = ['first', 'second']\naudience = ['chat', 'x']\nissuer = 'us'\nleeway = '10s'",
    );
    let token = ConnectionToken {
        user: "42".into(),
        ttl: Some(Duration::from_secs(3600)),
        info: Some(Json::write(&"Ada").unwrap()),
        meta: None,
        channels: vec!["news".into()],
        scopes: vec!["a".into(), "b".into()],
    };
    let token = issuer.issue_connection(&token).unwrap();
    let grant = ready(verifier.verify_connection(&token)).unwrap();
    let identity = grant.identity;
    assert_eq!((&*identity.user, identity.scopes.len()), ("42", 2));
    assert_eq!(identity.info.unwrap().as_str(), r#""Ada""#);
    assert_eq!(grant.subs[0].0, "news");
    assert!(identity.token_id.is_some(), "it can be revoked by its id");
    let (issued, ends) = (identity.issued_at.unwrap(), identity.expires_at.unwrap());
    assert_eq!(ends - issued, 3610, "and the leeway");
    assert!(ready(verifier.verify_connection_at(&token, ends)).is_err());
    let first_only = authenticator("hmac_secret = 'first'");
    assert!(ready(first_only.verify_connection(&token)).is_ok(), "the first secret signs");
}

#[test]
fn a_subscription_token_of_ours_is_verified_by_the_same_config() {
    let (issuer, verifier) = issuer_and_verifier("hmac_secret = 'first'");
    let overrides = Overrides { presence: Some(Flag { value: false }), ..Overrides::default() };
    let token =
        SubscriptionToken { user: "42".into(), channel: "$chat:1".into(), overrides, ..SubscriptionToken::default() };
    let token = issuer.issue_subscription(&token).unwrap();
    let grant = ready(verifier.verify_subscription(&token)).unwrap();
    assert_eq!((&*grant.user, &*grant.channel, grant.overrides), ("42", "$chat:1", overrides));
    assert_eq!(grant.expires_at, None);
    assert!(is_invalid(&ready(verifier.verify_connection(&token))));
}

#[test]
fn without_a_secret_nothing_can_be_signed_and_the_error_says_what_to_set() {
    let error = Issuer::new(&Config::default()).err().unwrap();
    assert!(matches!(error, Error::NoSecret) && error.to_string().contains("auth.hmac_secret"));
}

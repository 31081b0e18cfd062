//! Key sets from an address: a real server whose keys change.
use super::key_server::{KeyServer, ec, jwk, rsa};
use super::signing::*;
use crate::broker::house::until;
use callboard::auth::{Authenticator, TokenError};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::json;

fn authenticator_of(issuer: &KeyServer) -> Authenticator {
    authenticator(&format!("jwks_url = '{}'", issuer.url()))
}

fn token(algorithm: Algorithm, id: &str, key: &str) -> String {
    let header = Header { kid: Some(id.into()), ..Header::new(algorithm) };
    sign_as(header, key, &json!({"sub": "42", "exp": NOW + 60}))
}

async fn user(authenticator: &Authenticator, token: &str) -> Result<String, TokenError> {
    let grant = authenticator.verify_connection_at(token, NOW).wait().await?;
    Ok(grant.identity.user.to_string())
}

#[actix_web::test]
async fn a_rotated_key_is_fetched_when_the_first_token_names_it_and_a_removed_one_is_gone() {
    let issuer = KeyServer::start(&[rsa("a", RSA_PUBLIC)]);
    let authenticator = authenticator_of(&issuer);
    let (old, new) = (token(Algorithm::RS256, "a", RSA), token(Algorithm::RS256, "b", RSA_NEXT));
    assert_eq!(user(&authenticator, &old).await.as_deref(), Ok("42"));
    assert_eq!(connect(&authenticator, &old).unwrap().identity.user.as_ref(), "42", "cached: no waiting");

    issuer.publish(&[rsa("b", RSA_NEXT_PUBLIC)]);
    let both = futures_util::future::join(user(&authenticator, &new), user(&authenticator, &new)).await;
    assert_eq!((both.0.as_deref(), both.1.as_deref()), (Ok("42"), Ok("42")));
    assert_eq!(issuer.asked(), 2, "the two share a fetch");
    assert!(is_invalid(&user(&authenticator, &old).await));
}

#[actix_web::test]
async fn a_key_that_changed_under_its_name_is_fetched_when_the_first_token_comes_that_it_signed() {
    let issuer = KeyServer::start(&[rsa("a", RSA_PUBLIC)]);
    let authenticator = authenticator_of(&issuer);
    assert!(user(&authenticator, &token(Algorithm::RS256, "a", RSA)).await.is_ok());
    issuer.publish(&[rsa("a", RSA_NEXT_PUBLIC)]);
    assert_eq!(user(&authenticator, &token(Algorithm::RS256, "a", RSA_NEXT)).await.as_deref(), Ok("42"));
    assert_eq!(issuer.asked(), 2);
}

#[actix_web::test]
async fn a_set_whose_keys_have_no_names_is_fetched_again_where_none_of_them_verifies() {
    let nameless = |pem: &str| {
        let mut key = rsa("a", pem);
        key.as_object_mut().expect("an object").remove("kid");
        key
    };
    let issuer = KeyServer::start(&[nameless(RSA_PUBLIC)]);
    let authenticator = authenticator_of(&issuer);
    let [old, new] = [RSA, RSA_NEXT].map(|key| sign(Algorithm::RS256, key, &json!({"sub": "42", "exp": NOW + 60})));
    assert!(user(&authenticator, &old).await.is_ok());
    issuer.publish(&[nameless(RSA_NEXT_PUBLIC)]);
    assert_eq!(user(&authenticator, &new).await.as_deref(), Ok("42"));
}

#[actix_web::test]
async fn a_known_key_with_a_wrong_signature_is_refused_after_one_more_fetch() {
    let issuer = KeyServer::start(&[rsa("a", RSA_PUBLIC)]);
    let authenticator = authenticator_of(&issuer);
    assert!(user(&authenticator, &token(Algorithm::RS256, "a", RSA)).await.is_ok());
    let (forged, foreign) = (token(Algorithm::RS256, "a", RSA_NEXT), token(Algorithm::ES256, "a", P256));
    let both = futures_util::future::join(user(&authenticator, &forged), user(&authenticator, &foreign)).await;
    assert!(is_invalid(&both.0));
    assert!(is_invalid(&both.1), "its name, another kind");
    assert_eq!(issuer.asked(), 2, "the two share a fetch");
}

#[actix_web::test]
async fn every_asymmetric_kind_is_taken_from_a_set_and_a_symmetric_one_never() {
    let symmetric = json!({"kty": "oct", "kid": "h", "k": "c2VjcmV0"});
    let encryption = {
        let mut key = rsa("e", RSA_NEXT_PUBLIC);
        key["use"] = json!("enc");
        key
    };
    let issuer = KeyServer::start(&[
        symmetric,
        encryption,
        json!({"kty": "AKP", "kid": "future", "alg": "ML-DSA-44", "pub": "x"}),
        json!("no key at all"),
        rsa("weak", RSA_WEAK_PUBLIC),
        rsa("r", RSA_PUBLIC),
        ec("p256", P256_PUBLIC),
        ec("p384", P384_PUBLIC),
        jwk("ed", &DecodingKey::from_ed_pem(ED25519_PUBLIC.as_bytes()).unwrap()),
    ]);
    let authenticator = authenticator_of(&issuer);
    for (algorithm, id, key) in [
        (Algorithm::RS256, "r", RSA),
        (Algorithm::ES256, "p256", P256),
        (Algorithm::ES384, "p384", P384),
        (Algorithm::EdDSA, "ed", ED25519),
    ] {
        assert!(user(&authenticator, &token(algorithm, id, key)).await.is_ok(), "{id}");
    }
    let nameless = sign(Algorithm::EdDSA, ED25519, &json!({"sub": "42"}));
    assert!(connect(&authenticator, &nameless).is_ok(), "a token without kid is tried with all keys");
    assert!(is_invalid(&connect(&authenticator, &token(Algorithm::HS256, "h", "secret"))));
    assert!(is_invalid(&connect(&authenticator, &sign(Algorithm::HS256, "secret", &json!({"sub": "42"})))));
    assert!(is_invalid(&user(&authenticator, &token(Algorithm::RS256, "e", RSA_NEXT)).await), "not for signatures");
}

#[actix_web::test]
async fn while_the_set_cannot_be_had_its_tokens_are_unavailable_and_own_keys_still_work() {
    let oversized = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(300 * 1024));
    for (status, body) in [(500, "{}"), (302, "{}"), (200, "no json"), (200, r#"{"key":[]}"#), (200, &oversized)] {
        let issuer = KeyServer::start(&[]);
        issuer.answer(status, body);
        let authenticator = authenticator(&format!("jwks_url = '{}'\nhmac_secret = '{SECRET}'", issuer.url()));
        let refused = user(&authenticator, &token(Algorithm::RS256, "a", RSA)).await;
        assert_eq!(refused, Err(TokenError::Unavailable), "{status} with {} bytes", body.len());
        assert!(connect(&authenticator, &hs256(&json!({"sub": "42"}))).is_ok());
    }
}

#[actix_web::test]
async fn while_the_set_cannot_be_had_known_keys_work_and_others_are_refused_at_once_until_it_is_back() {
    let issuer = KeyServer::start(&[rsa("a", RSA_PUBLIC)]);
    let authenticator = authenticator_of(&issuer);
    let (known, unknown) = (token(Algorithm::RS256, "a", RSA), token(Algorithm::RS256, "b", RSA_NEXT));
    assert!(user(&authenticator, &known).await.is_ok());
    issuer.answer(500, "");
    assert_eq!(user(&authenticator, &unknown).await, Err(TokenError::Unavailable), "the fetch that it has waited for");

    for _ in 0..3 {
        assert_eq!(connect(&authenticator, &unknown).err(), Some(TokenError::Unavailable), "no waiting");
        assert!(connect(&authenticator, &known).is_ok(), "no waiting");
    }
    issuer.publish(&[rsa("b", RSA_NEXT_PUBLIC)]);
    // The one refused above has asked for a fetch already; each one that is refused meanwhile asks, too.
    until("the new key is known", || connect(&authenticator, &unknown).is_ok()).await;
    assert_eq!(issuer.asked(), 3);
}

#[test]
fn an_authenticator_fetches_without_an_actix_runtime_around_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            tell.send(KeyServer::start(&[rsa("a", RSA_PUBLIC)])).unwrap();
            let _ = stopped.await;
        });
    });
    let issuer = told.recv().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let authenticator = authenticator_of(&issuer);
    assert!(runtime.block_on(user(&authenticator, &token(Algorithm::RS256, "a", RSA))).is_ok());
    stop.send(()).unwrap();
    server.join().unwrap();
}

#[test]
fn an_authenticator_may_cross_threads() {
    fn crosses<T: Send + Sync + Clone>() {}
    crosses::<Authenticator>();
}

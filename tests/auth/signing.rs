//! Signs tokens of every kind for the tests, with keys that serve nothing else.
use callboard::auth::{Authenticator, Config, ConnectionGrant, SubscriptionGrant, TokenError};
use callboard::types::Answer;
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey, Header};
use serde_json::Value;

/// The time in all tests with a given clock.
pub const NOW: i64 = 1_700_000_000;
pub const SECRET: &str = "a secret of these tests";

pub const RSA: &str = include_str!("keys/rsa.pem");
pub const RSA_PUBLIC: &str = include_str!("keys/rsa.pub.pem");
pub const RSA_NEXT: &str = include_str!("keys/rsa_next.pem");
pub const RSA_NEXT_PUBLIC: &str = include_str!("keys/rsa_next.pub.pem");
pub const RSA_WEAK_PUBLIC: &str = include_str!("keys/rsa_weak.pub.pem");
pub const P256: &str = include_str!("keys/p256.pem");
pub const P256_PUBLIC: &str = include_str!("keys/p256.pub.pem");
pub const P256_NEXT: &str = include_str!("keys/p256_next.pem");
pub const P256_NEXT_PUBLIC: &str = include_str!("keys/p256_next.pub.pem");
pub const P384: &str = include_str!("keys/p384.pem");
pub const P384_PUBLIC: &str = include_str!("keys/p384.pub.pem");
pub const ED25519: &str = include_str!("keys/ed25519.pem");
pub const ED25519_PUBLIC: &str = include_str!("keys/ed25519.pub.pem");

/// Signs claims; `key` is a secret or a private key's PEM, as the algorithm needs.
pub fn sign(algorithm: Algorithm, key: &str, claims: &Value) -> String {
    sign_as(Header::new(algorithm), key, claims)
}

/// Signs claims under a header of one's own.
pub fn sign_as(header: Header, key: &str, claims: &Value) -> String {
    let key = match header.alg.family() {
        AlgorithmFamily::Hmac => Ok(EncodingKey::from_secret(key.as_bytes())),
        AlgorithmFamily::Rsa => EncodingKey::from_rsa_pem(key.as_bytes()),
        AlgorithmFamily::Ec => EncodingKey::from_ec_pem(key.as_bytes()),
        AlgorithmFamily::Ed => EncodingKey::from_ed_pem(key.as_bytes()),
    };
    jsonwebtoken::encode(&header, claims, &key.unwrap()).unwrap()
}

/// Signs claims with HS256 and [`SECRET`].
pub fn hs256(claims: &Value) -> String {
    sign(Algorithm::HS256, SECRET, claims)
}

pub fn authenticator(config: &str) -> Authenticator {
    Authenticator::new(&toml::from_str::<Config>(config).unwrap()).unwrap()
}

/// An authenticator that knows [`SECRET`], with more config.
pub fn with_secret(config: &str) -> Authenticator {
    authenticator(&format!("hmac_secret = '{SECRET}'\n{config}"))
}

/// The answer, which must be there without waiting.
pub fn ready<T, E>(answer: Answer<T, E>) -> Result<T, E> {
    match answer {
        Answer::Ready(result) => result,
        Answer::Later(_) => panic!("nothing to wait for"),
    }
}

pub fn connect(authenticator: &Authenticator, token: &str) -> Result<ConnectionGrant, TokenError> {
    ready(authenticator.verify_connection_at(token, NOW))
}

pub fn subscribe(authenticator: &Authenticator, token: &str) -> Result<SubscriptionGrant, TokenError> {
    ready(authenticator.verify_subscription_at(token, NOW))
}

pub fn is_invalid<T>(result: &Result<T, TokenError>) -> bool {
    matches!(result, Err(TokenError::Invalid(_)))
}

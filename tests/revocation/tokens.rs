//! Tokens that say of themselves what a story wants.
use super::house::{Client, House};
use callboard::broker::{Reached, Revoke, RevokeError};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// The secret of the houses.
const SECRET: &str = "a secret that is long enough for all";

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    since.as_secs().try_into().expect("before the end of time")
}

/// Signs these claims.
pub fn sign(secret: &str, claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).expect("a token")
}

/// A token of a house.
pub fn token(claims: Value) -> String {
    sign(SECRET, &claims)
}

/// A connection token of this user, with this id, issued a minute ago.
pub fn of(user: &str, id: &str) -> String {
    token(json!({ "sub": user, "jti": id, "iat": now() - 60 }))
}

/// A client that has been let in with this token.
pub async fn client(house: &House, token: &str) -> Client {
    let client = house.visitor();
    client.connect(token).await;
    client
}

/// What a new client with this token is told: its session's words, or `close CODE`.
pub async fn knock(house: &House, token: &str) -> String {
    house.visitor().ask(&format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#)).await
}

/// Whether a new client with this token is let in.
pub async fn is_let_in(house: &House, token: &str) -> bool {
    match &*knock(house, token).await {
        "close 3500" => false,
        told => {
            assert!(told.contains(r#""connect":{"client""#), "{told}");
            true
        }
    }
}

pub async fn revoke(house: &House, user: &str, what: Revoke) -> Result<Reached<()>, RevokeError> {
    house.node.authentication().revoke(user, what).await
}

//! Tokens as Backstage issues them.
use callboard::auth::backstage::Config;
use callboard::auth::{OneOrMany, Secret};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const USERS: &str = include_str!("../auth/keys/p256.pem");
const USERS_PUBLIC: &str = include_str!("../auth/keys/p256.pub.pem");
const SERVICES: &str = include_str!("../auth/keys/p256_next.pem");
const SERVICES_PUBLIC: &str = include_str!("../auth/keys/p256_next.pub.pem");
/// As it stands in `backend.auth.keys`: base64.
const LEGACY: &str = "YSBzZWNyZXQgb2YgYW4gb2xkZXIgYmFja2VuZCwgbG9uZyBlbm91Z2g=";
const LEGACY_BYTES: &[u8] = b"a secret of an older backend, long enough";

/// What accepts these tokens.
pub fn keys() -> Config {
    Config {
        user_public_key: vec![USERS_PUBLIC.to_owned()].into(),
        service_public_key: vec![SERVICES_PUBLIC.to_owned()].into(),
        plugins: ["catalog", "scaffolder"].map(str::to_owned).into(),
        legacy_secret: OneOrMany::from(vec![Secret::new(LEGACY)]),
        ..Config::default()
    }
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    i64::try_from(since.as_secs()).expect("it is not that late")
}

fn sign(typ: Option<&str>, key: &str, claims: &Value) -> String {
    let header = Header { typ: typ.map(str::to_owned), ..Header::new(Algorithm::ES256) };
    let key = EncodingKey::from_ec_pem(key.as_bytes()).expect("a key");
    jsonwebtoken::encode(&header, claims, &key).expect("a token")
}

/// That of a user, signed with the key of this name: `old` or `new`.
pub fn user_by(key: &str, user: &str) -> String {
    let claims = json!({"sub": user, "ent": [], "aud": "backstage", "iat": now(), "exp": now() + 3600});
    let pem = if key == "old" { USERS } else { SERVICES };
    let header =
        Header { typ: Some("vnd.backstage.user".into()), kid: Some(key.into()), ..Header::new(Algorithm::ES256) };
    let signing = EncodingKey::from_ec_pem(pem.as_bytes()).expect("a key");
    jsonwebtoken::encode(&header, &claims, &signing).expect("a token")
}

/// That key as it stands in a set.
pub fn key(name: &str) -> Value {
    crate::auth::key_server::ec(name, if name == "old" { USERS_PUBLIC } else { SERVICES_PUBLIC })
}

/// That of a user who owns these entities beside its own, good for `seconds`.
pub fn user_for(seconds: i64, user: &str, owned: &[&str]) -> String {
    let claims = json!({"sub": user, "ent": owned, "aud": "backstage", "iat": now(), "exp": now() + seconds});
    sign(Some("vnd.backstage.user"), USERS, &claims)
}

/// That of a user who owns these entities beside its own.
pub fn user(user: &str, owned: &[&str]) -> String {
    user_for(3600, user, owned)
}

/// That of a user, signed by somebody else.
pub fn forged(user: &str) -> String {
    let claims = json!({"sub": user, "ent": [], "aud": "backstage", "iat": now(), "exp": now() + 3600});
    sign(Some("vnd.backstage.user"), SERVICES, &claims)
}

/// That of a backend plugin.
pub fn service(plugin: &str) -> String {
    let claims = json!({"sub": plugin, "aud": "events", "iat": now(), "exp": now() + 3600});
    sign(Some("vnd.backstage.plugin"), SERVICES, &claims)
}

/// That of a backend of before 2024, which names no plugin.
pub fn legacy() -> String {
    let claims = json!({"sub": "backstage-server", "exp": now() + 3600});
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(LEGACY_BYTES))
        .expect("a token")
}

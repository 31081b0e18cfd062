//! The secrets of a Strapi application: what its users' JWTs are signed with, and what its API tokens are hashed with.
//!
//! Source: `plugin-users-permissions` of Strapi 4 (`services/jwt.js`: HS256, the claim `id`), and its admin panel
//! (`services/api-token.js`: the HMAC-SHA512 of a token under the salt, in hex).
use super::authenticator::TokenError;
use super::claims::{Seconds, in_time};
use super::keys::Key;
use super::parts::{self, Header};
use super::secret::gather;
use super::{Error, OneOrMany, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::Value;
use sha2::Sha512;
use std::fmt::Write as _;
use std::path::PathBuf;
use subtle::{ConditionallySelectable, ConstantTimeEq};

/// The longest API token in bytes; Strapi's have 256.
const MAX_API_TOKEN: usize = 1024;

/// The secrets as a config names them.
pub struct Secrets<'a> {
    /// What JWTs are signed with: Strapi's `plugin::users-permissions.jwtSecret`; several while one replaces another.
    pub jwt: &'a OneOrMany<Secret>,
    /// Files that hold one such secret each.
    pub jwt_files: &'a OneOrMany<PathBuf>,
    /// What API tokens are hashed with: Strapi's `admin.apiToken.salt`.
    pub salt: &'a OneOrMany<Secret>,
    /// Files that hold one such salt each.
    pub salt_files: &'a OneOrMany<PathBuf>,
}

/// Verifies JWTs and finds API tokens.
pub struct Keys {
    jwt: Vec<Key>,
    salts: Vec<Secret>,
}

/// What a JWT tells.
#[derive(Debug, Clone, PartialEq)]
pub struct JwtUser {
    /// The id of its user as it stands in the token; null where none does.
    pub id: Value,
    /// When it was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
    /// When it ends, in seconds since 1970; none for never.
    pub expires_at: Option<i64>,
}

/// The claims that are looked at.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    iat: Option<Seconds>,
    #[serde(default)]
    exp: Option<Seconds>,
    #[serde(default)]
    nbf: Option<Seconds>,
}

impl Keys {
    /// Reads secrets and files. Fails where a file cannot be read and where a secret is empty; the error names the config key.
    pub fn new(secrets: &Secrets<'_>) -> Result<Self, Error> {
        let jwt = gather(("strapi.jwt_secret", secrets.jwt), ("strapi.jwt_secret_file", secrets.jwt_files))?;
        let salts =
            gather(("strapi.api_token_salt", secrets.salt), ("strapi.api_token_salt_file", secrets.salt_files))?;
        Ok(Keys { jwt: jwt.iter().map(|secret| Key::hs256(secret.expose().as_bytes())).collect(), salts })
    }

    /// Whether any JWT could be valid.
    pub fn has_jwt(&self) -> bool {
        !self.jwt.is_empty()
    }

    /// What a JWT tells, if its signature is one of ours. `now` is in seconds since 1970. Fails where it is no JWT, where no secret
    /// verifies it, and where it has ended or has not begun.
    pub fn user(&self, token: &str, now: i64) -> Result<JwtUser, TokenError> {
        let header = Header::of(token)?;
        let opened = self.jwt.iter().find_map(|key| key.open(token, header.algorithm));
        let opened = opened.ok_or(TokenError::Invalid("no strapi.jwt_secret verifies its signature"))?;
        let claims: Claims = parts::claims(&opened)?;
        in_time(claims.exp, claims.nbf, 0, now)?;
        Ok(JwtUser { id: claims.id, issued_at: claims.iat.map(|iat| iat.0), expires_at: claims.exp.map(|exp| exp.0) })
    }

    /// Which of the stored hashes is that of this API token; none where none is. All of them are compared, in a time that depends on
    /// their number and lengths only.
    pub fn find<'a>(&self, token: &str, stored: impl Iterator<Item = &'a str>) -> Option<usize> {
        if token.len() > MAX_API_TOKEN {
            return None;
        }
        let hashes: Vec<String> = self.salts.iter().map(|salt| hash(token, salt)).collect();
        let mut found = u64::MAX;
        for (at, stored) in stored.enumerate() {
            for hash in &hashes {
                found.conditional_assign(&(at as u64), hash.as_bytes().ct_eq(stored.as_bytes()));
            }
        }
        // Beyond the range there is none: nobody stores that many.
        usize::try_from(found).ok().filter(|at| *at != usize::MAX)
    }
}

/// The hash under which Strapi stores an API token: the HMAC-SHA512 under the salt, in hex.
pub fn hash(token: &str, salt: &Secret) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(salt.expose().as_bytes()).expect("an HMAC takes a key of any length");
    mac.update(token.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(128), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all that is written");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{Algorithm, EncodingKey, Header as JwtHeader, encode};
    use serde_json::json;

    fn keys() -> Keys {
        let (jwt, salt) =
            (vec![Secret::new("jwt secret")].into(), vec![Secret::new("old"), Secret::new("salt")].into());
        let none = OneOrMany::default();
        Keys::new(&Secrets { jwt: &jwt, jwt_files: &none, salt: &salt, salt_files: &none }).expect("secrets")
    }

    fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
        encode(&JwtHeader::new(algorithm), claims, &EncodingKey::from_secret(secret.as_bytes())).expect("a JWT")
    }

    #[test]
    fn an_api_token_is_hashed_as_strapi_stores_it() {
        // `crypto.createHmac('sha512', 'salt').update('token').digest('hex')` of Node.js.
        let wanted = "979a0a65ea49e326693337176834b4d7f0664217a650b9658fe265e36aea3001\
                      e4539816a34a4846f5366429e41328b8023959c714fc23737069350f6743f6b6";
        assert_eq!(hash("token", &Secret::new("salt")), wanted);
        let other = hash("other", &Secret::new("salt"));
        assert_eq!(keys().find("token", [other.as_str(), wanted].into_iter()), Some(1));
        assert_eq!(keys().find("tokem", [other.as_str(), wanted].into_iter()), None);
        assert_eq!(keys().find("token", ["", "token"].into_iter()), None);
        assert_eq!(keys().find(&"t".repeat(2_000), [wanted].into_iter()), None);
    }

    #[test]
    fn a_jwt_tells_its_user_if_the_signature_is_ours_and_its_time_has_come() {
        let claims = json!({"id": 7, "iat": 5, "exp": 20});
        let good = signed(Algorithm::HS256, "jwt secret", &claims);
        let user = JwtUser { id: json!(7), issued_at: Some(5), expires_at: Some(20) };
        assert_eq!(keys().user(&good, 10), Ok(user));
        assert_eq!(keys().user(&good, 20), Err(TokenError::Expired));
        for wrong in [
            signed(Algorithm::HS256, "another", &claims),
            signed(Algorithm::HS384, "jwt secret", &claims),
            signed(Algorithm::HS256, "jwt secret", &json!({"id": 7, "exp": "soon"})),
            "token".into(),
        ] {
            assert!(matches!(keys().user(&wrong, 10), Err(TokenError::Invalid(_))), "{wrong}");
        }
        let nobodys = signed(Algorithm::HS256, "jwt secret", &json!({"sub": "7"}));
        assert_eq!(keys().user(&nobodys, 10).map(|user| user.id), Ok(Value::Null));
    }
}

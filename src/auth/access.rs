//! Access tokens of the authentication service: signed at login, shown with later calls.
//!
//! Source: `@feathersjs/authentication` 5 (`core`, `jwt`, `options`), and the words of `jsonwebtoken` 9 for what is wrong with a token.
use super::claims::{Claims, Policy, Wrong};
use super::keys::Key;
use super::parts::{self, Header};
use super::{Error, Secret, TokenError};
use crate::types::Identity;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What access tokens say beside their user.
#[derive(Debug, Clone)]
pub struct AccessOptions {
    /// The realm of their identities.
    pub realm: Arc<str>,
    /// The claim `aud`.
    pub audience: String,
    /// The claim `iss`.
    pub issuer: String,
    /// For how long one is good, in whole seconds.
    pub expires_in: Duration,
    /// By how many seconds the clock of another signer may be ahead.
    pub leeway: i64,
}

/// Signs and verifies access tokens with one secret. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    key: Key,
    policy: Policy,
    audience: String,
    issuer: String,
    expires_in: i64,
}

/// A token that was signed or verified.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whom it stands for.
    pub identity: Identity,
    /// Its claims.
    pub payload: Value,
}

/// Why a token is no access token. The words are those of `jsonwebtoken`, which clients of Feathers know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Not three parts.
    #[error("jwt malformed")]
    Malformed,
    /// Its parts cannot be read.
    #[error("invalid token")]
    Unreadable,
    /// It is not signed with HS256.
    #[error("invalid algorithm")]
    Algorithm,
    /// It is signed with another secret.
    #[error("invalid signature")]
    Signature,
    /// It is for somebody else.
    #[error("jwt audience invalid. expected: {0}")]
    Audience(String),
    /// It is from somebody else.
    #[error("jwt issuer invalid. expected: {0}")]
    Issuer(String),
    /// Its time is over, since this one in seconds since 1970.
    #[error("jwt expired")]
    Expired(i64),
    /// Its time has not come.
    #[error("jwt not active")]
    NotActive,
    /// It names no user.
    #[error("jwt subject invalid")]
    Subject,
    /// It has been revoked.
    #[error("jwt revoked")]
    Revoked,
    /// Whether it has been revoked cannot be told now.
    #[error("the token cannot be verified now")]
    Unavailable,
}

impl AccessError {
    /// The class of the error in `jsonwebtoken`.
    pub fn name(&self) -> &'static str {
        match self {
            AccessError::Expired(_) => "TokenExpiredError",
            AccessError::NotActive => "NotBeforeError",
            _ => "JsonWebTokenError",
        }
    }

    /// When its time was over, as JavaScript writes times in JSON; none where that is not what is wrong.
    pub fn expired_at(&self) -> Option<String> {
        let AccessError::Expired(at) = self else { return None };
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(*at).ok()?))?;
        // Later times have no such form.
        let last = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        (at <= last).then(|| humantime::format_rfc3339_millis(SystemTime::min(at, last)).to_string())
    }
}

/// In the order in which `jsonwebtoken` writes them.
#[derive(Serialize)]
struct Payload<'a> {
    iat: i64,
    exp: i64,
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
}

impl AccessTokens {
    /// Tokens that this secret signs.
    pub fn new(secret: &Secret, options: AccessOptions) -> Self {
        let AccessOptions { realm, audience, issuer, expires_in, leeway } = options;
        let policy =
            Policy { realm, audience: vec![audience.clone()].into(), issuer: vec![issuer.clone()].into(), leeway };
        let secret = secret.expose().as_bytes();
        AccessTokens(Arc::new(Inner {
            signing: EncodingKey::from_secret(secret),
            key: Key::hs256(secret),
            policy,
            audience,
            issuer,
            expires_in: i64::try_from(expires_in.as_secs()).unwrap_or(i64::MAX),
        }))
    }

    /// Signs a token for a user, issued `now`, in seconds since 1970, with a `jti` of its own.
    pub fn issue(&self, user: &str, now: i64) -> Result<(String, Access), Error> {
        let Inner { signing, audience, issuer, expires_in, .. } = &*self.0;
        let payload = Payload {
            iat: now,
            exp: now.saturating_add(*expires_in),
            aud: audience,
            iss: issuer,
            sub: user,
            jti: uuid::Uuid::new_v4().to_string(),
        };
        let mut header = jsonwebtoken::Header::new(Algorithm::HS256);
        header.typ = Some("access".to_owned());
        let sign = |error: jsonwebtoken::errors::Error| Error::Sign(error.to_string());
        let token = jsonwebtoken::encode(&header, &payload, signing).map_err(sign)?;
        let access = self.verify(&token, now).map_err(|error| Error::Sign(error.to_string()))?;
        Ok((token, access))
    }

    /// Verifies a token at this time, in seconds since 1970. Whether it has been revoked is not looked at.
    pub fn verify(&self, token: &str, now: i64) -> Result<Access, AccessError> {
        if token.split('.').count() != 3 {
            return Err(AccessError::Malformed);
        }
        let header = Header::of(token).map_err(|_| AccessError::Unreadable)?;
        if header.algorithm != Algorithm::HS256 {
            return Err(AccessError::Algorithm);
        }
        let opened = self.0.key.open(token, header.algorithm).ok_or(AccessError::Signature)?;
        let claims: Claims = parts::claims(&opened).map_err(|_| AccessError::Unreadable)?;
        self.0.policy.right(&claims, now).map_err(|wrong| self.explain(wrong))?;
        let payload = serde_json::from_str(opened.get()).map_err(|_| AccessError::Unreadable)?;
        let identity = match self.0.policy.connection(claims) {
            Ok(grant) => grant.identity,
            Err(TokenError::Invalid(_) | TokenError::Expired | TokenError::Unavailable) => {
                return Err(AccessError::Unreadable);
            }
        };
        match identity.user.is_empty() {
            true => Err(AccessError::Subject),
            false => Ok(Access { identity, payload }),
        }
    }

    fn explain(&self, wrong: Wrong) -> AccessError {
        match wrong {
            Wrong::Audience => AccessError::Audience(self.0.audience.clone()),
            Wrong::Issuer => AccessError::Issuer(self.0.issuer.clone()),
            Wrong::Expired(at) => AccessError::Expired(at),
            Wrong::Early => AccessError::NotActive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    const NOW: i64 = 1_700_000_000;

    fn tokens(secret: &str, audience: &str) -> AccessTokens {
        let options = AccessOptions {
            realm: "r".into(),
            audience: audience.to_owned(),
            issuer: "feathers".to_owned(),
            expires_in: Duration::from_secs(60),
            leeway: 0,
        };
        AccessTokens::new(&Secret::new(secret), options)
    }

    #[test]
    fn a_token_says_what_those_of_feathers_say() {
        let (token, access) = tokens("s", "a").issue("7", NOW).expect("it is signed");
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().expect("a header")).expect("base64");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        assert_eq!(header, json!({"alg": "HS256", "typ": "access"}));
        let jti = access.payload["jti"].as_str().expect("an id").to_owned();
        assert!(uuid::Uuid::parse_str(&jti).is_ok());
        let payload = json!({"iat": NOW, "exp": NOW + 60, "aud": "a", "iss": "feathers", "sub": "7", "jti": jti});
        assert_eq!(access.payload.to_string(), payload.to_string());
        let Identity { realm, user, token_id, issued_at, expires_at, .. } = access.identity;
        assert_eq!((&*realm, &*user, token_id.as_deref()), ("r", "7", Some(&*jti)));
        assert_eq!((issued_at, expires_at), (Some(NOW), Some(NOW + 60)));
    }

    #[test]
    fn each_fault_of_a_token_has_the_words_of_the_original() {
        let ours = tokens("s", "a");
        let (token, _) = ours.issue("7", NOW).expect("it is signed");
        let words = |token: &str, now| ours.verify(token, now).expect_err("it is wrong").to_string();
        let of = |secret: &str, audience: &str, user: &str| tokens(secret, audience).issue(user, NOW).map(|it| it.0);
        assert_eq!(words("x", NOW), "jwt malformed");
        assert_eq!(words("a.b.c", NOW), "invalid token");
        assert_eq!(words(&of("other", "a", "7").expect("signed"), NOW), "invalid signature");
        assert_eq!(words(&of("s", "b", "7").expect("signed"), NOW), "jwt audience invalid. expected: a");
        assert_eq!(words(&token, NOW + 60), "jwt expired");
        let expired = ours.verify(&token, NOW + 60).expect_err("it is over");
        assert_eq!(expired.expired_at().as_deref(), Some("2023-11-14T22:14:20.000Z"));
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert_eq!(words(&none, NOW), "invalid token");
        assert!(of("s", "a", "").is_err(), "a token is somebody's");
    }
}

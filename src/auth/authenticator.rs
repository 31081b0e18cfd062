//! Verifies tokens.
use super::claims::{Claims, Policy};
use super::jwks::{Found, Jwks, KeySet};
use super::keys::{self, Key};
use super::{Config, ConnectionGrant, Error, OneOrMany, SubscriptionGrant};
use crate::types::{Answer, Identity};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest token in bytes; a longer one is invalid before anything of it is decoded.
pub const MAX_TOKEN: usize = 16 * 1024;

/// The longest leeway a config may ask for.
const MAX_LEEWAY: Duration = Duration::from_secs(600);

/// Why a token grants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not one of ours: the text says what is wrong, for the log.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// One of ours, but its `exp` has passed or its `nbf` has not come; a new one may be accepted.
    #[error("the token has expired or is not valid yet")]
    Expired,
    /// The key it names may be in the key set of `auth.jwks_url`, which cannot be had now; trying again may help.
    #[error("the key set of auth.jwks_url cannot be fetched")]
    Unavailable,
}

/// Verifies connection and subscription tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    policy: Policy,
    keys: Vec<Key>,
    jwks: Option<Jwks>,
    revocation_ttl: Duration,
    guest: Option<Arc<Identity>>,
}

/// What a token says about its own signature, before it is verified: it picks among the keys, never their kind.
struct Header {
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl Authenticator {
    /// Reads keys and files of the config. Where it names a key set, a task that fetches it starts on the current
    /// arbiter, or on a thread of its own where there is none; it ends with the last clone of the authenticator.
    ///
    /// Fails where a key or file cannot be read and where a value is out of its range; the error names the config key.
    pub fn new(config: &Config) -> Result<Self, Error> {
        if config.leeway > MAX_LEEWAY {
            return Err(Error::value("auth.leeway", "must be at most 10m"));
        }
        if config.revocation_ttl < Duration::from_secs(1) {
            return Err(Error::value("auth.revocation_ttl", "must be at least 1s"));
        }
        let policy = Policy {
            realm: config.realm.as_str().into(),
            audience: config.audience.clone(),
            issuer: config.issuer.clone(),
            leeway: config.leeway.as_secs() as i64,
        };
        let keys = keys::configured(config)?;
        let jwks = config.jwks_url.as_deref().map(|url| Jwks::start(url, config.jwks_refresh)).transpose()?;
        let guest = config.anonymous.then(Identity::nobody);
        Ok(Authenticator(Arc::new(Inner { policy, keys, jwks, revocation_ttl: config.revocation_ttl, guest })))
    }

    /// One without keys, for which no token is valid.
    pub(super) fn closed() -> Self {
        let policy =
            Policy { realm: "".into(), audience: OneOrMany::default(), issuer: OneOrMany::default(), leeway: 0 };
        let revocation_ttl = Config::default().revocation_ttl;
        Authenticator(Arc::new(Inner { policy, keys: vec![], jwks: None, revocation_ttl, guest: None }))
    }

    /// Whether any key is configured: without one no token is valid.
    pub fn has_keys(&self) -> bool {
        !self.0.keys.is_empty() || self.0.jwks.is_some()
    }

    /// Whom a client without a token stands for; none where it is not let in.
    pub fn guest(&self) -> Option<Arc<Identity>> {
        self.0.guest.clone()
    }

    /// The realm of the identities that it verifies.
    pub fn realm(&self) -> Arc<str> {
        self.0.policy.realm.clone()
    }

    /// By how many seconds the clock of who issues tokens may be ahead.
    pub fn leeway(&self) -> i64 {
        self.0.policy.leeway
    }

    /// For how long what has been revoked is refused.
    pub fn revocation_ttl(&self) -> Duration {
        self.0.revocation_ttl
    }

    /// Verifies a connection token. `Ready` unless the key set must be fetched for it.
    pub fn verify_connection(&self, token: &str) -> Answer<ConnectionGrant, TokenError> {
        self.verify_connection_at(token, now())
    }

    /// The same at a given time, in seconds since 1970.
    pub fn verify_connection_at(&self, token: &str, now: i64) -> Answer<ConnectionGrant, TokenError> {
        self.verify(token, now, Policy::connection)
    }

    /// Verifies a subscription token. `Ready` unless the key set must be fetched for it. Whether it is for this user and
    /// channel is for the caller to compare.
    pub fn verify_subscription(&self, token: &str) -> Answer<SubscriptionGrant, TokenError> {
        self.verify_subscription_at(token, now())
    }

    /// The same at a given time, in seconds since 1970.
    pub fn verify_subscription_at(&self, token: &str, now: i64) -> Answer<SubscriptionGrant, TokenError> {
        self.verify(token, now, Policy::subscription)
    }

    fn verify<G: Send + 'static>(
        &self,
        token: &str,
        now: i64,
        grant: fn(&Policy, Claims) -> Result<G, TokenError>,
    ) -> Answer<G, TokenError> {
        let header = match Header::of(token) {
            Ok(header) => header,
            Err(error) => return Answer::err(error),
        };
        let inner = self.0.clone();
        let finish = move |opened: Result<Box<RawValue>, TokenError>| {
            let claims: Claims = serde_json::from_str(opened?.get()).map_err(|error| wrong_claim(&error))?;
            inner.policy.check(&claims, now)?;
            grant(&inner.policy, claims)
        };
        self.0.open(token, header).then(finish)
    }
}

impl Inner {
    /// Verifies the signature: with the config's own keys first, then with those of the key set.
    fn open(&self, token: &str, header: Header) -> Answer<Box<RawValue>, TokenError> {
        if let Some(claims) = self.keys.iter().find_map(|key| key.open(token, header.algorithm)) {
            return Answer::ok(claims);
        }
        let symmetric = header.algorithm.family() == jsonwebtoken::AlgorithmFamily::Hmac;
        match &self.jwks {
            Some(jwks) if !symmetric => self.open_with_set(jwks, token, header),
            _ if self.keys.iter().any(|key| key.fits(header.algorithm)) => Answer::err(bad_signature(token)),
            _ => Answer::err(TokenError::Invalid("no key is configured for its algorithm")),
        }
    }

    /// Verifies with the keys of the set. Where none verifies, the key may have been changed under the same name, so newer keys are
    /// waited for, as for a key that is not known: fetches are spaced.
    fn open_with_set(&self, jwks: &Jwks, token: &str, header: Header) -> Answer<Box<RawValue>, TokenError> {
        let open = move |token: &str, keys: &KeySet| keys.open(token, header.algorithm, header.key_id.as_deref());
        let mut refusal = TokenError::Invalid("the key set has no such key");
        match jwks.cached().map(|keys| open(token, &keys)) {
            Some(Some(Some(claims))) => return Answer::ok(claims),
            Some(Some(None)) => refusal = bad_signature(token),
            Some(None) | None => {}
        }
        let mut search = jwks.search();
        let token = token.to_owned();
        Answer::Later(Box::pin(async move {
            loop {
                match search.next().await {
                    Found::Keys(keys) => match open(&token, &keys) {
                        Some(Some(claims)) => return Ok(claims),
                        Some(None) => refusal = bad_signature(&token),
                        None => {}
                    },
                    Found::Unavailable => return Err(TokenError::Unavailable),
                    Found::NoSuchKey => return Err(refusal),
                }
            }
        }))
    }
}

/// Why no key opens a token: its claims cannot be read, or else its signature does not match.
fn bad_signature(token: &str) -> TokenError {
    let Some(claims) = part(token, 1) else { return TokenError::Invalid("not a JWT") };
    TokenError::Invalid(match serde_json::from_slice::<IgnoredAny>(&claims) {
        Err(_) if claims.starts_with(MARK) => "its claims begin with a byte order mark, which is no JSON",
        Err(_) => "its claims are no JSON",
        Ok(_) => match serde_json::from_slice::<Claims>(&claims) {
            Err(error) => return wrong_claim(&error),
            Ok(_) => "the signature does not match",
        },
    })
}

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A part of a token as it is before base64: 0 the header, 1 the claims. None where it is no base64.
fn part(token: &str, number: usize) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(number)?).ok()
}

/// Why claims cannot be read.
fn wrong_claim(error: &serde_json::Error) -> TokenError {
    TokenError::Invalid(match error.to_string().starts_with("duplicate field") {
        true => "a claim stands in it twice",
        false => "a claim is of the wrong type",
    })
}

impl Header {
    fn of(token: &str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Invalid("longer than 16 KiB"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| {
            TokenError::Invalid(match part(token, 0).is_some_and(|header| header.starts_with(MARK)) {
                true => "its header begins with a byte order mark, which is no JSON",
                false => "not a JWT, or of an unknown algorithm",
            })
        })?;
        // What `crit` lists must be understood or the token refused (RFC 7515, section 4.1.11); we understand none.
        if header.crit.is_some() {
            return Err(TokenError::Invalid("it asks for extensions (crit)"));
        }
        let algorithm =
            keys::accepted(header.alg).ok_or(TokenError::Invalid("its algorithm is not one that is verified here"))?;
        Ok(Header { algorithm, key_id: header.kid })
    }
}

/// Seconds since 1970; a clock before that reads as 0.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}

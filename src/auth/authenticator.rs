//! Verifies tokens.
use super::backstage::{self, BackstageOptions};
use super::claims::{Claims, Policy};
use super::jwks::{self, Fetching, Jwks, Source};
use super::keyring::Keyring;
use super::parts::{self, Header};
use super::{Config, ConnectionGrant, Error, OneOrMany, SubscriptionGrant, keys};
use crate::types::{Answer, Identity};
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
    /// The key it names may be in a key set that cannot be had now; trying again may help. Which set that is stands in the log, by the
    /// config key of its address.
    #[error("the key set that its key may be in cannot be fetched")]
    Unavailable,
}

/// Verifies connection and subscription tokens. Cheap to clone; clones share the keys.
#[derive(Clone)]
pub struct Authenticator(Arc<Inner>);

struct Inner {
    terms: Terms,
    tokens: Tokens,
}

/// What holds for tokens of every kind.
struct Terms {
    realm: Arc<str>,
    /// In seconds.
    leeway: i64,
    revocation_ttl: Duration,
    guest: Option<Arc<Identity>>,
}

/// The tokens that are verified.
enum Tokens {
    /// Those of the section `[auth]`, with Centrifugo's claims.
    Own { keys: Keyring, policy: Arc<Policy> },
    /// Backstage's.
    Backstage(backstage::Verifier),
}

impl Authenticator {
    /// Reads keys and files of the config. Where it names a key set, a task that fetches it starts on the current
    /// arbiter, or on a thread of its own where there is none; it ends with the last clone of the authenticator.
    ///
    /// Fails where a key or file cannot be read and where a value is out of its range; the error names the config key.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let leeway = checked_leeway("auth.leeway", config.leeway)?;
        let revocation_ttl = checked_ttl("auth.revocation_ttl", config.revocation_ttl)?;
        let realm: Arc<str> = config.realm.as_str().into();
        let policy =
            Policy { realm: realm.clone(), audience: config.audience.clone(), issuer: config.issuer.clone(), leeway };
        let keys = keys::configured(config)?;
        let refresh = config.jwks_refresh;
        let source = |url| Source { key: "auth.jwks_url", url, owner: None, refresh_key: "auth.jwks_refresh", refresh };
        let set = config.jwks_url.as_deref().map(|url| Jwks::of(&source(url))).transpose()?;
        let (jwks, fetching): (Option<Jwks>, Option<Fetching>) = set.unzip();
        jwks::start(fetching.into_iter().collect())?;
        let terms = Terms { realm, leeway, revocation_ttl, guest: config.anonymous.then(Identity::nobody) };
        Ok(Self::own(terms, Keyring::new(keys, jwks, parts::bad_signature::<Claims>), policy))
    }

    /// One for Backstage's tokens, in the realm `backstage`. Reads keys and files of the config. The key sets that it names are fetched
    /// as those of [`Authenticator::new`] are.
    ///
    /// Fails as [`backstage::Config::check`] does.
    pub fn for_backstage(config: &backstage::Config, options: BackstageOptions) -> Result<Self, Error> {
        let (verifier, fetching) = backstage::Verifier::new(config, options)?;
        let terms = Terms {
            realm: backstage::REALM.into(),
            leeway: checked_leeway("backstage.auth.leeway", config.leeway)?,
            revocation_ttl: checked_ttl("backstage.auth.revocation_ttl", config.revocation_ttl)?,
            guest: options.guests.then(|| Arc::new(backstage::guest())),
        };
        jwks::start(fetching)?;
        Ok(Authenticator(Arc::new(Inner { terms, tokens: Tokens::Backstage(verifier) })))
    }

    /// One without keys, for which no token is valid, and that lets no guest in.
    pub(super) fn closed() -> Self {
        let policy =
            Policy { realm: "".into(), audience: OneOrMany::default(), issuer: OneOrMany::default(), leeway: 0 };
        let revocation_ttl = Config::default().revocation_ttl;
        let terms = Terms { realm: "".into(), leeway: 0, revocation_ttl, guest: None };
        Self::own(terms, Keyring::new(vec![], None, parts::bad_signature::<Claims>), policy)
    }

    fn own(terms: Terms, keys: Keyring, policy: Policy) -> Self {
        Authenticator(Arc::new(Inner { terms, tokens: Tokens::Own { keys, policy: Arc::new(policy) } }))
    }

    /// Whether any key is configured: without one no token is valid.
    pub fn has_keys(&self) -> bool {
        match &self.0.tokens {
            Tokens::Own { keys, .. } => !keys.is_empty(),
            Tokens::Backstage(verifier) => verifier.has_keys(),
        }
    }

    /// The realm of the identities that it verifies.
    pub fn realm(&self) -> Arc<str> {
        self.0.terms.realm.clone()
    }

    /// By how many seconds the clock of who issues tokens may be ahead.
    pub fn leeway(&self) -> i64 {
        self.0.terms.leeway
    }

    /// For how long what has been revoked is refused.
    pub fn revocation_ttl(&self) -> Duration {
        self.0.terms.revocation_ttl
    }

    /// What a client without a token is taken for: [`Identity::nobody`] where `auth.anonymous` is on, and Backstage's guest
    /// `user:default/guest` where guests are let in there. None: such a client is refused.
    pub fn guest(&self) -> Option<Arc<Identity>> {
        self.0.terms.guest.clone()
    }

    /// Verifies a connection token. `Ready` unless a key set must be fetched for it.
    pub fn verify_connection(&self, token: &str) -> Answer<ConnectionGrant, TokenError> {
        self.verify_connection_at(token, now())
    }

    /// The same at a given time, in seconds since 1970.
    pub fn verify_connection_at(&self, token: &str, now: i64) -> Answer<ConnectionGrant, TokenError> {
        match &self.0.tokens {
            Tokens::Own { keys, policy } => verify(keys, policy, token, now, Policy::connection),
            Tokens::Backstage(verifier) => verifier.verify(token, now),
        }
    }

    /// Verifies a subscription token. `Ready` unless the key set must be fetched for it. Whether it is for this user and
    /// channel is for the caller to compare. Backstage has none.
    pub fn verify_subscription(&self, token: &str) -> Answer<SubscriptionGrant, TokenError> {
        self.verify_subscription_at(token, now())
    }

    /// The same at a given time, in seconds since 1970.
    pub fn verify_subscription_at(&self, token: &str, now: i64) -> Answer<SubscriptionGrant, TokenError> {
        match &self.0.tokens {
            Tokens::Own { keys, policy } => verify(keys, policy, token, now, Policy::subscription),
            Tokens::Backstage(_) => Answer::err(TokenError::Invalid("Backstage's tokens grant no subscription")),
        }
    }
}

/// Verifies a token of the section `[auth]`: its signature, then its claims.
fn verify<G: Send + 'static>(
    keys: &Keyring,
    policy: &Arc<Policy>,
    token: &str,
    now: i64,
    grant: fn(&Policy, Claims) -> Result<G, TokenError>,
) -> Answer<G, TokenError> {
    let header = match Header::of(token) {
        Ok(header) => header,
        Err(error) => return Answer::err(error),
    };
    let policy = policy.clone();
    keys.open(token, header).then(move |opened| {
        let claims: Claims = parts::claims(&opened?)?;
        policy.check(&claims, now)?;
        grant(&policy, claims)
    })
}

/// A config's leeway in seconds. Fails where it is out of its range; `key` is named in the error.
pub(super) fn checked_leeway(key: &'static str, leeway: Duration) -> Result<i64, Error> {
    match leeway > MAX_LEEWAY {
        true => Err(Error::value(key, "must be at most 10m")),
        // At most ten minutes.
        false => Ok(leeway.as_secs() as i64),
    }
}

/// A config's time of revocations. Fails where it is out of its range; `key` is named in the error.
pub(super) fn checked_ttl(key: &'static str, ttl: Duration) -> Result<Duration, Error> {
    match ttl < Duration::from_secs(1) {
        true => Err(Error::value(key, "must be at least 1s")),
        false => Ok(ttl),
    }
}

/// Seconds since 1970; a clock before that reads as 0.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}

//! The keys that some tokens are verified with: those of the config, and those of a key set.
use super::authenticator::TokenError;
use super::jwks::{Found, Jwks, KeySet};
use super::keys::Key;
use super::parts::Header;
use crate::types::Answer;
use jsonwebtoken::AlgorithmFamily;
use serde_json::value::RawValue;

/// The keys that tokens of one kind are verified with.
pub(super) struct Keyring {
    keys: Vec<Key>,
    jwks: Option<Jwks>,
    /// Says why no key opens a token.
    refusal: fn(&str) -> TokenError,
}

impl Keyring {
    /// The config's own keys, a key set, and what to say of a token that none of them opens.
    pub fn new(keys: Vec<Key>, jwks: Option<Jwks>, refusal: fn(&str) -> TokenError) -> Self {
        Keyring { keys, jwks, refusal }
    }

    /// Whether it holds no key and never will: it opens nothing.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.jwks.is_none()
    }

    /// The claims of a token whose signature a key verifies: one of the config's own first, then one of the key set. Nothing but the
    /// signature is checked. `Ready` unless the key set must be fetched.
    pub fn open(&self, token: &str, header: Header) -> Answer<Box<RawValue>, TokenError> {
        if let Some(claims) = self.keys.iter().find_map(|key| key.open(token, header.algorithm)) {
            return Answer::ok(claims);
        }
        let symmetric = header.algorithm.family() == AlgorithmFamily::Hmac;
        match &self.jwks {
            Some(jwks) if !symmetric => self.open_with_set(jwks, token, header),
            _ if self.keys.iter().any(|key| key.fits(header.algorithm)) => Answer::err((self.refusal)(token)),
            _ => Answer::err(TokenError::Invalid(
                "no key is configured for its algorithm: set auth.hmac_secret, or the public key that it is signed for",
            )),
        }
    }

    /// Verifies with the keys of the set. Where none verifies, the key may have been changed under the same name, so newer keys are
    /// waited for, as for a key that is not known: fetches are spaced. While fetches fail nobody waits: the answer would most likely
    /// be the same, only later.
    fn open_with_set(&self, jwks: &Jwks, token: &str, header: Header) -> Answer<Box<RawValue>, TokenError> {
        let open = move |token: &str, keys: &KeySet| keys.open(token, header.algorithm, header.key_id.as_deref());
        let bad_signature = self.refusal;
        let mut refusal = TokenError::Invalid("the key set has no such key");
        let known = jwks.known();
        match known.keys.map(|keys| open(token, &keys)) {
            Some(Some(Some(claims))) => return Answer::ok(claims),
            Some(Some(None)) => refusal = bad_signature(token),
            Some(None) | None => {}
        }
        if known.failed {
            jwks.nudge();
            return Answer::err(TokenError::Unavailable);
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

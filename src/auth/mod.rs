//! Who a client is: tokens, keys, origins, proxies.
//!
//! | part | answers |
//! |---|---|
//! | [`Authenticator`] | which identity a connection or subscription token (a JWT) has, and what it grants |
//! | [`Authenticators`] | which authenticator a wire's tokens belong to |
//! | [`backstage`] | the same for Backstage's own tokens |
//! | [`strapi`] | whose the JWTs of a Strapi application are, and which of its API tokens a text is |
//! | [`bearer_token`], [`access_token`] | which token an `Authorization` header carries |
//! | [`AccessTokens`] | signs and verifies the tokens of logins |
//! | [`hash_password`], [`verify_password`] | hashes of passwords, as they are stored |
//! | [`Issuer`] | signs such tokens, for the command line |
//! | [`ApiKeys`] | whether a request to the HTTP API carries a configured key |
//! | [`Origins`] | whether a page of that origin may open a connection |
//! | [`TrustedProxies`] | from which address, and for which host, a forwarded request came |
//!
//! Nothing here knows HTTP types: callers pass header values as text.
//! Rules for tokens: the signature is verified before any claim is used, and the kind of the *configured key* decides
//! which algorithms it verifies, so a public key can never serve as an HMAC secret (RFC 8725, section 2.1).
mod access;
mod api_keys;
mod authenticator;
mod authenticators;
pub mod backstage;
mod bearer;
mod claims;
mod config;
mod grant;
mod issuer;
mod jwks;
mod keyring;
mod keys;
mod origins;
mod parts;
mod passwords;
mod proxies;
mod secret;
pub mod strapi;
mod strength;

pub use access::{Access, AccessError, AccessOptions, AccessTokens};
pub use api_keys::ApiKeys;
pub use authenticator::{Authenticator, MAX_TOKEN, TokenError};
pub use authenticators::Authenticators;
pub use backstage::BackstageOptions;
pub use bearer::{access_token, bearer_token};
pub use config::{ApiConfig, Config};
pub use grant::{ConnectionGrant, Flag, Overrides, SubscriptionGrant, SubscriptionOptions};
pub use issuer::{ConnectionToken, Issuer, SubscriptionToken};
pub use keys::first_secret;
pub use origins::{Origins, OwnNames};
pub use passwords::{MAX_PASSWORD, Unhashed, Verified, hash_password, verify_password};
pub use proxies::TrustedProxies;
pub use secret::{OneOrMany, Secret};
pub use strength::{Guessable, guessable_access, guessable_keys, guessable_secrets};

use std::path::PathBuf;

/// Why a config cannot be used. Every message names the key to change; none shows a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that a key names cannot be read.
    #[error("{key}: cannot read {}: {source}", path.display())]
    File {
        /// The config key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A value makes no sense.
    #[error("{key}: {reason}")]
    Value {
        /// The config key.
        key: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A token is to be signed and there is nothing to sign it with.
    #[error("auth.hmac_secret or auth.hmac_secret_file must be set to sign tokens")]
    NoSecret,
    /// A token could not be signed.
    #[error("the token could not be signed: {0}")]
    Sign(String),
}

impl Error {
    fn value(key: &'static str, reason: impl Into<String>) -> Self {
        Error::Value { key, reason: reason.into() }
    }
}

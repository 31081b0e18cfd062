//! Signs tokens, for the command line and for tests of applications.
use super::authenticator::now;
use super::{Config, Error, Overrides, keys};
use crate::types::Json;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use std::time::Duration;

/// Signs tokens with HS256 and the first HMAC secret of a config.
pub struct Issuer {
    key: EncodingKey,
    audience: Option<String>,
    issuer: Option<String>,
}

/// What a connection token is to say.
#[derive(Debug, Clone, Default)]
pub struct ConnectionToken {
    /// The user; empty for an anonymous one.
    pub user: String,
    /// How long it is good for, in whole seconds; none for ever.
    pub ttl: Option<Duration>,
    /// Shown to others.
    pub info: Option<Json>,
    /// Shown to handlers.
    pub meta: Option<Json>,
    /// Server-side subscriptions.
    pub channels: Vec<String>,
    /// What it allows.
    pub scopes: Vec<String>,
}

/// What a subscription token is to say.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionToken {
    /// The user; empty for an anonymous one.
    pub user: String,
    /// The channel.
    pub channel: String,
    /// How long it is good for, in whole seconds; none for ever.
    pub ttl: Option<Duration>,
    /// Shown to others in the channel.
    pub info: Option<Json>,
    /// How the subscription differs from what the namespace says.
    pub overrides: Overrides,
}

#[derive(Serialize, Default)]
struct Claims<'a> {
    sub: &'a str,
    iat: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    info: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Json>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    channels: &'a [String],
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "override")]
    overrides: Option<Overrides>,
}

impl Issuer {
    /// Takes the first secret of the config, and its first audience and issuer for the tokens' `aud` and `iss`. Fails
    /// where there is no secret or its file cannot be read.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let secrets = keys::hmac_secrets(config)?;
        let secret = secrets.first().ok_or(Error::NoSecret)?;
        Ok(Issuer {
            key: EncodingKey::from_secret(secret.expose().as_bytes()),
            audience: config.audience.iter().next().cloned(),
            issuer: config.issuer.iter().next().cloned(),
        })
    }

    /// Signs a connection token, issued now, with a random `jti`.
    pub fn issue_connection(&self, token: &ConnectionToken) -> Result<String, Error> {
        self.sign(Claims {
            info: token.info.as_ref(),
            meta: token.meta.as_ref(),
            channels: &token.channels,
            scope: token.scopes.join(" "),
            ..self.claims(&token.user, token.ttl)
        })
    }

    /// Signs a subscription token, issued now, with a random `jti`.
    pub fn issue_subscription(&self, token: &SubscriptionToken) -> Result<String, Error> {
        self.sign(Claims {
            channel: Some(&token.channel),
            info: token.info.as_ref(),
            overrides: Some(token.overrides).filter(|overrides| *overrides != Overrides::default()),
            ..self.claims(&token.user, token.ttl)
        })
    }

    fn claims<'a>(&'a self, user: &'a str, ttl: Option<Duration>) -> Claims<'a> {
        let iat = now();
        let seconds = |ttl: Duration| i64::try_from(ttl.as_secs()).unwrap_or(i64::MAX);
        Claims {
            sub: user,
            iat,
            jti: uuid::Uuid::new_v4().to_string(),
            exp: ttl.map(|ttl| iat.saturating_add(seconds(ttl))),
            aud: self.audience.as_deref(),
            iss: self.issuer.as_deref(),
            ..Claims::default()
        }
    }

    fn sign(&self, claims: Claims<'_>) -> Result<String, Error> {
        jsonwebtoken::encode(&Header::default(), &claims, &self.key).map_err(|error| Error::Sign(error.to_string()))
    }
}

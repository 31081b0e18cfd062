//! The claims of a token as Centrifugo's tokens write them, and how they become grants.
use super::authenticator::TokenError;
use super::{ConnectionGrant, OneOrMany, Overrides, SubscriptionGrant, SubscriptionOptions};
use crate::types::{Identity, IdentityKind, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The claims of both kinds of tokens. A claim of a wrong type makes the token invalid; unknown ones are ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Claims {
    sub: Option<String>,
    exp: Option<Seconds>,
    nbf: Option<Seconds>,
    iat: Option<Seconds>,
    jti: Option<String>,
    aud: Option<OneOrMany<String>>,
    iss: Option<String>,
    scope: Option<String>,
    info: Option<Json>,
    b64info: Option<String>,
    meta: Option<Json>,
    expire_at: Option<Seconds>,
    #[serde(deserialize_with = "present")]
    channels: Vec<String>,
    #[serde(deserialize_with = "present")]
    subs: BTreeMap<String, Option<Sub>>,
    channel: Option<String>,
    client: Option<String>,
    #[serde(rename = "override")]
    overrides: Option<Overrides>,
}

/// One entry of the claim `subs`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Sub {
    info: Option<Json>,
    b64info: Option<String>,
    data: Option<Json>,
    b64data: Option<String>,
    #[serde(rename = "override")]
    overrides: Option<Overrides>,
}

/// A claim that is null is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// A NumericDate: seconds since 1970, which some issuers write with a fraction (RFC 7519, section 2).
#[derive(Clone, Copy)]
pub(super) struct Seconds(pub i64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        // A float beyond the range of i64 saturates, which is as far in the past or future as dates go.
        let whole = || number.as_f64().map(|seconds| seconds.floor() as i64);
        number.as_i64().or_else(whole).map(Seconds).ok_or_else(|| serde::de::Error::custom("not a date"))
    }
}

/// Checks the claims `exp` and `nbf`; leeway and now in seconds, the latter since 1970.
pub(super) fn in_time(exp: Option<Seconds>, nbf: Option<Seconds>, leeway: i64, now: i64) -> Result<(), TokenError> {
    let expired = exp.is_some_and(|exp| exp.0.saturating_add(leeway) <= now);
    let early = nbf.is_some_and(|nbf| nbf.0.saturating_sub(leeway) > now);
    match expired || early {
        true => Err(TokenError::Expired),
        false => Ok(()),
    }
}

/// What tokens are checked against beside their signature.
pub(super) struct Policy {
    /// See [`super::Config::realm`].
    pub realm: Arc<str>,
    /// See [`super::Config::audience`].
    pub audience: OneOrMany<String>,
    /// See [`super::Config::issuer`].
    pub issuer: OneOrMany<String>,
    /// See [`super::Config::leeway`], in seconds.
    pub leeway: i64,
}

/// What is wrong with the claims of a token that is signed well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is for somebody else.
    Audience,
    /// It is from somebody else.
    Issuer,
    /// It was good until this time, in seconds since 1970.
    Expired(i64),
    /// It is not good yet.
    Early,
}

impl Policy {
    /// Checks whom the token is for and from, then when it is good. `now` is in seconds since 1970.
    pub fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        self.right(claims, now).map_err(|wrong| match wrong {
            Wrong::Audience => TokenError::Invalid("the audience (aud) is not one of auth.audience"),
            Wrong::Issuer => TokenError::Invalid("the issuer (iss) is not one of auth.issuer"),
            Wrong::Expired(_) | Wrong::Early => TokenError::Expired,
        })
    }

    /// The same; what is wrong first.
    pub fn right(&self, claims: &Claims, now: i64) -> Result<(), Wrong> {
        if !self.audience.is_empty() && !claims.is_for(&self.audience) {
            return Err(Wrong::Audience);
        }
        if !self.issuer.is_empty() && !claims.is_from(&self.issuer) {
            return Err(Wrong::Issuer);
        }
        match (in_time(claims.exp, claims.nbf, self.leeway, now), claims.exp) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(exp)) if exp.0.saturating_add(self.leeway) <= now => Err(Wrong::Expired(exp.0)),
            (Err(_), _) => Err(Wrong::Early),
        }
    }

    /// What checked claims grant to a connection.
    pub fn connection(&self, claims: Claims) -> Result<ConnectionGrant, TokenError> {
        // A subscription token, which an application hands out more freely, must not open a connection.
        if claims.channel.is_some() {
            return Err(TokenError::Invalid("a subscription token where a connection token belongs"));
        }
        let expires_at = claims.ends(self.leeway);
        let user: Arc<str> = claims.sub.unwrap_or_default().into();
        let identity = Identity {
            realm: self.realm.clone(),
            kind: if user.is_empty() { IdentityKind::Anonymous } else { IdentityKind::User },
            user,
            groups: BTreeSet::new(),
            scopes: scopes(claims.scope),
            token_id: claims.jti.map(Into::into),
            issued_at: claims.iat.map(|iat| iat.0),
            expires_at,
            info: json("b64info is not base64 of JSON", claims.info, claims.b64info)?,
            meta: claims.meta,
        };
        Ok(ConnectionGrant { identity, subs: subscriptions(claims.channels, claims.subs)? })
    }

    /// What checked claims grant to a subscription.
    pub fn subscription(&self, claims: Claims) -> Result<SubscriptionGrant, TokenError> {
        Ok(SubscriptionGrant {
            expires_at: claims.ends(self.leeway),
            user: claims.sub.unwrap_or_default().into(),
            channel: claims.channel.unwrap_or_default(),
            client: claims.client.filter(|client| !client.is_empty()),
            info: json("b64info is not base64 of JSON", claims.info, claims.b64info)?,
            scopes: scopes(claims.scope),
            token_id: claims.jti.map(Into::into),
            issued_at: claims.iat.map(|iat| iat.0),
            overrides: claims.overrides.unwrap_or_default(),
        })
    }
}

impl Claims {
    fn is_for(&self, audience: &OneOrMany<String>) -> bool {
        let named = self.aud.iter().flat_map(OneOrMany::iter);
        named.into_iter().any(|aud| audience.iter().any(|ours| ours == aud))
    }

    fn is_from(&self, issuer: &OneOrMany<String>) -> bool {
        self.iss.as_ref().is_some_and(|iss| issuer.iter().any(|known| known == iss))
    }

    /// When what the token grants ends: `expire_at`, which at 0 says never, overrides `exp`. `exp` is prolonged by the
    /// leeway, else a token accepted thanks to it would grant something that has already ended.
    fn ends(&self, leeway: i64) -> Option<i64> {
        match self.expire_at {
            Some(Seconds(0)) => None,
            Some(Seconds(at)) => Some(at),
            None => self.exp.map(|exp| exp.0.saturating_add(leeway)),
        }
    }
}

fn scopes(scope: Option<String>) -> BTreeSet<String> {
    scope.unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}

/// A value that a token carries as it is or in base64; the latter wins, as in Centrifugo.
fn json(wrong: &'static str, plain: Option<Json>, base64: Option<String>) -> Result<Option<Json>, TokenError> {
    let Some(text) = base64.filter(|text| !text.is_empty()) else { return Ok(plain) };
    let bytes = STANDARD.decode(text).map_err(|_| TokenError::Invalid(wrong))?;
    Json::parse(bytes.into()).map(Some).map_err(|_| TokenError::Invalid(wrong))
}

/// Both claims name channels; where they name the same one, `subs` says more.
fn subscriptions(
    channels: Vec<String>,
    subs: BTreeMap<String, Option<Sub>>,
) -> Result<Vec<(String, SubscriptionOptions)>, TokenError> {
    let mut all: BTreeMap<String, SubscriptionOptions> =
        channels.into_iter().map(|channel| (channel, SubscriptionOptions::default())).collect();
    for (channel, sub) in subs {
        let sub = sub.unwrap_or_default();
        let options = SubscriptionOptions {
            info: json("b64info in subs is not base64 of JSON", sub.info, sub.b64info)?,
            data: json("b64data in subs is not base64 of JSON", sub.data, sub.b64data)?,
            overrides: sub.overrides.unwrap_or_default(),
        };
        all.insert(channel, options);
    }
    Ok(all.into_iter().collect())
}

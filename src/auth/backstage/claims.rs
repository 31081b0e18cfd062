//! The claims of Backstage's tokens, and how they become identities.
use crate::auth::claims::{Seconds, in_time};
use crate::auth::{ConnectionGrant, OneOrMany, TokenError};
use crate::types::{ANY_PLUGIN_USER, BACKENDS, EntityRef, Group, Identity, IdentityKind, PLUGIN_USER};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The claims of tokens of every kind. A claim of a wrong type makes the token invalid; unknown ones are ignored.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Claims {
    /// Whom it stands for.
    pub sub: Option<String>,
    /// Whom it is for.
    pub aud: Option<OneOrMany<String>>,
    iss: Option<String>,
    iat: Option<Seconds>,
    exp: Option<Seconds>,
    nbf: Option<Seconds>,
    jti: Option<String>,
    /// The user's ownership refs: itself and its groups.
    ent: Option<Vec<String>>,
}

/// What tokens are checked against beside their signature.
pub(super) struct Rules {
    /// The realm of the identities.
    pub realm: Arc<str>,
    /// See [`super::Config::issuer`].
    pub issuer: OneOrMany<String>,
    /// See [`super::Config::audience`].
    pub audience: OneOrMany<String>,
    /// See [`super::Config::leeway`], in seconds.
    pub leeway: i64,
    /// See [`super::BackstageOptions::targeted_to_backends`].
    pub targeted_to_backends: bool,
}

impl Rules {
    /// What a user's token grants. `now` is in seconds since 1970.
    pub fn user(&self, claims: Claims, now: i64) -> Result<ConnectionGrant, TokenError> {
        if !self.issuer.is_empty() && !claims.iss.as_ref().is_some_and(|iss| self.issuer.iter().any(|ours| ours == iss))
        {
            return Err(TokenError::Invalid("the issuer (iss) is not one of backstage.auth.issuer"));
        }
        claims.iat.ok_or(TokenError::Invalid("it does not say when it was issued (iat)"))?;
        self.check_time(&claims, now)?;
        let sub = claims.sub.as_deref().ok_or(TokenError::Invalid("it has no subject (sub)"))?;
        let own = EntityRef::parse(sub).map_err(|_| TokenError::Invalid("its subject (sub) is no entity ref"))?;
        let user = own.as_str().into();
        let refs = claims.ent.iter().flatten().map(|text| EntityRef::parse(text));
        let (known, unknown): (Vec<_>, Vec<_>) = refs.partition(Result::is_ok);
        if !unknown.is_empty() {
            log::debug!("left out {} of the claim ent that are no entity refs, of {own}", unknown.len());
        }
        let groups = known.into_iter().flatten().chain([own]).map(Group::from).collect();
        Ok(self.grant(IdentityKind::User, user, groups, claims))
    }

    /// What the token of a plugin grants, which was verified with the keys of that very plugin.
    pub fn plugin(&self, plugin: &str, claims: Claims, now: i64) -> Result<ConnectionGrant, TokenError> {
        // The keys were chosen by what the token said before it was verified.
        if claims.sub.as_deref() != Some(plugin) {
            return Err(TokenError::Invalid("its subject (sub) is not the plugin whose key signed it"));
        }
        let mut named = claims.aud.as_ref().ok_or(TokenError::Invalid("it has no audience (aud)"))?.iter();
        if !self.audience.is_empty() && !named.any(|aud| self.audience.iter().any(|ours| ours == aud)) {
            return Err(TokenError::Invalid("the audience (aud) is not one of backstage.auth.audience"));
        }
        claims.iat.ok_or(TokenError::Invalid("it does not say when it was issued (iat)"))?;
        self.check_time(&claims, now)?;
        Ok(self.grant(
            IdentityKind::Service,
            format!("{PLUGIN_USER}{plugin}").into(),
            self.groups_of_backends(),
            claims,
        ))
    }

    /// What a token of an older backend grants: it does not say which plugin it is.
    pub fn legacy(&self, claims: Claims, now: i64) -> Result<ConnectionGrant, TokenError> {
        self.check_time(&claims, now)?;
        Ok(self.grant(IdentityKind::Service, ANY_PLUGIN_USER.into(), self.groups_of_backends(), claims))
    }

    fn check_time(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        claims.exp.ok_or(TokenError::Invalid("it does not say when it expires (exp)"))?;
        in_time(claims.exp, claims.nbf, self.leeway, now)
    }

    fn groups_of_backends(&self) -> BTreeSet<Group> {
        self.targeted_to_backends.then(|| Group::from(BACKENDS)).into_iter().collect()
    }

    fn grant(&self, kind: IdentityKind, user: Arc<str>, groups: BTreeSet<Group>, claims: Claims) -> ConnectionGrant {
        let identity = Identity {
            realm: self.realm.clone(),
            kind,
            user,
            groups,
            token_id: claims.jti.map(Into::into),
            issued_at: claims.iat.map(|iat| iat.0),
            // Prolonged by the leeway, else a token accepted thanks to it would grant what has already ended.
            expires_at: claims.exp.map(|exp| exp.0.saturating_add(self.leeway)),
            ..Identity::anonymous()
        };
        ConnectionGrant { identity, subs: vec![] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_key_vouches_for_no_other_subject_however_it_was_chosen() {
        let rules = Rules {
            realm: "backstage".into(),
            issuer: OneOrMany::default(),
            audience: OneOrMany::default(),
            leeway: 0,
            targeted_to_backends: false,
        };
        let claims = |sub: &str| {
            let claims = serde_json::json!({"sub": sub, "aud": "signals", "iat": 1, "exp": 3});
            serde_json::from_value(claims).expect("claims")
        };
        assert!(rules.plugin("catalog", claims("catalog"), 2).is_ok());
        assert!(matches!(rules.plugin("catalog", claims("scaffolder"), 2), Err(TokenError::Invalid(_))));
    }
}

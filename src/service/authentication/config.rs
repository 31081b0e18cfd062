//! The config section `[authentication]`.
use crate::auth::{self, AccessOptions, AccessTokens, Secret};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// With a user name and a password.
    Local,
    /// With a token of an earlier login.
    Jwt,
}

impl Strategy {
    /// The name by which clients ask for it.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::Local => "local",
            Strategy::Jwt => "jwt",
        }
    }
}

/// The config section `[authentication]`: logins of the users whose documents a service has. Source of the defaults:
/// `@feathersjs/authentication` 5; the bounds are ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthenticationConfig {
    /// The path of the service whose documents are the users; unset: there is no authentication service.
    pub service: Option<String>,
    /// The field of a login, and of a user's document, that has the user's name: a name without dots.
    pub username: String,
    /// The field of a login, and of a user's document, that has the password: a name without dots.
    pub password: String,
    /// The ways to log in.
    pub strategies: Vec<Strategy>,
    /// A file with the secret that signs tokens; white space around it is dropped. Unset: the first `auth.hmac_secret`.
    pub secret_file: Option<PathBuf>,
    /// For how long a login is good.
    #[serde(with = "humantime_serde")]
    pub expires_in: Duration,
    /// The claim `aud` of tokens.
    pub audience: String,
    /// The claim `iss` of tokens.
    pub issuer: String,
    /// Passwords that one address may try or set a minute. Of IPv6, addresses of the same /64 count as one.
    pub attempts_by_address: u32,
    /// Passwords that may be tried for one user name a minute; those that are right do not count.
    pub attempts_by_account: u32,
    /// Passwords that may wait to be hashed or verified; for one more the answer is 429.
    pub hash_queue: usize,
}

impl Default for AuthenticationConfig {
    fn default() -> Self {
        AuthenticationConfig {
            service: None,
            username: "email".into(),
            password: "password".into(),
            strategies: vec![Strategy::Local, Strategy::Jwt],
            secret_file: None,
            expires_in: Duration::from_secs(24 * 3600),
            audience: "https://yourdomain.com".into(),
            issuer: "feathers".into(),
            attempts_by_address: 60,
            attempts_by_account: 10,
            hash_queue: 64,
        }
    }
}

impl AuthenticationConfig {
    /// Whether tokens of logins are good for more than the answer to the login: whether clients may log in with them.
    pub(super) fn allows(&self, strategy: Strategy) -> bool {
        self.strategies.contains(&strategy)
    }

    /// The section `[auth]` that verifies the tokens of logins too, where `auth.audience` and `auth.issuer` admit them. Fails where the
    /// secret's file cannot be read.
    pub fn joined_to(&self, auth: &auth::Config) -> Result<auth::Config, auth::Error> {
        let own = self.own_secret()?.filter(|_| self.service.is_some());
        Ok(match own {
            Some(own) => {
                let secrets = auth.hmac_secret.iter().cloned().chain([own]).collect::<Vec<_>>();
                auth::Config { hmac_secret: secrets.into(), ..auth.clone() }
            }
            None => auth.clone(),
        })
    }

    /// What signs and verifies the tokens of logins, in the realm of `[auth]`; none where there is no authentication service. Fails
    /// where there is no secret, or its file cannot be read.
    pub fn tokens(&self, auth: &auth::Config) -> Result<Option<AccessTokens>, auth::Error> {
        if self.service.is_none() {
            return Ok(None);
        }
        let secret = match self.own_secret()? {
            Some(own) => own,
            None => auth::first_secret(auth)?.ok_or_else(|| auth::Error::Value {
                key: "authentication.secret_file",
                reason: "the tokens of logins must be signed: set this, or auth.hmac_secret".to_owned(),
            })?,
        };
        let options = AccessOptions {
            realm: auth.realm.as_str().into(),
            audience: self.audience.clone(),
            issuer: self.issuer.clone(),
            expires_in: self.expires_in,
            // At most ten minutes: a longer one is refused where the section is read.
            leeway: auth.leeway.as_secs() as i64,
        };
        Ok(Some(AccessTokens::new(&secret, options)))
    }

    fn own_secret(&self) -> Result<Option<Secret>, auth::Error> {
        let Some(path) = &self.secret_file else { return Ok(None) };
        let key = "authentication.secret_file";
        let file = |source| auth::Error::File { key, path: path.clone(), source };
        let secret = std::fs::read_to_string(path).map_err(file)?;
        match secret.trim() {
            "" => Err(auth::Error::Value { key, reason: "the file is empty".to_owned() }),
            secret => Ok(Some(Secret::new(secret))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn with_file(text: &str) -> (AuthenticationConfig, tempfile::NamedTempFile) {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("it is written");
        let secret_file = Some(file.path().to_owned());
        (AuthenticationConfig { service: Some("users".into()), secret_file, ..Default::default() }, file)
    }

    #[test]
    fn the_tokens_of_logins_are_good_for_auth_too() {
        let (config, _file) = with_file("  the secret of logins alone \n");
        let auth = auth::Config::default();
        let tokens = config.tokens(&auth).expect("a secret").expect("there is a service");
        let (token, _) = tokens.issue("7", 1_700_000_000).expect("it is signed");
        let all = auth::Authenticator::new(&config.joined_to(&auth).expect("a secret")).expect("a config");
        let answer = all.verify_connection_at(&token, 1_700_000_001);
        assert!(matches!(answer, crate::types::Answer::Ready(Ok(grant)) if &*grant.identity.user == "7"));
    }

    #[test]
    fn without_any_secret_nothing_can_be_signed_and_the_key_is_named() {
        let config = AuthenticationConfig { service: Some("users".into()), ..Default::default() };
        let error = config.tokens(&auth::Config::default()).err().expect("no secret").to_string();
        assert!(error.starts_with("authentication.secret_file: ") && error.contains("auth.hmac_secret"), "{error}");
        let (empty, _file) = with_file(" \n");
        assert!(empty.tokens(&auth::Config::default()).is_err());
        assert!(AuthenticationConfig::default().tokens(&auth::Config::default()).expect("nothing to do").is_none());
    }
}

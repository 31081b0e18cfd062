//! Chooses the keys for a token of Backstage's and verifies it.
use super::claims::{Claims, Rules};
use super::{BackstageOptions, Config, REALM};
use crate::auth::authenticator::{checked_leeway, checked_ttl};
use crate::auth::jwks::{Fetching, Jwks, Source};
use crate::auth::keyring::Keyring;
use crate::auth::keys::{self, Key};
use crate::auth::parts::{self, Header};
use crate::auth::secret::gather;
use crate::auth::{ConnectionGrant, Error, OneOrMany, Secret, TokenError};
use crate::types::{ANY_PLUGIN_USER, Answer};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jsonwebtoken::Algorithm;
use std::sync::Arc;

/// What stands for a plugin's id in the address of its key set.
const PLUGIN: &str = "{plugin}";

/// The audience of users' tokens that have no type.
const USERS_AUDIENCE: &str = "backstage";

/// The keys for Backstage's tokens and the rules that they are held against.
pub(in crate::auth) struct Verifier {
    user: Keyring,
    plugins: Vec<(Arc<str>, Keyring)>,
    legacy: Keyring,
    rules: Arc<Rules>,
}

/// What kind of token it says it is.
enum Kind {
    User,
    Plugin(Arc<str>),
    Legacy,
}

impl Verifier {
    /// Reads keys and files of the config. The key sets are fetched once what comes beside is started. Fails as [`Config::check`] does.
    pub fn new(config: &Config, options: BackstageOptions) -> Result<(Self, Vec<Fetching>), Error> {
        checked_ttl("backstage.auth.revocation_ttl", config.revocation_ttl)?;
        let rules = Rules {
            realm: REALM.into(),
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: checked_leeway("backstage.auth.leeway", config.leeway)?,
            targeted_to_backends: options.targeted_to_backends,
        };
        let mut fetching = vec![];
        let user = keys::public_of_any_kind("backstage.auth.user_public_key", &config.user_public_key)?;
        let url = config.user_jwks_url.as_deref();
        let user = ring(config, user, ("backstage.auth.user_jwks_url", url, None), &mut fetching)?;
        let plugins = plugins(config, &mut fetching)?;
        let legacy = Keyring::new(legacy(config)?, None, parts::bad_signature::<Claims>);
        Ok((Verifier { user, plugins, legacy, rules: Arc::new(rules) }, fetching))
    }

    /// Whether any key is configured.
    pub fn has_keys(&self) -> bool {
        let plugins = self.plugins.iter().map(|(_, keys)| keys);
        [&self.user, &self.legacy].into_iter().chain(plugins).any(|keys| !keys.is_empty())
    }

    /// Verifies a token; `now` is in seconds since 1970. `Ready` unless a key set must be fetched for it.
    pub fn verify(&self, token: &str, now: i64) -> Answer<ConnectionGrant, TokenError> {
        let chosen = Header::of(token).and_then(|header| Ok((self.choose(token, &header)?, header)));
        let ((kind, keys), header) = match chosen {
            Ok(chosen) => chosen,
            Err(error) => return Answer::err(error),
        };
        let rules = self.rules.clone();
        keys.open(token, header).then(move |opened| {
            let claims: Claims = parts::claims(&opened?)?;
            match kind {
                Kind::User => rules.user(claims, now),
                Kind::Plugin(plugin) => rules.plugin(&plugin, claims, now),
                Kind::Legacy => rules.legacy(claims, now),
            }
        })
    }

    /// The keys for a token, by what it says of itself. None of that is verified yet: it names one row of the config, and a token that
    /// lies about its row is signed with none of the keys there.
    fn choose(&self, token: &str, header: &Header) -> Result<(Kind, &Keyring), TokenError> {
        match header.kind.as_deref() {
            Some("vnd.backstage.user" | "vnd.backstage.limited-user") => self.of_users(),
            Some("vnd.backstage.plugin") => self.of_plugin(parts::unverified::<Claims>(token)?.sub.as_deref()),
            Some(kind) if !kind.eq_ignore_ascii_case("jwt") => {
                Err(TokenError::Invalid("its type (typ) is none of Backstage's"))
            }
            _ => self.of_untyped(header.algorithm, &parts::unverified(token)?),
        }
    }

    fn of_users(&self) -> Result<(Kind, &Keyring), TokenError> {
        const NONE: &str = "a user's, and backstage.auth has no key for those: set user_jwks_url";
        match self.user.is_empty() {
            true => Err(TokenError::Invalid(NONE)),
            false => Ok((Kind::User, &self.user)),
        }
    }

    fn of_plugin(&self, subject: Option<&str>) -> Result<(Kind, &Keyring), TokenError> {
        const STRANGER: &str = "its subject (sub) is not one of backstage.auth.plugins";
        const NONE: &str = "a plugin's, and backstage.auth has no key for those: set service_jwks_url";
        let known = self.plugins.iter().find(|(plugin, _)| Some(&**plugin) == subject);
        let (plugin, keys) = known.ok_or(TokenError::Invalid(STRANGER))?;
        match keys.is_empty() {
            true => Err(TokenError::Invalid(NONE)),
            false => Ok((Kind::Plugin(plugin.clone()), keys)),
        }
    }

    fn of_untyped(&self, algorithm: Algorithm, claims: &Claims) -> Result<(Kind, &Keyring), TokenError> {
        const NONE: &str = "an older backend's, and backstage.auth.legacy_secret is not set";
        let mut audience = claims.aud.iter().flat_map(OneOrMany::iter);
        match (&claims.aud, claims.sub.as_deref()) {
            (None, Some(ANY_PLUGIN_USER)) if algorithm == Algorithm::HS256 => match self.legacy.is_empty() {
                true => Err(TokenError::Invalid(NONE)),
                false => Ok((Kind::Legacy, &self.legacy)),
            },
            _ if audience.any(|aud| aud == USERS_AUDIENCE) => self.of_users(),
            _ => Err(TokenError::Invalid("neither a user's nor a backend's token of Backstage")),
        }
    }
}

/// The keys of a config key with public keys and of one with an address. The set is fetched once what is added to `fetching` is
/// started.
fn ring(
    config: &Config,
    keys: Vec<Key>,
    (key, url, owner): (&'static str, Option<&str>, Option<&str>),
    fetching: &mut Vec<Fetching>,
) -> Result<Keyring, Error> {
    let refresh_key = "backstage.auth.jwks_refresh";
    let source = |url| Source { key, url, owner, refresh_key, refresh: config.jwks_refresh };
    let (jwks, task) = url.map(|url| Jwks::of(&source(url))).transpose()?.unzip();
    fetching.extend(task);
    Ok(Keyring::new(keys, jwks, parts::bad_signature::<Claims>))
}

/// The keys of each plugin: its own set, and those that are good for all.
fn plugins(config: &Config, fetching: &mut Vec<Fetching>) -> Result<Vec<(Arc<str>, Keyring)>, Error> {
    const ADDRESS: &str = "backstage.auth.service_jwks_url";
    check_plugins(config)?;
    let shared = keys::public_of_any_kind("backstage.auth.service_public_key", &config.service_public_key)?;
    let of_plugin = |plugin: &String| {
        let url = config.service_jwks_url.as_ref().map(|url| url.replace(PLUGIN, plugin));
        let keys = ring(config, shared.clone(), (ADDRESS, url.as_deref(), Some(plugin)), fetching)?;
        Ok((Arc::from(plugin.as_str()), keys))
    };
    config.plugins.iter().map(of_plugin).collect()
}

fn check_plugins(config: &Config) -> Result<(), Error> {
    const KEY: &str = "backstage.auth.plugins";
    for (n, plugin) in config.plugins.iter().enumerate() {
        if plugin.is_empty() || !plugin.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)) {
            return Err(Error::value(
                KEY,
                format!("{plugin:?} is no plugin id: those are letters, digits, `_` and `-`"),
            ));
        }
        if config.plugins[..n].contains(plugin) {
            return Err(Error::value(KEY, format!("{plugin:?} is in it twice")));
        }
    }
    let url = config.service_jwks_url.as_deref();
    if config.plugins.is_empty() && (url.is_some() || !config.service_public_key.is_empty()) {
        let reason = "must name the plugins whose tokens are accepted, where there are keys for those";
        return Err(Error::value(KEY, reason));
    }
    match url.is_some_and(|url| config.plugins.len() > 1 && !url.contains(PLUGIN)) {
        true => Err(Error::value("backstage.auth.service_jwks_url", "must hold {plugin}, since each has its own keys")),
        false => Ok(()),
    }
}

/// The secrets of older backends. One that is empty is none: a config may show the key without a value.
fn legacy(config: &Config) -> Result<Vec<Key>, Error> {
    const KEY: &str = "backstage.auth.legacy_secret";
    let secrets: Vec<Secret> =
        config.legacy_secret.iter().filter(|secret| !secret.expose().is_empty()).cloned().collect();
    let file = ("backstage.auth.legacy_secret_file", &config.legacy_secret_file);
    let all = gather((KEY, &secrets.into()), file)?;
    all.iter().map(|secret| decoded(secret).map(|bytes| Key::hs256(&bytes))).collect()
}

/// What a secret's base64 stands for. Either alphabet and any padding, as Backstage's own backend reads it.
fn decoded(secret: &Secret) -> Result<Vec<u8>, Error> {
    let wrong = || Error::value("backstage.auth.legacy_secret", "must be base64, as in backend.auth.keys of Backstage");
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let standard = secret.expose().replace('-', "+").replace('_', "/");
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, config).decode(standard).map_err(|_| wrong())?;
    if bytes.is_empty() { Err(wrong()) } else { Ok(bytes) }
}

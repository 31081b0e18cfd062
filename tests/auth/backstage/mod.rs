//! Backstage's tokens, as its backends sign them.
mod choice;
mod config;
mod key_sets;
mod services;
mod users;

use super::signing::*;
use callboard::auth::{Authenticator, BackstageOptions, backstage};
use callboard::types::Identity;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Value, json};

pub const USER: &str = "vnd.backstage.user";
pub const LIMITED: &str = "vnd.backstage.limited-user";
pub const PLUGIN: &str = "vnd.backstage.plugin";

/// The legacy secret, and how `backend.auth.keys` has it.
const LEGACY: &str = "a legacy secret?>";
const LEGACY_BASE64: &str = "YSBsZWdhY3kgc2VjcmV0Pz4=";

/// An authenticator with a config and options of one's own.
pub fn with(config: &str, options: BackstageOptions) -> Authenticator {
    Authenticator::for_backstage(&toml::from_str::<backstage::Config>(config).unwrap(), options).unwrap()
}

/// One that has the keys of every kind: users' [`P256`], plugins' [`P256_NEXT`], the secret [`LEGACY`]; and more config.
pub fn with_keys(config: &str) -> Authenticator {
    with(&format!("{}\n{config}", keys()), BackstageOptions::default())
}

pub fn keys() -> String {
    format!(
        "user_public_key = '''{P256_PUBLIC}'''\nservice_public_key = '''{P256_NEXT_PUBLIC}'''\n\
         plugins = ['catalog', 'scaffolder']\nlegacy_secret = '{LEGACY_BASE64}'"
    )
}

/// Signs claims as a token of a type; none for no type.
pub fn typed(kind: Option<&str>, algorithm: Algorithm, key: &str, claims: &Value) -> String {
    sign_as(Header { typ: kind.map(Into::into), ..Header::new(algorithm) }, key, claims)
}

/// A user's token.
pub fn of_user(claims: &Value) -> String {
    typed(Some(USER), Algorithm::ES256, P256, claims)
}

/// A plugin's token.
pub fn of_plugin(claims: &Value) -> String {
    typed(Some(PLUGIN), Algorithm::ES256, P256_NEXT, claims)
}

/// A token as Backstage's old TokenManager signs it.
pub fn legacy(claims: &Value) -> String {
    typed(None, Algorithm::HS256, LEGACY, claims)
}

/// The claims of a user's token, with changes: null takes one out.
pub fn user_claims(changes: &Value) -> Value {
    let ent = ["user:default/ada", "group:default/admins"];
    let claims = json!({"iss": "http://localhost:7007/api/auth", "sub": "user:default/ada", "ent": ent, "aud": "backstage",
        "iat": NOW - 60, "exp": NOW + 60, "uip": "proof"});
    changed(claims, changes)
}

/// The claims of a plugin's token, with changes.
pub fn plugin_claims(changes: &Value) -> Value {
    changed(json!({"sub": "catalog", "aud": "signals", "iat": NOW - 60, "exp": NOW + 60}), changes)
}

/// The claims of an old backend's token, with changes.
pub fn legacy_claims(changes: &Value) -> Value {
    changed(json!({"sub": "backstage-server", "exp": NOW + 60}), changes)
}

fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            _ => claims[name] = value.clone(),
        }
    }
    claims
}

pub fn groups(identity: &Identity) -> Vec<&str> {
    identity.groups.iter().map(|group| group.as_str()).collect()
}

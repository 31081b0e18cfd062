//! Backstage's own tokens: those of users, of backend plugins, and of backends before 2024.
//!
//! | token | `typ` | keys | stands for |
//! |---|---|---|---|
//! | user | `vnd.backstage.user`, or none with the audience `backstage` | `user_jwks_url`, `user_public_key` | the user, its groups from `ent` |
//! | limited user | `vnd.backstage.limited-user` | the same | the user, without groups |
//! | plugin | `vnd.backstage.plugin` | of that plugin only: `service_jwks_url`, `service_public_key` | the service `plugin:ID` |
//! | older backend | none; HS256, subject `backstage-server` | `legacy_secret` | the service `backstage-server` |
//!
//! The unverified content of a token selects a row and one of the plugins in the config. It never selects the type of a key or
//! an address. A claim is trusted only after the signature has been verified.
//!
//! Source: `UserTokenHandler`, `PluginTokenHandler` and `legacyTokenHandler` of `@backstage/backend-defaults` 0.19.
mod claims;
mod config;
mod verifier;

pub use crate::types::BACKENDS;
pub use config::Config;
pub(super) use verifier::Verifier;

use super::Error;
use crate::types::{Group, Identity};
use std::collections::BTreeSet;

/// The realm of the identities that Backstage's tokens stand for.
pub(super) const REALM: &str = "backstage";

/// The user that a client without a token is, as in Backstage's signals.
const GUEST: &str = "user:default/guest";

/// How the sessions of Backstage's wires are let in, as the section `[backstage]` says beside its keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackstageOptions {
    /// Take a client without a token for the user `user:default/guest`, which is anonymous.
    pub guests: bool,
    /// Put the sessions of backends into the group [`BACKENDS`], so that events for entities can be sent to them, too.
    pub targeted_to_backends: bool,
}

impl Config {
    /// Whether an authenticator can be made of it; fetches nothing. Fails where a key or file cannot be read, where a value is out of
    /// its range, and where keys of plugins stand beside no plugin or no `{plugin}`; the error names the config key.
    pub fn check(&self) -> Result<(), Error> {
        Verifier::new(self, BackstageOptions::default()).map(drop)
    }
}

/// What a client without a token is, where guests are let in.
pub(super) fn guest() -> Identity {
    let groups = BTreeSet::from([Group::from(GUEST)]);
    Identity { realm: REALM.into(), user: GUEST.into(), groups, ..Identity::anonymous() }
}

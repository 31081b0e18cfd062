//! The authentication service: users log in with a password or a token, and their connections and requests are theirs from then on.
//!
//! Source: `@feathersjs/authentication` 5 and `@feathersjs/authentication-local` 5. What differs: a user name must be a text, so that no
//! query hides in it; passwords are hashed with Argon2id, in a queue; attempts are bounded; and the service cares for the password in
//! users' documents by itself (`service::concealed`).
//!
//! | file | what lives there |
//! |---|---|
//! | `config` | the section `[authentication]` |
//! | `login` | the service: its two methods, and what they do to a connection |
//! | `strategies` | the ways to prove who one is |
//! | `users` | the service of the users, as logins call it |
//! | `guard`, `attempts`, `hashing`, `turns` | bounds for those who guess passwords, and the queue of hashes |
//! | `arrival` | tokens that come with a connection, or with a request |
//! | `listeners` | what the application does at a login or a logout |
mod arrival;
mod attempts;
mod config;
mod guard;
mod hashing;
mod listeners;
mod login;
mod strategies;
mod turns;
mod users;

pub use config::{AuthenticationConfig, Strategy};
pub use listeners::Login;

pub(crate) use arrival::Bearer;
pub(super) use arrival::{attend, recognize};
pub(super) use guard::Guard;
pub(super) use listeners::{Listeners, Occasion};

use super::concealed::Keeping;
use super::error::ServiceError;
use super::hooks::{HookContext, HookResult};
use super::publication::Publication;
use super::registration::Registration;
use super::services::{Setup, SetupError};
use login::Authentication;
use std::sync::Arc;
use users::Users;

/// The path of the authentication service, which clients expect.
pub const PATH: &str = "authentication";

/// What all parts of the authentication service share.
pub(super) struct Desk {
    pub config: AuthenticationConfig,
    pub users: Users,
    pub guard: Arc<Guard>,
    pub listeners: Listeners,
}

/// Registers the authentication service, where the config has one; none where it has none. The users' service keeps the password to
/// itself from now on.
///
/// Fails where there is no such service.
pub(super) fn enroll(setup: &mut Setup) -> Result<Option<Arc<Desk>>, SetupError> {
    let config = std::mem::take(&mut setup.authentication);
    let Some(path) = config.service.as_deref().map(super::path::stripped) else { return Ok(None) };
    let users = setup.services.iter_mut().find(|(known, _)| super::path::stripped(known) == path);
    let Some((_, users)) = users else { return Err(SetupError::NoUsers(path.to_owned())) };
    users.password = Some(Keeping::Stored(config.password.clone()));
    let users = Users { path: path.to_owned(), id: users.id.clone() };
    let desk = Arc::new(Desk {
        users,
        guard: Arc::new(Guard::new(&config)),
        listeners: std::mem::take(&mut setup.listeners),
        config,
    });
    // Its events hold tokens: code in this process may hear them, and no client.
    let mut service = Registration::of(Authentication(desk.clone())).publish(|_, _| Publication::NOBODY);
    service.password = Some(Keeping::Shown(desk.config.password.clone()));
    setup.services.push((PATH.to_owned(), service));
    Ok(Some(desk))
}

/// A hook that lets in whom a login stands behind: `NotAuthenticated` for a client's call without a user. What Rust code calls passes.
///
/// ```
/// use callboard::service::{Hooks, authenticate};
///
/// let hooks = Hooks::new().before("all", authenticate);
/// ```
pub async fn authenticate(context: &mut HookContext) -> HookResult {
    match context.params.provider.is_some() && context.params.user().is_null() {
        true => Err(ServiceError::not_authenticated("Not authenticated")),
        false => Ok(()),
    }
}

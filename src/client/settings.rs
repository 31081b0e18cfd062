//! The identity with which a client connects, and the address.
use super::{ClientOptions, TokenSource};
use std::fmt;
use std::sync::Arc;

/// As what a client comes.
#[derive(Debug)]
pub(super) enum Role {
    /// A backend plugin of this id.
    Backend(String),
    Frontend,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Backend(plugin) => write!(f, "the events client of plugin {plugin:?}"),
            Role::Frontend => f.write_str("an events client of a frontend"),
        }
    }
}

/// Where and how the clients of a manager connect.
pub(super) struct Settings {
    /// The WebSocket's address.
    pub(super) url: String,
    pub(super) token: Arc<dyn TokenSource>,
    pub(super) options: ClientOptions,
}

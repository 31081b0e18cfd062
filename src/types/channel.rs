//! Channel names (decisions 1 and 2).
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// The space a channel's name belongs to. Only the user space is addressed by clients of the centrifuge wire, by the
/// HTTP API and by the built-in Socket.IO events; the others are opened by config or by Rust code. In JSON each is its name in
/// lower case: `"user"`, `"socketio"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Space {
    /// What clients and the HTTP API name; a colon separates the policy namespace.
    User,
    /// One Socket.IO namespace; its rooms are groups.
    SocketIo,
    /// A service, by its path.
    Service,
    /// A Backstage plugin, by its id.
    Plugin,
    /// The signals wire.
    Signals,
    /// The broker's own.
    Internal,
}

/// A channel's name: a space and a name in it. Cheap to clone, compared by value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ChannelName {
    space: Space,
    /// A short one stands here itself, so that a look at it is no walk through memory.
    name: SmolStr,
}

/// Why a text is no channel name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name was empty.
    #[error("a channel name must not be empty")]
    Empty,
    /// The name was longer than `limits.channel_name`.
    #[error("a channel name must not be longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Separates the policy namespace from the rest of a name.
const NAMESPACE_END: char = ':';
/// A name that begins with it needs a subscription token.
const PRIVATE: char = '$';
/// Begins the list of users whom a name admits.
const USERS: char = '#';

impl ChannelName {
    /// Parses a name of the user space. `limit` is the longest name in bytes.
    pub fn user(name: &str, limit: usize) -> Result<Self, NameError> {
        Self::in_space(Space::User, name, limit)
    }

    /// Parses a name of any space. `limit` is the longest name in bytes.
    pub fn in_space(space: Space, name: &str, limit: usize) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > limit {
            return Err(NameError::TooLong { limit });
        }
        Ok(ChannelName { space, name: name.into() })
    }

    /// The space.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The name as clients write it.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The policy namespace: what stands before the first colon, without a leading `$`; empty where there is no colon or
    /// the name is not of the user space.
    pub fn namespace(&self) -> &str {
        if self.space != Space::User {
            return "";
        }
        let name = self.name.strip_prefix(PRIVATE).unwrap_or(&self.name);
        name.split_once(NAMESPACE_END).map_or("", |(namespace, _)| namespace)
    }

    /// Whether only a subscription token opens this channel (decision 4).
    pub fn is_private(&self) -> bool {
        self.space == Space::User && self.name.starts_with(PRIVATE)
    }

    /// The users a name like `dialog#42,43` admits; none where the name lists none (decision 4).
    pub fn admitted_users(&self) -> Option<impl Iterator<Item = &str>> {
        let users = matches!(self.space, Space::User).then(|| self.name.split_once(USERS)).flatten()?.1;
        Some(users.split(','))
    }
}

impl fmt::Debug for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{}", self.space, self.name)
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ChannelName {
        ChannelName::user(text, 255).expect("a valid name")
    }

    #[test]
    fn a_namespace_is_what_stands_before_the_first_colon() {
        assert_eq!(name("chat:a:b").namespace(), "chat");
        assert_eq!(name("news").namespace(), "");
        assert_eq!(name("$chat:1").namespace(), "chat");
        assert!(name("$chat:1").is_private());
    }

    #[test]
    fn only_the_user_space_reads_a_colon() {
        let service = ChannelName::in_space(Space::Service, "a:b", 255).unwrap();
        assert_eq!(service.namespace(), "");
        assert_ne!(service, name("a:b"));
    }

    #[test]
    fn a_name_lists_the_users_it_admits() {
        assert_eq!(name("dialog#42,43").admitted_users().unwrap().collect::<Vec<_>>(), ["42", "43"]);
        assert!(name("dialog").admitted_users().is_none());
    }

    #[test]
    fn an_empty_or_oversized_name_is_refused() {
        assert_eq!(ChannelName::user("", 255), Err(NameError::Empty));
        assert_eq!(ChannelName::user("abcd", 3), Err(NameError::TooLong { limit: 3 }));
    }
}

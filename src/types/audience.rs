//! Who an event is for (decision 5): one mechanism for rooms, roles, entity refs and Feathers channels.
use super::{Json, SessionId};
use std::sync::Arc;

/// A set of sessions an event can be addressed to: a Socket.IO room, a role, an entity ref, a Feathers channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group(Arc<str>);

impl Group {
    /// A group of this name; names are opaque and compared byte for byte.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Group(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The listeners of a channel that an event reaches.
#[derive(Clone, Debug, Default)]
pub enum Audience {
    /// Every listener of the channel.
    #[default]
    Everyone,
    /// Members of the groups, in order: the first group that matches decides the payload; one delivery a listener.
    Groups(Arc<Addressed>),
}

/// The explicit form of an audience.
#[derive(Clone, Debug, Default)]
pub struct Addressed {
    /// Groups in order of precedence, each with a payload of its own where it has one. Empty: everyone not excepted.
    pub to: Vec<(Group, Option<Json>)>,
    /// Members of these groups get nothing.
    pub except_groups: Vec<Group>,
    /// These sessions get nothing.
    pub except_sessions: Vec<SessionId>,
}

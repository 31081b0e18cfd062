//! The audience and form of an event that is not simply for all listeners (decision 5).
use super::SessionId;
use super::event::{PART_BYTES, Tags};
use bytes::Bytes;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A set of listeners of one channel that an event can be addressed to: a Socket.IO room, a role, an entity ref.
/// A listener may be in many; each is in the one that has its session's id for a name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Arc<str>);

/// Which listeners of a channel are meant: [`Audience::EVERYONE`], or those in some groups ([`Audience::of`]). One that names
/// its groups stays narrowed, also where it names none: that is nobody (decision 34).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Those in any of these groups; none for everybody.
    to: Option<Vec<Group>>,
    /// But nobody in one of these.
    except: Vec<Group>,
}

/// How many arguments an event's payload stands for (decision 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Arity {
    /// None: the payload is null.
    None,
    /// One: the payload itself.
    #[default]
    One,
    /// Several: the elements of the payload, an array.
    Several,
}

/// What goes along with an event that is more than JSON for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Who gets it.
    pub audience: Audience,
    /// How many arguments its payload stands for.
    pub arity: Arity,
    /// Binary parts that the payload's placeholders stand for, in order.
    pub attachments: Vec<Bytes>,
    /// The number of the round of acknowledgements that is asked for; none where nobody waits.
    pub ack: Option<u64>,
    /// Not worth waiting for: who cannot take it at once does not get it, and it is not kept.
    pub volatile: bool,
    /// Tags for views alone: no client is sent them.
    pub view_tags: Option<Arc<Tags>>,
    /// Names the publish where its publisher asks what became of the event ([`Account`](super::Account)); unique over nodes.
    pub account: Option<Arc<str>>,
}

impl Envelope {
    /// Nothing but one argument for everybody.
    pub const PLAIN: Envelope = Envelope {
        audience: Audience::EVERYONE,
        arity: Arity::One,
        attachments: vec![],
        ack: None,
        volatile: false,
        view_tags: None,
        account: None,
    };

    /// What goes along with an event for this audience, and that is counted under the name `account`, if there is one; none where that
    /// is nothing.
    pub fn unless_plain(audience: Audience, account: Option<Arc<str>>) -> Option<Arc<Self>> {
        let is_plain = audience.is_everyone() && account.is_none();
        (!is_plain).then(|| Arc::new(Envelope { audience, account, ..Envelope::PLAIN }))
    }

    /// What keeping it costs in bytes: the attachments, the names of the groups and the tags (decision 40).
    pub fn bytes(&self) -> usize {
        let groups = self.audience.to().unwrap_or_default().iter().chain(self.audience.excepted());
        let groups = groups.map(|group| PART_BYTES + group.as_str().len());
        let attachments = self.attachments.iter().map(|bytes| PART_BYTES + bytes.len());
        let tags = self.view_tags.iter().flat_map(|tags| tags.iter()).map(|(k, v)| PART_BYTES + k.len() + v.len());
        let account = self.account.as_ref().map_or(0, |account| account.len());
        size_of::<Envelope>() + account + groups.sum::<usize>() + attachments.sum::<usize>() + tags.sum::<usize>()
    }
}

impl Audience {
    /// All listeners of the channel. There is no default: everybody is said, never left over.
    pub const EVERYONE: Audience = Audience { to: None, except: vec![] };

    /// Those in any of these groups; nobody where there are none.
    pub fn of(groups: impl IntoIterator<Item = Group>) -> Self {
        let mut audience = Audience::EVERYONE;
        audience.narrow(groups);
        audience
    }

    /// Those in any of these groups, and in the groups that were named before.
    pub fn narrow(&mut self, groups: impl IntoIterator<Item = Group>) {
        self.to.get_or_insert_default().extend(groups);
    }

    /// But nobody in one of these groups, nor in one of those excepted before.
    pub fn exclude(&mut self, groups: impl IntoIterator<Item = Group>) {
        self.except.extend(groups);
    }

    /// The same, but nobody in one of these groups.
    pub fn but(mut self, groups: impl IntoIterator<Item = Group>) -> Self {
        self.exclude(groups);
        self
    }

    /// The groups that were named, in order; none for everybody.
    pub fn to(&self) -> Option<&[Group]> {
        self.to.as_deref()
    }

    /// The groups whose members are not meant.
    pub fn excepted(&self) -> &[Group] {
        &self.except
    }

    /// Whether a listener with these groups is meant.
    pub fn admits(&self, is_in: impl Fn(&Group) -> bool) -> bool {
        self.to.as_ref().is_none_or(|to| to.iter().any(&is_in)) && !self.except.iter().any(&is_in)
    }

    /// Whether it is simply everybody.
    pub fn is_everyone(&self) -> bool {
        self.to.is_none() && self.except.is_empty()
    }
}

/// Begins the names of groups that are channels of connections: what no room is called.
const OF_CONNECTIONS: &str = "#channel:";
/// Begins the names of groups that hold the sessions of one role or API token: neither is any room called that.
const OF_PRINCIPALS: &str = "#principal:";

impl Group {
    /// The group that a session has to itself.
    pub fn of_session(id: SessionId) -> Self {
        Group(id.to_string().into())
    }

    /// The group that is the channel of connections with this name. A text that somebody gives for a room cannot name it, where that
    /// is looked at with [`Group::is_no_room`].
    pub fn of_connections(name: &str) -> Self {
        Group(format!("{OF_CONNECTIONS}{name}").into())
    }

    /// The group of the sessions of one role or API token. A room cannot have its name, as with [`Group::of_connections`].
    pub fn of_principal(name: &str) -> Self {
        Group(format!("{OF_PRINCIPALS}{name}").into())
    }

    /// Whether it is a channel of connections.
    pub fn is_of_connections(&self) -> bool {
        self.0.starts_with(OF_CONNECTIONS)
    }

    /// The role or API token whose group it is; none where it is another group.
    pub fn principal(&self) -> Option<&str> {
        self.0.strip_prefix(OF_PRINCIPALS)
    }

    /// Whether it is a channel of connections or the group of a role or API token, and so no room.
    pub fn is_no_room(&self) -> bool {
        self.is_of_connections() || self.0.starts_with(OF_PRINCIPALS)
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<Arc<str>>> From<T> for Group {
    fn from(name: T) -> Self {
        Group(name.into())
    }
}

impl Borrow<str> for Group {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Vec<Group> {
        names.iter().map(|name| Group::from(*name)).collect()
    }

    #[test]
    fn an_exception_goes_before_a_match() {
        let is_in = |group: &Group| ["a", "b"].contains(&group.as_str());
        assert!(Audience::EVERYONE.admits(is_in));
        assert!(Audience::of(groups(&["b", "c"])).admits(is_in));
        assert!(!Audience::of(groups(&["c"])).admits(is_in));
        assert!(!Audience::of(groups(&["a"])).but(groups(&["b"])).admits(is_in));
        assert!(!Audience::EVERYONE.but(groups(&["b"])).admits(is_in));
    }

    #[test]
    fn an_audience_that_names_no_group_is_nobody_and_not_everyone() {
        let nobody = Audience::of([]);
        assert!(!nobody.admits(|_| true) && !nobody.is_everyone());
        assert_ne!(nobody, Audience::EVERYONE);
    }
}

//! To whom an event goes and how, where that is not simply everybody who listens (decision 5).
use bytes::Bytes;
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// A set of listeners of one channel that an event can be addressed to: a Socket.IO room, later a role or an entity ref.
/// A listener may be in many; each is in the one that has its session's id for a name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Arc<str>);

/// Which listeners of a channel are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Those in any of these groups; everybody where there are none.
    pub to: Vec<Group>,
    /// But nobody in one of these.
    pub except: Vec<Group>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
}

impl Envelope {
    /// Nothing but one argument for everybody.
    pub const PLAIN: Envelope = Envelope {
        audience: Audience { to: vec![], except: vec![] },
        arity: Arity::One,
        attachments: vec![],
        ack: None,
        volatile: false,
    };
}

impl Audience {
    /// Whether a listener with these groups is meant.
    pub fn admits(&self, is_in: impl Fn(&Group) -> bool) -> bool {
        (self.to.is_empty() || self.to.iter().any(&is_in)) && !self.except.iter().any(&is_in)
    }

    /// Whether it is simply everybody.
    pub fn is_everyone(&self) -> bool {
        self.to.is_empty() && self.except.is_empty()
    }
}

impl Group {
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

    fn audience(to: &[&str], except: &[&str]) -> Audience {
        let groups = |names: &[&str]| names.iter().map(|name| Group::from(*name)).collect();
        Audience { to: groups(to), except: groups(except) }
    }

    #[test]
    fn an_exception_goes_before_a_match() {
        let is_in = |group: &Group| ["a", "b"].contains(&group.as_str());
        assert!(audience(&[], &[]).admits(is_in));
        assert!(audience(&["b", "c"], &[]).admits(is_in));
        assert!(!audience(&["c"], &[]).admits(is_in));
        assert!(!audience(&["a"], &["b"]).admits(is_in));
        assert!(!audience(&[], &["b"]).admits(is_in));
    }
}

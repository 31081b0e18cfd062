//! Names of entities in a Backstage catalog: `user:default/john.doe`.
use super::{Group, ReplyError};
use std::fmt;
use std::sync::Arc;

/// The group of the sessions that are another backend's, where targeted events go to those, too. It is no entity ref.
pub const BACKENDS: &str = "#backends";

/// The longest part of an entity ref in bytes.
const MAX_PART: usize = 63;

/// The full name of an entity of Backstage's catalog, `kind:namespace/name`. Two name the same entity only where they are written
/// the same, case included, as Backstage compares them. With its `:` and `/` none is ever a session's id, a channel of connections or
/// [`BACKENDS`], so a name that was parsed may stand for a [`Group`]. Cheap to clone.
///
/// Source: Backstage's `parseEntityRef` and `KubernetesValidatorFunctions`, without the defaults for what is left out.
///
/// ```
/// use callboard::types::{EntityRef, Group};
///
/// let entity = EntityRef::parse("group:default/admins").expect("a full name");
/// assert_eq!(Group::from(entity).as_str(), "group:default/admins");
/// assert!(EntityRef::parse("admins").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef(Arc<str>);

/// Why a text is no entity ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntityRefError {
    /// It lacks the colon or the slash.
    #[error("an entity ref is written kind:namespace/name")]
    Shape,
    /// This part of it is empty, longer than 63 bytes, or written with other characters.
    #[error(
        "the {0} of an entity ref is 1 to 63 of A-Z, a-z, 0-9, `-`, `_` and `.`, with a letter or digit at both ends"
    )]
    Part(&'static str),
}

/// How the user of a backend plugin's token is called: the plugin's id follows.
pub const PLUGIN_USER: &str = "plugin:";

/// The user of the tokens of older backends, which name no plugin.
pub const ANY_PLUGIN_USER: &str = "backstage-server";

/// Why a list of texts is no list of entity refs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntityRefsError {
    /// There are too many.
    #[error("{count} entity refs, and at most {most} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// One of them is none.
    #[error("entity ref {number}: {why}")]
    Wrong {
        /// Which, from 1.
        number: usize,
        /// Why.
        why: EntityRefError,
    },
}

impl EntityRefsError {
    /// What a client is told whose field it is about: error 106 where there are too many, else 107.
    pub fn of_field(self, field: &str) -> ReplyError {
        let like = match self {
            EntityRefsError::TooMany { .. } => ReplyError::LIMIT_EXCEEDED,
            EntityRefsError::Wrong { .. } => ReplyError::BAD_REQUEST,
        };
        ReplyError { message: format!("{field}: {self}").into(), ..like }
    }
}

impl EntityRef {
    /// Reads a list of at most so many full names. Fails where there are more, and with the first that is none.
    pub fn parse_all(texts: &[impl AsRef<str>], most: usize) -> Result<Vec<Self>, EntityRefsError> {
        if texts.len() > most {
            return Err(EntityRefsError::TooMany { count: texts.len(), most });
        }
        let parse = |(at, text): (usize, &_)| {
            EntityRef::parse(AsRef::as_ref(text)).map_err(|why| EntityRefsError::Wrong { number: at + 1, why })
        };
        texts.iter().enumerate().map(parse).collect()
    }

    /// Reads a full name: kind, namespace and name, each of 1 to 63 ASCII letters, digits, `-`, `_` and `.`, with a letter or digit
    /// first and last. Fails on anything else; no part has a default.
    pub fn parse(text: &str) -> Result<Self, EntityRefError> {
        let (kind, rest) = text.split_once(':').ok_or(EntityRefError::Shape)?;
        let (namespace, name) = rest.split_once('/').ok_or(EntityRefError::Shape)?;
        match [("kind", kind), ("namespace", namespace), ("name", name)].iter().find(|(_, text)| !is_part(text)) {
            Some((part, _)) => Err(EntityRefError::Part(part)),
            None => Ok(EntityRef(text.into())),
        }
    }

    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_part(text: &str) -> bool {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let ends = [text.as_bytes().first(), text.as_bytes().last()];
    text.len() <= MAX_PART
        && text.as_bytes().iter().all(inside)
        && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
}

impl From<EntityRef> for Group {
    fn from(entity: EntityRef) -> Self {
        Group::from(entity.0)
    }
}

impl fmt::Debug for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_name_is_kept_as_it_was_written() {
        for text in ["user:default/john.doe", "Group:Default/a", "API:ns-1/a_b--c.d", "u:n/0"] {
            assert_eq!(EntityRef::parse(text).map(|entity| entity.to_string()).as_deref(), Ok(text));
        }
        assert_ne!(EntityRef::parse("user:default/Ada"), EntityRef::parse("user:default/ada"));
    }

    #[test]
    fn what_is_no_full_name_is_refused_with_the_part_that_is_wrong() {
        let long = "n".repeat(64);
        for text in ["", "john.doe", "default/john.doe", "user:john.doe", "#backends", "#channel:a"] {
            assert_eq!(EntityRef::parse(text), Err(EntityRefError::Shape), "{text}");
        }
        for (text, part) in [
            (":default/a", "kind"),
            ("-user:default/a", "kind"),
            ("#channel:a/b/c", "kind"),
            ("user:/a", "namespace"),
            ("user:de fault/a", "namespace"),
            ("user:default/", "name"),
            ("user:default/a/b", "name"),
            ("user:default/a:b", "name"),
            ("user:default/a.", "name"),
            ("user:default/é", "name"),
            ("user:default/a\n", "name"),
            (&format!("user:default/{long}"), "name"),
        ] {
            assert_eq!(EntityRef::parse(text), Err(EntityRefError::Part(part)), "{text}");
        }
        assert!(EntityRef::parse(&format!("{0}:{0}/{0}", &long[1..])).is_ok());
    }

    proptest! {
        #[test]
        fn no_name_that_parses_is_a_session_id_or_a_group_of_ours(text in "[#0-9a-fA-F:/._-]{0,40}") {
            if let Ok(entity) = EntityRef::parse(&text) {
                prop_assert_eq!(entity.as_str(), &text);
                let group = Group::from(entity);
                prop_assert!(!group.is_no_room() && group.as_str() != BACKENDS);
                prop_assert!(uuid::Uuid::parse_str(group.as_str()).is_err());
            }
        }

        #[test]
        fn every_name_of_three_good_parts_parses(
            parts in prop::array::uniform3("[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"),
        ) {
            let [kind, namespace, name] = parts;
            let text = format!("{kind}:{namespace}/{name}");
            prop_assert!(EntityRef::parse(&text).is_ok(), "{}", text);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = EntityRef::parse(&text);
        }
    }
}

//! What a store is opened with, and what one call says otherwise.
use super::StoreError;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use smol_str::SmolStr;
use std::fmt;

/// What a store is opened with. Source: the options of `@feathersjs/memory` 5, with its defaults; the bound of a document is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// The field that holds the id. Default `id`.
    pub id: SmolStr,
    /// The first id that the store gives. Default 0.
    pub start_id: u32,
    /// How many documents `find` answers at once. Default: all.
    pub paginate: Option<Paginate>,
    /// Which writes may be of many documents. Default: none.
    pub multi: Multi,
    /// How large a document may be as JSON text, its id included. Default 256 KiB.
    pub max_document_bytes: usize,
    /// The names of the events that the service sends itself. No store looks at them.
    pub events: Vec<SmolStr>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        StoreOptions {
            id: "id".into(),
            start_id: 0,
            paginate: None,
            multi: Multi::NONE,
            max_document_bytes: 256 * 1024,
            events: vec![],
        }
    }
}

impl StoreOptions {
    /// The pages of one call.
    pub fn paginate_for(&self, call: &CallOptions) -> Option<Paginate> {
        call.paginate.unwrap_or(self.paginate)
    }

    /// [`StoreError::MethodNotAllowed`] where this write may not be of many documents in this call.
    pub fn allow_many(&self, write: Write, call: &CallOptions) -> Result<(), StoreError> {
        match call.multi.unwrap_or(self.multi).allows(write) {
            true => Ok(()),
            false => {
                let message = format!("Can not {} multiple entries", write.name());
                Err(StoreError::MethodNotAllowed { message: message.into() })
            }
        }
    }
}

/// What one call of server code says otherwise than the store's options. A client's call says nothing. Source: `params.paginate`
/// and `params.adapter` of `@feathersjs/adapter-commons` 5.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Other pages; `Some(None)` turns them off.
    pub paginate: Option<Option<Paginate>>,
    /// Other writes of many documents.
    pub multi: Option<Multi>,
}

impl CallOptions {
    /// With pages like these, or without any.
    pub fn paginate(mut self, paginate: Option<Paginate>) -> Self {
        self.paginate = Some(paginate);
        self
    }

    /// With these writes allowed for many documents.
    pub fn multi(mut self, multi: Multi) -> Self {
        self.multi = Some(multi);
        self
    }
}

/// How many documents a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paginate {
    /// Where the query has no `$limit` that is a number from 0 up.
    pub default: usize,
    /// At most, whatever the query says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
}

impl Paginate {
    /// The length of the page for a query's `$limit`.
    pub fn limit(&self, asked: Option<usize>) -> usize {
        asked.unwrap_or(self.default).min(self.max.unwrap_or(usize::MAX))
    }
}

/// A method that writes one document or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// `create`, of many with an array of data.
    Create,
    /// `patch`, of many without an id.
    Patch,
    /// `remove`, of many without an id.
    Remove,
}

impl Write {
    /// All of them.
    pub const ALL: [Write; 3] = [Write::Create, Write::Patch, Write::Remove];

    /// The name of the method.
    pub fn name(self) -> &'static str {
        match self {
            Write::Create => "create",
            Write::Patch => "patch",
            Write::Remove => "remove",
        }
    }
}

/// Which writes may be of many documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Multi {
    /// `create` with an array.
    pub create: bool,
    /// `patch` without an id.
    pub patch: bool,
    /// `remove` without an id.
    pub remove: bool,
}

impl Multi {
    /// All of them.
    pub const ALL: Multi = Multi { create: true, patch: true, remove: true };
    /// None of them.
    pub const NONE: Multi = Multi { create: false, patch: false, remove: false };

    /// Whether this write may be of many documents.
    pub fn allows(self, write: Write) -> bool {
        match write {
            Write::Create => self.create,
            Write::Patch => self.patch,
            Write::Remove => self.remove,
        }
    }
}

impl FromIterator<Write> for Multi {
    fn from_iter<I: IntoIterator<Item = Write>>(writes: I) -> Self {
        writes.into_iter().fold(Multi::NONE, |multi, write| match write {
            Write::Create => Multi { create: true, ..multi },
            Write::Patch => Multi { patch: true, ..multi },
            Write::Remove => Multi { remove: true, ..multi },
        })
    }
}

/// As true, false, or the list of the methods.
impl Serialize for Multi {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Multi::ALL => serializer.serialize_bool(true),
            Multi::NONE => serializer.serialize_bool(false),
            some => serializer.collect_seq(Write::ALL.into_iter().filter(|write| some.allows(*write)).map(Write::name)),
        }
    }
}

impl<'de> Deserialize<'de> for Multi {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MultiVisitor)
    }
}

struct MultiVisitor;

impl<'de> Visitor<'de> for MultiVisitor {
    type Value = Multi;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or a list of create, patch and remove")
    }

    fn visit_bool<E: de::Error>(self, all: bool) -> Result<Multi, E> {
        Ok(if all { Multi::ALL } else { Multi::NONE })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Multi, A::Error> {
        let mut writes = vec![];
        while let Some(name) = names.next_element::<String>()? {
            let known = Write::ALL.into_iter().find(|write| write.name() == name);
            writes.push(known.ok_or_else(|| de::Error::unknown_variant(&name, &["create", "patch", "remove"]))?);
        }
        Ok(writes.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_long_as_asked_up_to_its_bound() {
        let pages = Paginate { default: 1, max: Some(2) };
        assert_eq!([None, Some(0), Some(2), Some(4)].map(|asked| pages.limit(asked)), [1, 0, 2, 2]);
        assert_eq!(Paginate { default: 3, max: None }.limit(Some(100)), 100);
    }

    #[test]
    fn a_call_says_otherwise_than_the_options() {
        let pages = Paginate { default: 1, max: None };
        let options = StoreOptions { paginate: Some(pages), ..StoreOptions::default() };
        assert_eq!(options.paginate_for(&CallOptions::default()), Some(pages));
        assert_eq!(options.paginate_for(&CallOptions::default().paginate(None)), None);
        assert!(options.allow_many(Write::Create, &CallOptions::default().multi(Multi::ALL)).is_ok());
    }

    #[test]
    fn a_write_of_many_that_is_not_allowed_is_named() {
        let creates = Multi::from_iter([Write::Create]);
        let options = StoreOptions { multi: creates, ..StoreOptions::default() };
        assert!(options.allow_many(Write::Create, &CallOptions::default()).is_ok());
        let refusal = options.allow_many(Write::Patch, &CallOptions::default()).unwrap_err();
        assert_eq!(refusal.to_string(), "Can not patch multiple entries");
    }
}

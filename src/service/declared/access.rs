//! Who may call a method, as the config writes it: `allow = { find = "true", remove = "connection.user.role == 'admin'" }`.
use super::narrowing::Narrowing;
use crate::filter::expression::Rule;
use crate::service::method::Method;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

/// Who may call the methods of a service. What stands for `all` holds for each method beside its own; a method for which nothing
/// stands may be called by nobody.
#[derive(Clone, Debug, Default, PartialEq, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allow {
    /// For all methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<Access>,
    /// For `find`; so are the others for the methods of their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub find: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "said above")]
    pub get: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "said above")]
    pub create: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "said above")]
    pub update: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "said above")]
    pub patch: Option<Access>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[allow(missing_docs, reason = "said above")]
    pub remove: Option<Access>,
}

impl Allow {
    /// What must be met to call this method; nothing where nobody may.
    pub(super) fn of(&self, method: &Method) -> Vec<&Access> {
        let own = match method {
            Method::Find => &self.find,
            Method::Get => &self.get,
            Method::Create => &self.create,
            Method::Update => &self.update,
            Method::Patch => &self.patch,
            Method::Remove => &self.remove,
            Method::Custom(_) => &None,
        };
        self.all.iter().chain(own).collect()
    }
}

/// What must be met to call a method: a rule that holds, a query that keeps the caller to some documents, or both. Written as the text
/// of the rule, or as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Must hold.
    pub rule: Option<Rule>,
    /// Is added to the query of each call.
    pub query: Option<Narrowing>,
}

/// How it is written where it is not a rule alone.
#[derive(Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<Narrowing>,
}

impl Serialize for Access {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.rule, &self.query) {
            (Some(rule), None) => rule.serialize(serializer),
            (rule, query) => Table { rule: rule.clone(), query: query.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AccessVisitor)
    }
}

struct AccessVisitor;

impl<'de> Visitor<'de> for AccessVisitor {
    type Value = Access;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rule in CEL such as \"connection.user != null\", or a table with `rule`, `query` or both")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Access, E> {
        Ok(Access { rule: Some(Rule::new(text).map_err(E::custom)?), query: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Access, A::Error> {
        let Table { rule, query } = Table::deserialize(MapAccessDeserializer::new(map))?;
        match rule.is_none() && query.is_none() {
            true => Err(A::Error::custom("a table with `rule`, `query` or both is wanted")),
            false => Ok(Access { rule, query }),
        }
    }
}

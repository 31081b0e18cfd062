//! Pages as a config writes them: `{ default = 10, max = 50 }`, or `false` for none.
use crate::store::Paginate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;

pub(super) fn serialize<S: Serializer>(pages: &Option<Paginate>, serializer: S) -> Result<S::Ok, S::Error> {
    match pages {
        Some(pages) => pages.serialize(serializer),
        None => serializer.serialize_bool(false),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Paginate>, D::Error> {
    deserializer.deserialize_any(PagesVisitor)
}

struct PagesVisitor;

impl<'de> Visitor<'de> for PagesVisitor {
    type Value = Option<Paginate>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table such as { default = 10, max = 50 }, or false,")
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Self::Value, E> {
        match is_on {
            true => Err(E::custom("say how many documents a page has: { default = 10, max = 50 }")),
            false => Ok(None),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Paginate::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

//! The way from a document to what a condition looks at.
use super::{Query, too_deep};
use crate::store::document::field;
use crate::store::{Document, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smallvec::SmallVec;
use smol_str::SmolStr;
use std::fmt;

/// Names with dots between them: `author.name`, `tags.0`. A name is a field of an object or the index of an element.
///
/// What JavaScript's own objects carry is no field here: neither `length` nor `constructor` nor `__proto__`, nor the letters of
/// a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(SmallVec<[SmolStr; 2]>);

/// What is not there counts as null.
const ABSENT: &Value = &Value::Null;

/// How a value was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    /// As a field or an element, or as one that an object does not have.
    Ordinary,
    /// As an element that an array does not have.
    PastTheEnd,
}

impl Path {
    /// Splits a name at its dots. [`StoreError::BadRequest`] for more names than [`Query::MAX_DEPTH`].
    pub fn parse(name: &str) -> Result<Self, StoreError> {
        match name.split('.').nth(Query::MAX_DEPTH) {
            None => Ok(Path(name.split('.').map(SmolStr::new).collect())),
            Some(_) => Err(too_deep()),
        }
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(SmolStr::as_str)
    }

    /// Whether a name asks for one element of an array rather than for a field of each.
    #[cfg(any(feature = "store-sqlite", feature = "store-postgres"))]
    pub(in crate::store) fn looks_like_an_index(name: &str) -> bool {
        looks_like_a_number(name)
    }

    /// What stands at the path, with arrays entered by index only; `None` where nothing does.
    pub fn value_in<'d>(&self, document: &'d Document) -> Option<&'d Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(field(document, first)?, |value, name| match value {
            Value::Object(fields) => field(fields, name),
            Value::Array(elements) => elements.get(index(name)?),
            _ => None,
        })
    }

    /// Whether a value at the path passes. Of an array on the way each element is tried, then the array itself; so a path may
    /// lead to many values.
    pub(super) fn any(&self, document: &Document, passes: &mut impl FnMut(&Value, Site) -> bool) -> bool {
        let Some((first, rest)) = self.0.split_first() else { return false };
        match field(document, first).unwrap_or(ABSENT) {
            // The end of most ways.
            value if rest.is_empty() && !value.is_array() => passes(value, Site::Ordinary),
            value => any_below(value, rest, Site::Ordinary, passes),
        }
    }
}

/// A path of a config, where no name is empty.
impl TryFrom<String> for Path {
    type Error = StoreError;

    fn try_from(name: String) -> Result<Self, StoreError> {
        match name.split('.').any(str::is_empty) || name.starts_with('$') {
            true => Err(StoreError::bad_request("the path of a field is wanted, such as company_id or author.id")),
            false => Path::parse(&name),
        }
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.to_string()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Goes each value of a document at most once, and as deep as the document goes. Source: `sift` 17, `walkKeyPathValues`.
fn any_below(value: &Value, names: &[SmolStr], site: Site, passes: &mut impl FnMut(&Value, Site) -> bool) -> bool {
    let next = names.split_first();
    if let Value::Array(elements) = value
        && next.is_none_or(|(name, _)| !looks_like_a_number(name))
        && elements.iter().any(|element| any_below(element, names, Site::Ordinary, passes))
    {
        return true;
    }
    let Some((name, rest)) = next else { return passes(value, site) };
    match value {
        Value::Object(fields) => any_below(field(fields, name).unwrap_or(ABSENT), rest, Site::Ordinary, passes),
        Value::Array(_) if !looks_like_a_number(name) => false,
        Value::Array(elements) => match index(name).and_then(|index| elements.get(index)) {
            Some(element) => any_below(element, rest, Site::Ordinary, passes),
            None => passes(ABSENT, Site::PastTheEnd),
        },
        Value::Null => passes(value, site),
        _ => passes(ABSENT, Site::Ordinary),
    }
}

/// Whether a name asks for one element of an array rather than for a field of each.
fn looks_like_a_number(name: &str) -> bool {
    let name = name.trim();
    let begins = name.bytes().next().is_none_or(|first| matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.'));
    begins && (name.is_empty() || name.parse::<f64>().is_ok_and(f64::is_finite))
}

/// The index that a name is: digits without a leading zero.
fn index(name: &str) -> Option<usize> {
    let is_plain = name == "0" || name.starts_with(|first: char| matches!(first, '1'..='9'));
    name.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(value: Value) -> Document {
        value.as_object().unwrap().clone()
    }

    fn seen(path: &str, value: Value) -> Vec<Value> {
        let mut seen = vec![];
        Path::parse(path).unwrap().any(&document(value), &mut |value, _| {
            seen.push(value.clone());
            false
        });
        seen
    }

    #[test]
    fn a_path_leads_to_each_element_of_an_array_and_to_the_array() {
        assert_eq!(seen("a", json!({ "a": [1, [2]] })), [json!(1), json!(2), json!([2]), json!([1, [2]])]);
        assert_eq!(seen("a.b", json!({ "a": [{ "b": 1 }, { "b": 2 }, 3] })), [json!(1), json!(2), json!(null)]);
    }

    #[test]
    fn a_number_in_a_path_leads_to_one_element() {
        assert_eq!(seen("a.1", json!({ "a": [1, 2] })), [json!(2)]);
        assert_eq!(seen("a.2", json!({ "a": [1, 2] })), [json!(null)]);
        assert_eq!(seen("a.01", json!({ "a": [1, 2] })), [json!(null)]);
        assert_eq!(seen("a.1", json!({ "a": { "1": 2 } })), [json!(2)]);
    }

    #[test]
    fn what_is_not_there_is_null() {
        for value in [json!({}), json!({ "a": null }), json!({ "a": {} }), json!({ "a": 5 }), json!({ "a": "text" })] {
            assert_eq!(seen("a.length", value), [json!(null)]);
        }
        assert!(seen("a.length", json!({ "a": [] })).is_empty());
    }

    #[test]
    fn a_value_is_found_by_names_and_indexes() {
        let document = document(json!({ "a": { "b": [1, { "c": 2 }] }, "__proto__": { "x": 3 } }));
        let value = |path| Path::parse(path).unwrap().value_in(&document).cloned();
        assert_eq!(value("a.b.1.c"), Some(json!(2)));
        assert_eq!(value("__proto__.x"), Some(json!(3)));
        assert_eq!([value("a.b.c"), value("a.b.2"), value("constructor.name"), value("")], [None, None, None, None]);
    }
}

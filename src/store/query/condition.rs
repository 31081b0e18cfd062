//! What a query asks of a document.
use super::order::compare;
use super::path::{Path, Site};
use crate::store::Document;
use serde_json::Value;
use std::cmp::Ordering;

/// Something that a document matches or not.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of these match; none of them is a match.
    All(Vec<Condition>),
    /// One of these matches.
    Any(Vec<Condition>),
    /// What stands at a path passes a test. A path may lead to many values, for it goes through arrays: one of them must pass,
    /// and for `$ne` and `$nin` each.
    Field {
        /// The way there.
        path: Path,
        /// The test.
        test: Test,
    },
}

impl Condition {
    /// Whether a document matches. It takes time by the size of both, at most their product.
    pub fn matches(&self, document: &Document) -> bool {
        match self {
            Condition::All(conditions) => conditions.iter().all(|condition| condition.matches(document)),
            Condition::Any(conditions) => conditions.iter().any(|condition| condition.matches(document)),
            Condition::Field { path, test } => {
                let is_hit = path.any(document, &mut |value, site| test.hits(value, site));
                is_hit != test.is_negative()
            }
        }
    }
}

/// What is asked of a value. What is not there counts as null. Source: `sift` 17.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The value is deeply equal to this one.
    Equal(Value),
    /// `$ne`: it is not.
    NotEqual(Value),
    /// `$in`: it is one of these.
    In(ValueSet),
    /// `$nin`: it is none of these.
    NotIn(ValueSet),
    /// `$lt`. Only numbers, texts and booleans are ordered, each among themselves; so with all four, but that null is at most and
    /// at least null.
    Less(Value),
    /// `$lte`.
    AtMost(Value),
    /// `$gt`.
    Greater(Value),
    /// `$gte`.
    AtLeast(Value),
}

impl Test {
    /// Whether a value decides the test: one that is what a positive test looks for, or what a negative one forbids.
    fn hits(&self, value: &Value, site: Site) -> bool {
        if let Some(hits) = self.hits_whole(value) {
            return hits;
        }
        match self {
            Test::NotEqual(other) => compare(value, other).is_eq(),
            Test::In(set) | Test::NotIn(set) => set.contains(value),
            // An element that is not there is null to the tests above only. Source: `sift` 17.
            _ if site == Site::PastTheEnd => false,
            Test::Equal(other) => compare(value, other).is_eq(),
            Test::Less(other) => ordered(value, other).is_some_and(Ordering::is_lt) && !value.is_null(),
            Test::AtMost(other) => ordered(value, other).is_some_and(Ordering::is_le),
            Test::Greater(other) => ordered(value, other).is_some_and(Ordering::is_gt) && !value.is_null(),
            Test::AtLeast(other) => ordered(value, other).is_some_and(Ordering::is_ge),
        }
    }

    /// What most tests are, of most documents: whole numbers on both sides. None where it is another one.
    fn hits_whole(&self, value: &Value) -> Option<bool> {
        let number = value.as_i64()?;
        Some(match self {
            Test::Equal(other) | Test::NotEqual(other) => number == other.as_i64()?,
            Test::Less(other) => number < other.as_i64()?,
            Test::AtMost(other) => number <= other.as_i64()?,
            Test::Greater(other) => number > other.as_i64()?,
            Test::AtLeast(other) => number >= other.as_i64()?,
            Test::In(_) | Test::NotIn(_) => return None,
        })
    }

    fn is_negative(&self) -> bool {
        matches!(self, Test::NotEqual(_) | Test::NotIn(_))
    }
}

/// The order of two values of one kind that has an order.
fn ordered(a: &Value, b: &Value) -> Option<Ordering> {
    use Value::{Bool, Null, Number, String};
    match (a, b) {
        (Number(_), Number(_)) | (String(_), String(_)) | (Bool(_), Bool(_)) | (Null, Null) => Some(compare(a, b)),
        _ => None,
    }
}

/// Values without an order of their own. A value is looked up in the time of a binary search.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueSet(Vec<Value>);

impl ValueSet {
    pub(super) fn new(mut values: Vec<Value>) -> Self {
        values.sort_unstable_by(compare);
        values.dedup_by(|a, b| compare(a, b).is_eq());
        ValueSet(values)
    }

    /// Whether a value is deeply equal to one of these.
    pub fn contains(&self, value: &Value) -> bool {
        self.0.binary_search_by(|known| compare(known, value)).is_ok()
    }

    /// The values, each once.
    pub fn values(&self) -> &[Value] {
        &self.0
    }
}

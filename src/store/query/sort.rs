//! In what order documents are answered.
use super::filters::whole;
use super::order::compare;
use super::parse::Parser;
use super::path::Path;
use crate::store::{Document, StoreError};
use serde_json::Value;
use std::cmp::Ordering;

/// By which paths documents are sorted, the first of them first. The default leaves them as they are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sort(Vec<(Path, Direction)>);

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least, written 1.
    Ascending,
    /// The greatest, written -1.
    Descending,
}

impl Sort {
    /// Reads `$sort`. Of a direction the sign counts; 0 sorts nothing. [`StoreError::BadRequest`] for what is no object of
    /// directions, which the original heeds in part or not at all, and past a bound.
    pub(super) fn parse(value: &Value, parser: &mut Parser) -> Result<Self, StoreError> {
        let malformed = || StoreError::bad_request("$sort must be an object with 1 or -1 for each name");
        let fields = value.as_object().ok_or_else(malformed)?;
        parser.count(fields.len())?;
        let mut keys = vec![];
        for (name, direction) in fields {
            let path = Path::parse(name)?;
            match whole(direction).ok_or_else(malformed)?.cmp(&0) {
                Ordering::Less => keys.push((path, Direction::Descending)),
                Ordering::Equal => {}
                Ordering::Greater => keys.push((path, Direction::Ascending)),
            }
        }
        Ok(Sort(keys))
    }

    /// Whether documents stay as they are.
    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths with their directions, the first first.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = (&Path, Direction)> {
        self.0.iter().map(|(path, direction)| (path, *direction))
    }

    /// Which of two documents comes first. What a document does not have comes before all values, null too.
    pub fn compare(&self, a: &Document, b: &Document) -> Ordering {
        let orders = self.keys().map(|(path, direction)| {
            let order = match (path.value_in(a), path.value_in(b)) {
                (Some(a), Some(b)) => compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            };
            if direction == Direction::Ascending { order } else { order.reverse() }
        });
        orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sorted(sort: &str, documents: Value) -> Vec<Value> {
        let query = crate::store::Query::read(&format!(r#"{{ "$sort": {sort} }}"#)).unwrap();
        let mut documents: Vec<Value> = documents.as_array().unwrap().clone();
        documents.sort_by(|a, b| query.sort().compare(a.as_object().unwrap(), b.as_object().unwrap()));
        documents
    }

    #[test]
    fn what_is_missing_comes_before_null() {
        let documents = json!([{ "a": 0 }, { "a": null }, {}, { "a": "0" }]);
        assert_eq!(
            sorted(r#"{ "a": 1 }"#, documents.clone()),
            [json!({}), json!({ "a": null }), json!({ "a": 0 }), json!({ "a": "0" })]
        );
        assert_eq!(sorted(r#"{ "a": "-1" }"#, documents)[0], json!({ "a": "0" }));
    }

    #[test]
    fn the_second_name_decides_where_the_first_does_not() {
        let documents = json!([{ "a": 2, "b": 1 }, { "a": 1, "b": 1 }, { "a": 1, "b": 2 }]);
        assert_eq!(sorted(r#"{ "b": -1, "a": 1 }"#, documents.clone())[1], documents[1]);
        assert_eq!(sorted(r#"{ "a": 1, "b": -1 }"#, documents.clone())[1], documents[1]);
        assert_eq!(sorted(r#"{ "a": 0, "b": 0 }"#, documents.clone()), *documents.as_array().unwrap());
    }

    #[test]
    fn a_path_goes_into_objects_and_to_elements_by_index() {
        let documents = json!([{ "a": { "b": [1, 9] } }, { "a": { "b": [2, 3] } }, { "a": 5 }]);
        assert_eq!(
            sorted(r#"{ "a.b.1": 1 }"#, documents.clone()),
            [documents[2].clone(), documents[1].clone(), documents[0].clone()]
        );
    }

    #[test]
    fn a_name_that_comes_twice_stands_where_it_first_came() {
        let documents = json!([{ "a": 1, "b": 1 }, { "a": 2, "b": 2 }]);
        assert_eq!(sorted(r#"{ "a": 1, "b": 1, "a": -1 }"#, documents.clone())[0], documents[1]);
    }

    #[test]
    fn a_direction_that_is_no_number_is_refused() {
        for sort in
            [json!("a"), json!(null), json!(["a"]), json!({ "a": "asc" }), json!({ "a": {} }), json!({ "a": null })]
        {
            assert!(crate::store::Query::parse(&json!({ "$sort": sort })).is_err());
        }
    }
}

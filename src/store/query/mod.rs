//! The queries of Feathers: which documents, in what order, how many, which of their fields.
//!
//! Source: `@feathersjs/adapter-commons` 5 for what a query may say and for the texts of refusals, `sift` 17 for what a condition
//! matches. Where those are wrong or specific to JavaScript, the files here say what is done instead.
mod condition;
mod filters;
mod order;
mod parse;
mod path;
mod select;
mod sort;

pub use condition::{Condition, Test, ValueSet};
pub use order::compare;
pub use path::Path;
pub use select::Select;
pub use sort::{Direction, Sort};

use super::nesting::is_within;
use super::{Document, StoreError};
use parse::Parser;
use serde_json::Value;

/// A query that has been read and checked. The default matches every document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    conditions: Vec<Condition>,
    limit: Option<usize>,
    skip: usize,
    sort: Sort,
    select: Select,
}

impl Query {
    /// How many objects and arrays may stand inside each other in a query, itself counted, and how many names a path may have.
    pub const MAX_DEPTH: usize = 32;
    /// How many conditions, alternatives of `$or` and `$and`, names of `$sort` and names of `$select` a query may have together.
    pub const MAX_CONDITIONS: usize = 256;
    /// How many values the lists of `$in` and `$nin` may have together.
    pub const MAX_LISTED: usize = 10_000;

    /// Reads a query as it came over a wire. `null` matches every document.
    ///
    /// [`StoreError::BadRequest`] for what is no JSON object, for a filter or an operator that there is not, for one that stands
    /// where it cannot, and past a bound.
    pub fn read(text: &str) -> Result<Self, StoreError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            // The reader stops long before the stack ends, and this is the only thing that it does not call bad syntax.
            match error.to_string().starts_with("recursion limit") {
                true => too_deep(),
                false => StoreError::bad_request("The query is not valid JSON"),
            }
        })?;
        Query::parse(&value)
    }

    /// Reads a query that has been parsed as JSON, as [`Query::read`] does.
    pub fn parse(value: &Value) -> Result<Self, StoreError> {
        if !is_within(value, Query::MAX_DEPTH) {
            return Err(too_deep());
        }
        let query = match value {
            Value::Null => return Ok(Query::default()),
            Value::Object(query) => query,
            _ => return Err(StoreError::bad_request("The query must be an object")),
        };
        parse::check_names(query)?;
        let mut parser = Parser::default();
        let sort = match query.get("$sort") {
            Some(sort) => Sort::parse(sort, &mut parser)?,
            None => Sort::default(),
        };
        let select = match query.get("$select") {
            Some(select) => Select::parse(select, &mut parser)?,
            None => Select::all(),
        };
        let number = |name| query.get(name).and_then(filters::count);
        let (limit, skip) = (number("$limit"), number("$skip").unwrap_or(0));
        Ok(Query { conditions: parser.query(query)?, limit, skip, sort, select })
    }

    /// Whether the conditions match a document.
    pub fn matches(&self, document: &Document) -> bool {
        self.conditions.iter().all(|condition| condition.matches(document))
    }

    /// The conditions, all of which must match.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// `$limit`, where it is a number from 0 up.
    pub fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// `$skip`, or 0.
    pub fn skip(&self) -> usize {
        self.skip
    }

    /// `$sort`, in the order of its names.
    pub fn sort(&self) -> &Sort {
        &self.sort
    }

    /// `$select`.
    pub fn select(&self) -> &Select {
        &self.select
    }
}

fn too_deep() -> StoreError {
    StoreError::bad_request(format!("The query is nested more than {} levels deep", Query::MAX_DEPTH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(query: Value) -> StoreError {
        Query::parse(&query).unwrap_err()
    }

    #[test]
    fn filters_are_read_and_are_no_conditions() {
        let query = json!({ "$limit": "2", "$skip": 1.9, "$sort": { "a": "-1" }, "$select": ["a"], "b": 1 });
        let query = Query::parse(&query).unwrap();
        assert_eq!((query.limit(), query.skip(), query.conditions().len()), (Some(2), 1, 1));
        assert!(query.sort().keys().len() == 1 && *query.select() != Select::all());
    }

    #[test]
    fn a_query_deeper_than_the_limit_is_refused() {
        let nested = |levels| (1..levels).fold(json!({}), |inner, _| json!({ "$or": [inner] }));
        assert!(Query::parse(&nested(16)).is_ok());
        assert_eq!(refusal(nested(17)), too_deep());
        assert_eq!(refusal(nested(500)), too_deep());
        let text = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
        assert_eq!(Query::read(&text), Err(too_deep()));
    }

    #[test]
    fn a_path_longer_than_the_limit_is_refused() {
        assert!(Query::parse(&json!({ vec!["a"; 32].join("."): 1 })).is_ok());
        assert_eq!(refusal(json!({ vec!["a"; 33].join("."): 1 })), too_deep());
        assert_eq!(refusal(json!({ "$sort": { ".".repeat(1_000_000): 1 } })), too_deep());
    }

    #[test]
    fn a_query_with_more_conditions_than_the_limit_is_refused() {
        let fields = |count| Value::Object((0..count).map(|at| (format!("f{at}"), json!(1))).collect());
        assert!(Query::parse(&fields(Query::MAX_CONDITIONS)).is_ok());
        for query in [
            fields(Query::MAX_CONDITIONS + 1),
            json!({ "$or": vec![json!({}); 300] }),
            json!({ "$sort": fields(300) }),
            json!({ "$select": vec!["a"; 300] }),
            json!({ "$select": vec!["a"; 200], "$or": vec![json!({}); 100] }),
        ] {
            assert_eq!(refusal(query).to_string(), "The query has more than 256 conditions");
        }
    }

    #[test]
    fn lists_longer_than_the_limit_are_refused() {
        let listed = |count| json!({ "a": { "$in": vec![1; count] }, "b": { "$nin": vec![1; count] } });
        assert!(Query::parse(&listed(5_000)).is_ok());
        assert_eq!(refusal(listed(5_001)).to_string(), "The query lists more than 10000 values");
    }

    #[test]
    fn what_is_no_object_is_no_query() {
        for query in [json!([]), json!("a"), json!(1), json!(true)] {
            assert!(matches!(refusal(query), StoreError::BadRequest { data: None, .. }));
        }
        assert_eq!(Query::parse(&Value::Null), Ok(Query::default()));
        for text in ["", "{", "{} {}", "{\"a\":\u{0}}"] {
            assert_eq!(Query::read(text).unwrap_err().to_string(), "The query is not valid JSON");
        }
    }

    #[test]
    fn the_text_of_a_query_keeps_the_order_of_its_sort() {
        let names = |query: Query| query.sort().keys().map(|(path, _)| path.to_string()).collect::<Vec<_>>();
        let text = r#"{ "$sort": { "b": 1, "a": -1, "c": 1 } }"#;
        assert_eq!(names(Query::read(text).unwrap()), ["b", "a", "c"]);
    }
}

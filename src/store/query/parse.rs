//! The conditions of a query, from JSON.
use super::Query;
use super::condition::{Condition, Test, ValueSet};
use super::path::Path;
use crate::store::{Document, StoreError};
use serde_json::Value;

/// What may stand at the top of a query with a `$`. Source: `@feathersjs/adapter-commons` 5, `FILTERS`.
const FILTERS: [&str; 6] = ["$skip", "$sort", "$limit", "$select", "$or", "$and"];

/// What may stand below the top with a `$`. `$and` is not among them. Source: `@feathersjs/adapter-commons` 5, `OPERATORS`.
const OPERATORS: [&str; 8] = ["$in", "$nin", "$lt", "$lte", "$gt", "$gte", "$ne", "$or"];

/// Refuses a query with a filter or an operator that there is not. The depth of the query has been checked.
pub(super) fn check_names(query: &Document) -> Result<(), StoreError> {
    for (name, value) in query {
        if name.starts_with('$') && !FILTERS.contains(&name.as_str()) {
            return Err(StoreError::bad_request(format!("Invalid filter value {name}")));
        }
        check_operators(value)?;
    }
    Ok(())
}

fn check_operators(value: &Value) -> Result<(), StoreError> {
    match value {
        Value::Array(elements) => elements.iter().try_for_each(check_operators),
        Value::Object(fields) => fields.iter().try_for_each(|(name, inner)| {
            if name.starts_with('$') && !OPERATORS.contains(&name.as_str()) {
                let message = format!("Invalid query parameter {name}").into();
                return Err(StoreError::BadRequest { message, data: Some(value.clone()) });
            }
            check_operators(inner)
        }),
        _ => Ok(()),
    }
}

/// Reads the parts of one query, and counts them.
#[derive(Default)]
pub(super) struct Parser {
    conditions: usize,
    listed: usize,
}

impl Parser {
    /// Counts some conditions more. [`StoreError::BadRequest`] past the bound.
    pub fn count(&mut self, conditions: usize) -> Result<(), StoreError> {
        self.conditions = self.conditions.saturating_add(conditions);
        match self.conditions <= Query::MAX_CONDITIONS {
            true => Ok(()),
            false => {
                let message = format!("The query has more than {} conditions", Query::MAX_CONDITIONS);
                Err(StoreError::bad_request(message))
            }
        }
    }

    /// The conditions of a query or of an alternative. The query's own filters are passed over.
    pub fn query(&mut self, query: &Document) -> Result<Vec<Condition>, StoreError> {
        let mut conditions = vec![];
        for (name, value) in query {
            match name.as_str() {
                "$or" => conditions.push(Condition::Any(self.alternatives(value)?)),
                "$and" => conditions.push(Condition::All(self.alternatives(value)?)),
                "$skip" | "$sort" | "$limit" | "$select" => {}
                operator if operator.starts_with('$') => {
                    return Err(StoreError::bad_request(format!(
                        "Malformed query. {operator} cannot stand without a property."
                    )));
                }
                path => self.field(path, value, &mut conditions)?,
            }
        }
        Ok(conditions)
    }

    fn alternatives(&mut self, value: &Value) -> Result<Vec<Condition>, StoreError> {
        let malformed = || StoreError::bad_request("$and/$or/$nor must be a nonempty array");
        let alternatives = value.as_array().filter(|alternatives| !alternatives.is_empty()).ok_or_else(malformed)?;
        self.count(alternatives.len())?;
        let read = |alternative: &Value| match alternative {
            Value::Object(query) => Ok(Condition::All(self.query(query)?)),
            _ => Err(StoreError::bad_request("Malformed query. Each alternative of $or and $and must be an object.")),
        };
        alternatives.iter().map(read).collect()
    }

    /// A field is asked by operators, or it is to be equal to a value, which may be an object.
    fn field(&mut self, name: &str, value: &Value, into: &mut Vec<Condition>) -> Result<(), StoreError> {
        let path = Path::parse(name)?;
        let operators = value.as_object().filter(|fields| fields.keys().any(|name| name.starts_with('$')));
        let Some(operators) = operators else {
            self.count(1)?;
            into.push(Condition::Field { path, test: Test::Equal(value.clone()) });
            return Ok(());
        };
        self.count(operators.len())?;
        for (operator, value) in operators {
            into.push(Condition::Field { path: path.clone(), test: self.test(operator, value)? });
        }
        Ok(())
    }

    fn test(&mut self, operator: &str, value: &Value) -> Result<Test, StoreError> {
        match operator {
            "$ne" => Ok(Test::NotEqual(value.clone())),
            "$lt" => Ok(Test::Less(value.clone())),
            "$lte" => Ok(Test::AtMost(value.clone())),
            "$gt" => Ok(Test::Greater(value.clone())),
            "$gte" => Ok(Test::AtLeast(value.clone())),
            "$in" => Ok(Test::In(self.listed(operator, value)?)),
            "$nin" => Ok(Test::NotIn(self.listed(operator, value)?)),
            group if group.starts_with('$') => {
                Err(StoreError::bad_request(format!("Malformed query. {group} cannot be matched against property.")))
            }
            _ => Err(StoreError::bad_request("Property queries must contain only operations, or exact objects.")),
        }
    }

    /// The values of a list; one that is no list is the only one.
    fn listed(&mut self, operator: &str, value: &Value) -> Result<ValueSet, StoreError> {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        self.listed = self.listed.saturating_add(values.len());
        if self.listed > Query::MAX_LISTED {
            return Err(StoreError::bad_request(format!("The query lists more than {} values", Query::MAX_LISTED)));
        }
        let is_nested = |value: &Value| {
            let fields = value.as_object();
            fields.is_some_and(|fields| fields.keys().any(|name| name.starts_with('$')))
        };
        match values.iter().any(is_nested) {
            true => Err(StoreError::bad_request(format!("cannot nest $ under {operator}"))),
            false => Ok(ValueSet::new(values.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{Query, StoreError};
    use serde_json::{Value, json};

    fn refusal(query: Value) -> (String, Option<Value>) {
        match Query::parse(&query) {
            Err(StoreError::BadRequest { message, data }) => (message.into_owned(), data),
            other => panic!("{query} is {other:?}"),
        }
    }

    #[test]
    fn an_unknown_filter_is_refused_by_its_name() {
        assert_eq!(refusal(json!({ "$foo": 1 })), ("Invalid filter value $foo".into(), None));
        assert_eq!(refusal(json!({ "$gt": 1 })), ("Invalid filter value $gt".into(), None));
    }

    #[test]
    fn an_unknown_operator_is_refused_with_the_object_it_stands_in() {
        let inner = json!({ "$foo": 1, "z": 2 });
        for query in [
            json!({ "a": inner }),
            json!({ "a": { "b": [inner] } }),
            json!({ "$or": [{ "a": inner }] }),
            json!({ "$and": [inner] }),
            json!({ "$select": inner }),
            json!({ "$sort": { "a": inner } }),
        ] {
            assert_eq!(refusal(query), ("Invalid query parameter $foo".into(), Some(inner.clone())));
        }
        assert_eq!(refusal(json!({ "a": { "$limit": 1 } })).0, "Invalid query parameter $limit");
        assert_eq!(refusal(json!({ "$or": [{ "$and": [{}] }] })).0, "Invalid query parameter $and");
    }

    #[test]
    fn an_operator_where_it_cannot_stand_is_refused() {
        let refusals = [
            (json!({ "$or": [] }), "$and/$or/$nor must be a nonempty array"),
            (json!({ "$and": { "a": 1 } }), "$and/$or/$nor must be a nonempty array"),
            (json!({ "$or": [1] }), "Malformed query. Each alternative of $or and $and must be an object."),
            (json!({ "$or": [{ "$gt": 1 }] }), "Malformed query. $gt cannot stand without a property."),
            (json!({ "a": { "$or": [{}] } }), "Malformed query. $or cannot be matched against property."),
            (json!({ "a": { "$gt": 1, "b": 2 } }), "Property queries must contain only operations, or exact objects."),
            (json!({ "a": { "$in": [{ "$gt": 1 }] } }), "cannot nest $ under $in"),
        ];
        for (query, message) in refusals {
            assert_eq!(refusal(query), (message.into(), None));
        }
    }
}

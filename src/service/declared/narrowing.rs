//! Queries that keep callers to what is theirs: `{ query = { company_id = "connection.user.company_id" } }`.
//!
//! What the expressions yield is added to the query of a call as one more condition, which nothing else in the query can lift. What a
//! call writes must meet it as well: nobody creates, or moves, a document where that caller could not find it.
use crate::filter::expression::{Expression, Failure, Scope};
use crate::service::error::ServiceError;
use crate::store::query::Path;
use crate::store::{Document, Query, StoreError};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// The operators whose value is a list.
const OF_LISTS: [&str; 2] = ["$in", "$nin"];
/// The others.
const OPERATORS: [&str; 5] = ["$ne", "$lt", "$lte", "$gt", "$gte"];

/// Conditions by the paths of fields. The values are expressions about `connection` and `hook`.
#[derive(Clone, Debug, PartialEq)]
pub struct Narrowing(BTreeMap<String, Test>);

/// What a field must be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Test {
    Equal(Expression),
    Operators(BTreeMap<String, Expression>),
}

/// What a narrowing comes to for one caller.
pub(super) struct Conditions(Vec<Condition>);

struct Condition {
    path: Path,
    /// The value that the field must have; none where an operator says what it may be.
    equal: Option<Value>,
    query: Query,
    written: Map<String, Value>,
}

impl Narrowing {
    /// Its expressions.
    pub(super) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.0.values().flat_map(|test| match test {
            Test::Equal(expression) => vec![expression],
            Test::Operators(operators) => operators.values().collect(),
        })
    }

    /// What it comes to for a caller. Fails where an expression does, or yields neither a text, a number nor a boolean, and a list of
    /// those for `$in` and `$nin`: an object would be more than a value in a query.
    pub(super) fn conditions(&self, scope: &Scope<'_>) -> Result<Conditions, Failure> {
        let conditions = self.0.iter().map(|(name, test)| Condition::of(name, test, scope));
        conditions.collect::<Result<_, _>>().map(Conditions)
    }
}

impl Condition {
    fn of(name: &str, test: &Test, scope: &Scope<'_>) -> Result<Self, Failure> {
        let (equal, value) = match test {
            Test::Equal(expression) => {
                let value = plain(expression.value(scope)?)?;
                (Some(value.clone()), value)
            }
            Test::Operators(operators) => {
                let value = |(operator, expression): (&String, &Expression)| {
                    let value = expression.value(scope)?;
                    let value = if OF_LISTS.contains(&operator.as_str()) { list(value)? } else { plain(value)? };
                    Ok((operator.clone(), value))
                };
                (None, operators.iter().map(value).collect::<Result<Map<_, _>, Failure>>()?.into())
            }
        };
        let written = Map::from_iter([(name.to_owned(), value)]);
        let query = Query::parse(&Value::Object(written.clone())).map_err(|_| Failure::Other)?;
        let path = Path::parse(name).map_err(|_| Failure::Other)?;
        Ok(Condition { path, equal, query, written })
    }

    /// Whether a document meets it with one value: a list of several would meet the conditions of several callers.
    fn is_met_by(&self, document: &Document) -> bool {
        self.path.value_in(document).is_some_and(|value| !value.is_array()) && self.query.matches(document)
    }

    fn first_name(&self) -> &str {
        self.path.names().next().unwrap_or_default()
    }

    /// Its field where it has one name: what is missing can be set then.
    fn field(&self) -> Option<&str> {
        let mut names = self.path.names();
        names.next().filter(|_| names.next().is_none())
    }
}

fn plain(value: Value) -> Result<Value, Failure> {
    match value.is_array() {
        true => Err(Failure::Kind("a list, and a single value is wanted")),
        false => Ok(value),
    }
}

fn list(value: Value) -> Result<Value, Failure> {
    match value.is_array() {
        true => Ok(value),
        false => Err(Failure::Kind("no list, which $in and $nin want")),
    }
}

impl Conditions {
    /// Adds them to a query, beside what is in it.
    pub fn narrow(&self, query: &mut Value) -> Result<(), ServiceError> {
        let Value::Object(query) = query else {
            return Err(ServiceError::bad_request("The query must be an object"));
        };
        let all = query.entry("$and").or_insert_with(|| json!([]));
        let Value::Array(all) = all else {
            return Err(StoreError::bad_request("$and/$or/$nor must be a nonempty array").into());
        };
        all.extend(self.0.iter().map(|condition| Value::Object(condition.written.clone())));
        Ok(())
    }

    /// Whether new documents meet them. A field that is missing, and that must have one value, is given that first.
    pub fn complete(&self, data: &mut Value) -> bool {
        documents(data).all(|document| {
            self.0.iter().all(|condition| {
                if let (Some(field), Some(value)) = (condition.field(), &condition.equal)
                    && !document.contains_key(field)
                {
                    document.insert(field.to_owned(), value.clone());
                }
                condition.is_met_by(document)
            })
        })
    }

    /// Whether changes leave documents that meet them: what a change does not touch is as it was.
    pub fn admit_changes(&self, data: &mut Value) -> bool {
        documents(data).all(|changes| {
            let mut touched = self.0.iter().filter(|condition| changes.contains_key(condition.first_name()));
            touched.all(|condition| condition.is_met_by(changes))
        })
    }
}

/// The documents of what was sent. What is none is refused by the store.
fn documents(data: &mut Value) -> Box<dyn Iterator<Item = &mut Document> + '_> {
    match data {
        Value::Array(items) => Box::new(items.iter_mut().filter_map(Value::as_object_mut)),
        data => Box::new(data.as_object_mut().into_iter()),
    }
}

impl Serialize for Narrowing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Narrowing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tests = BTreeMap::<String, Test>::deserialize(deserializer)?;
        if tests.is_empty() {
            return Err(D::Error::custom("a field is wanted: { company_id = \"connection.user.company_id\" }"));
        }
        for name in tests.keys() {
            Path::try_from(name.clone()).map_err(D::Error::custom)?;
        }
        let narrowing = Narrowing(tests);
        let reads_data = narrowing.expressions().any(|expression| expression.reads("data"));
        match reads_data {
            true => Err(D::Error::custom("a query is made of `connection` and `hook`; `data` is what the call brings")),
            false => Ok(narrowing),
        }
    }
}

impl<'de> Deserialize<'de> for Test {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TestVisitor)
    }
}

struct TestVisitor;

impl<'de> Visitor<'de> for TestVisitor {
    type Value = Test;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an expression in CEL such as \"connection.user.id\", or a table of operators such as { \"$in\" = \"…\" }",
        )
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Test, E> {
        Expression::new(text).map(Test::Equal).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Test, A::Error> {
        let mut operators = BTreeMap::new();
        while let Some((operator, expression)) = map.next_entry::<String, Expression>()? {
            if !OF_LISTS.iter().chain(&OPERATORS).any(|known| *known == operator) {
                let known = "take $in, $nin, $ne, $lt, $lte, $gt or $gte";
                return Err(A::Error::custom(format!("`{operator}` is no operator; {known}")));
            }
            operators.insert(operator, expression);
        }
        match operators.is_empty() {
            true => Err(A::Error::custom("an operator is wanted, such as { \"$in\" = \"…\" }")),
            false => Ok(Test::Operators(operators)),
        }
    }
}

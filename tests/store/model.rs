//! Random queries against a model that knows nothing of the store: one loop over a list.
use super::fixture::Shelf;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// A value of a field without arrays, whose rules are those of the original's record.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3).prop_map(Value::from),
        prop_oneof![Just(0.5), Just(1.0), Just(-0.0)].prop_map(Value::from),
        prop_oneof![Just(""), Just("a"), Just("1"), Just("\0")].prop_map(Value::from),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[ab]", scalar(), 0..3).prop_map(|fields| json!(fields))
}

/// A query as it is written, with the model of what it asks.
#[derive(Debug, Clone)]
enum Asked {
    Field(String, &'static str, Value),
    In(String, bool, Vec<Value>),
    Or(Vec<Asked>),
}

impl Asked {
    fn written(&self) -> Value {
        match self {
            Asked::Field(name, "", value) => json!({ name.as_str(): value }),
            Asked::Field(name, operator, value) => json!({ name.as_str(): { *operator: value } }),
            Asked::In(name, is_in, values) => json!({ name.as_str(): { if *is_in { "$in" } else { "$nin" }: values } }),
            Asked::Or(alternatives) => json!({ "$or": alternatives.iter().map(Asked::written).collect::<Vec<_>>() }),
        }
    }

    fn matches(&self, document: &Value) -> bool {
        match self {
            Asked::Or(alternatives) => alternatives.iter().any(|asked| asked.matches(document)),
            Asked::In(name, is_in, values) => values.iter().any(|value| is_equal(&document[name], value)) == *is_in,
            Asked::Field(name, operator, value) => {
                let kept = &document[name];
                let order = || order(kept, value);
                match *operator {
                    "" => is_equal(kept, value),
                    "$ne" => !is_equal(kept, value),
                    "$lt" => order() == Some(-1),
                    "$lte" => matches!(order(), Some(-1 | 0)),
                    "$gt" => order() == Some(1),
                    "$gte" => matches!(order(), Some(0 | 1)),
                    other => unreachable!("{other} is not written here"),
                }
            }
        }
    }
}

fn is_equal(a: &Value, b: &Value) -> bool {
    order(a, b) == Some(0)
}

/// The order of two scalars of one kind. All numbers here are small enough for floats.
fn order(a: &Value, b: &Value) -> Option<i8> {
    let order = match (a, b) {
        (Value::Null, Value::Null) => return Some(0),
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64())?,
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => return None,
    };
    Some(order as i8)
}

fn asked() -> impl Strategy<Value = Asked> {
    let operators = prop::sample::select(vec!["", "$ne", "$lt", "$lte", "$gt", "$gte"]);
    let field = ("[abc]", operators, scalar()).prop_map(|(name, operator, value)| Asked::Field(name, operator, value));
    let listed = prop::collection::vec(scalar(), 0..4);
    let is_in = ("[abc]", any::<bool>(), listed).prop_map(|(name, is_in, values)| Asked::In(name, is_in, values));
    let leaf = prop_oneof![3 => field, 1 => is_in];
    leaf.prop_recursive(3, 12, 3, |inner| prop::collection::vec(inner, 1..4).prop_map(Asked::Or))
}

pub async fn random_queries_find_what_the_model_finds(shelf: &Shelf) {
    let mut runner = TestRunner::default();
    let documents = prop::collection::vec(document(), 60);
    let documents = documents.new_tree(&mut runner).expect("documents").current();
    let service = shelf.service();
    service.create(documents.clone().into()).await.expect("documents that may be created");
    for _ in 0..300 {
        let asked = asked().new_tree(&mut runner).expect("a query").current();
        let expected: Vec<Value> =
            (0..documents.len()).filter(|at| asked.matches(&documents[*at])).map(Value::from).collect();
        assert_eq!(service.field(shelf.id, asked.written()).await, expected, "{asked:?} in {documents:?}");
    }
}

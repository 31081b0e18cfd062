//! JSON as values of CEL, and back.
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};
use std::collections::HashMap;

/// Bytes of a text that weigh as much as one value.
const BYTES: usize = 16;

/// A value of CEL that borrows nothing.
pub(super) type Owned = Box<dyn Val>;

/// A JSON value, and what it weighs. JSON that was read is no deeper than its reader goes.
pub(super) fn of_json(value: &Value) -> (Owned, usize) {
    match value {
        Value::Null => (Box::new(CelNull), 1),
        Value::Bool(boolean) => (Box::new(CelBool::from(*boolean)), 1),
        Value::Number(number) => (of_number(number), 1),
        Value::String(text) => (Box::new(CelString::from(text.clone())), weight_of(text)),
        Value::Array(items) => {
            let mut weight = 1;
            let items: Vec<Owned> = items.iter().map(|item| weighed(item, &mut weight)).collect();
            (Box::new(CelList::from(items)), weight)
        }
        Value::Object(members) => of_object(members),
    }
}

/// A JSON object, and what it weighs.
fn of_object(members: &Map<String, Value>) -> (Owned, usize) {
    let mut weight = 1;
    let mut map: HashMap<CelMapKey<'static>, Owned> = HashMap::with_capacity(members.len());
    for (name, value) in members {
        weight += weight_of(name);
        map.insert(CelMapKey::String(CelString::from(name.clone())), weighed(value, &mut weight));
    }
    (Box::new(CelMap::from(map)), weight)
}

fn weighed(value: &Value, weight: &mut usize) -> Owned {
    let (value, own) = of_json(value);
    *weight += own;
    value
}

fn weight_of(text: &str) -> usize {
    1 + text.len() / BYTES
}

/// Whole numbers stay whole.
fn of_number(number: &Number) -> Owned {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => Box::new(CelInt::from(whole)),
        (None, Some(whole)) => Box::new(CelUInt::from(whole)),
        (None, None) => Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN))),
    }
}

/// A text, a number, a boolean, or a list of such; none for anything else, null among it.
pub(super) fn to_json(value: &(dyn Val + '_)) -> Option<Value> {
    match value.downcast_ref::<CelList<'_>>() {
        Some(list) => list.inner().iter().map(|item| scalar(&**item)).collect::<Option<Vec<_>>>().map(Value::Array),
        None => scalar(value),
    }
}

fn scalar(value: &(dyn Val + '_)) -> Option<Value> {
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        return Some(Value::from(text.inner()));
    }
    if let Some(whole) = value.downcast_ref::<CelInt>() {
        return Some(Value::from(*whole.inner()));
    }
    if let Some(whole) = value.downcast_ref::<CelUInt>() {
        return Some(Value::from(*whole.inner()));
    }
    if let Some(boolean) = value.downcast_ref::<CelBool>() {
        return Some(Value::from(*boolean.inner()));
    }
    // What is not finite has no JSON form.
    let number = value.downcast_ref::<CelDouble>()?;
    Number::from_f64(*number.inner()).map(Value::Number)
}

//! The order of JSON values, which is also what makes two of them equal.
use serde_json::{Number, Value};
use std::cmp::Ordering;

/// Orders any two values: null, numbers, text, booleans, arrays, objects; within a kind as each is ordered. Source:
/// `@feathersjs/adapter-commons` 5, `compare`, whose dates JSON does not have.
///
/// The order is total, and equal are values that are deeply equal: 1 and 1.0 are, 1 and `"1"` are not. So that it is, text is
/// ordered by its code points, not by the halves of surrogates, and objects with the same values by their names.
pub fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare_numbers(a, b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => compare_lists(a.iter(), b.iter()),
        (Value::Object(a), Value::Object(b)) => {
            compare_lists(a.values(), b.values()).then_with(|| a.keys().cmp(b.keys()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Where the kind of a value stands among the kinds.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Bool(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// The first difference decides; where one list goes on, it is the greater.
fn compare_lists<'a>(mut a: impl Iterator<Item = &'a Value>, mut b: impl Iterator<Item = &'a Value>) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) => match compare(a, b) {
                Ordering::Equal => {}
                different => return different,
            },
            (a, b) => return a.is_some().cmp(&b.is_some()),
        }
    }
}

/// Exact for whole numbers past 2⁵³, too, or the order would not be total.
fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return a.cmp(&b);
    }
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(a), None) => compare_with_float(a, float(b)),
        (None, Some(b)) => compare_with_float(b, float(a)).reverse(),
        (None, None) => float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal),
    }
}

fn whole(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(0.0)
}

/// A float beyond the whole numbers is cut off at the ends of `i128`, which no number of JSON reaches as a whole one.
fn compare_with_float(whole: i128, float: f64) -> Ordering {
    let below = float.floor();
    whole.cmp(&(below as i128)).then(if float > below { Ordering::Less } else { Ordering::Equal })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn kinds_stand_in_their_order() {
        let ordered = [
            json!(null),
            json!(-1e300),
            json!(i64::MIN),
            json!(-1),
            json!(0.5),
            json!(1),
            json!(u64::MAX),
            json!(1e300),
            json!(""),
            json!("A"),
            json!("a"),
            json!("aa"),
            json!(false),
            json!(true),
            json!([]),
            json!([1]),
            json!([1, null]),
            json!([2]),
            json!({}),
            json!({ "b": 1 }),
            json!({ "a": 2 }),
            json!({ "a": 2, "b": 1 }),
        ];
        for (at, a) in ordered.iter().enumerate() {
            for (other, b) in ordered.iter().enumerate() {
                assert_eq!(compare(a, b), at.cmp(&other), "{a} and {b}");
            }
        }
    }

    #[test]
    fn a_number_is_equal_however_it_is_written() {
        assert_eq!(compare(&json!(1), &json!(1.0)), Ordering::Equal);
        assert_eq!(compare(&json!(0), &json!(-0.0)), Ordering::Equal);
        assert_eq!(compare(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992.0)), Ordering::Greater);
        assert_eq!(compare(&json!(-1), &json!(-0.5)), Ordering::Less);
    }

    fn any_number() -> impl Strategy<Value = Value> {
        let near = -2_i64..3;
        prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            near.clone().prop_map(|by| Value::from((1_i64 << 53) + by)),
            near.prop_map(|by| Value::from((1_u64 << 53) as f64 + by as f64)),
        ]
    }

    proptest! {
        #[test]
        fn the_order_of_numbers_is_total(a in any_number(), b in any_number(), c in any_number()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            let mut sorted = [a, b, c];
            sorted.sort_by(compare);
            prop_assert!(compare(&sorted[0], &sorted[2]).is_le());
        }
    }
}

//! Values as texts that a database compares byte by byte, so that their order and their equality are those of
//! [`compare`](crate::store::query::compare), on every database alike.
//!
//! A key begins with a digit for the kind of its value. A number is the hexadecimal form of its float, which is made to ascend,
//! and of what a whole number past 2⁵³ has beyond that float. A text is itself, with three control characters escaped: NUL, which no
//! text of PostgreSQL may have, the end of an item inside a list, and the escape itself.
use serde_json::{Number, Value};
use std::fmt::Write;

/// The kinds in their order. A facet that is a list of keys begins with `[`, which comes behind all of them.
pub(super) const NULL: &str = "0";
pub(super) const NUMBERS: (&str, &str) = ("1", "2");
pub(super) const TEXTS: (&str, &str) = ("2", "3");
pub(super) const BOOLEANS: (&str, &str) = ("3", "4");

const END: char = '\u{1}';
const ESCAPE: char = '\u{2}';

/// Arrays and objects are told apart up to here: what holds others holds their keys, too, so without a bound the keys of a
/// document would grow by the square of its depth.
const MOST_OF_MANY: usize = 1024;
/// What a key ends with that was cut there. No other key has this in it.
const END_OF_CUT: &str = "\u{2}~";

/// The key of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// What is stored and compared.
    pub text: String,
    /// No other value has this key. Only long arrays and objects share one.
    pub is_whole: bool,
}

/// The key of a value.
pub(super) fn key(value: &Value) -> Key {
    let mut text = String::new();
    let is_many = value.is_array() || value.is_object();
    let most = if is_many { MOST_OF_MANY } else { usize::MAX };
    write(value, most, &mut text);
    let is_whole = text.len() <= most;
    if !is_whole {
        text.truncate(text.floor_char_boundary(most));
        text.push_str(END_OF_CUT);
    }
    Key { text, is_whole }
}

/// A text without NUL, which still differs from that of any other text.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape(text, &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '\0' => out.extend([ESCAPE, '0']),
            END => out.extend([ESCAPE, '1']),
            ESCAPE => out.extend([ESCAPE, '2']),
            other => out.push(other),
        }
    }
}

/// Stops soon after so many bytes. A document is no deeper than is allowed, and so is this.
fn write(value: &Value, most: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str(NULL),
        Value::Number(number) => {
            out.push_str(NUMBERS.0);
            write_number(number, out);
        }
        Value::String(text) => {
            out.push_str(TEXTS.0);
            // What is left out lies behind the bound, wherever a letter ends.
            let end = text.floor_char_boundary(most.saturating_add(8));
            escape(text.get(..end).unwrap_or(text), out);
        }
        Value::Bool(truth) => out.push_str(if *truth { "31" } else { "30" }),
        Value::Array(items) => {
            out.push('4');
            write_items(items, most, out);
        }
        Value::Object(fields) => {
            // The values first, then the names.
            out.push('5');
            write_items(fields.values(), most, out);
            out.push(END);
            for name in fields.keys() {
                if out.len() > most {
                    return;
                }
                escape(name, out);
                out.push(END);
            }
        }
    }
}

fn write_items<'v>(items: impl IntoIterator<Item = &'v Value>, most: usize, out: &mut String) {
    for item in items {
        if out.len() > most {
            return;
        }
        write(item, most, out);
        out.push(END);
    }
}

/// The greatest float that is not above the number, and how far the number is above it.
fn write_number(number: &Number, out: &mut String) {
    let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    let (float, above) = match whole {
        Some(whole) => {
            let near = whole as f64;
            let below = if near as i128 > whole { near.next_down() } else { near };
            (below, whole - below as i128)
        }
        None => (number.as_f64().unwrap_or(0.0), 0),
    };
    // There is one zero.
    let bits = if float == 0.0 { 0 } else { float.to_bits() };
    let ascending = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    let digits = format!("{ascending:016x}");
    match above {
        0 => out.push_str(digits.trim_end_matches('0')),
        above => {
            out.push_str(&digits);
            // Floats below 2⁶⁴ are 2048 apart at most. Writing to a text never fails.
            let _ = write!(out, "{above:03x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::query::compare;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let near = -3_i64..4;
        let scalar = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            near.clone().prop_map(Value::from),
            near.clone().prop_map(|by| Value::from((1_i64 << 53) + by)),
            near.clone().prop_map(|by| Value::from((1_u64 << 53) as f64 + by as f64)),
            near.prop_map(|by| Value::from(by as f64 / 2.0)),
            "[\\x00-\\x04a]{0,3}".prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[\\x00-\\x02ab]{0,2}", inner), 0..4)
                    .prop_map(|fields| fields.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn keys_are_ordered_as_their_values_are(a in any_value(), b in any_value()) {
            let (of_a, of_b) = (key(&a), key(&b));
            if of_a.is_whole && of_b.is_whole {
                prop_assert_eq!(of_a.text.as_bytes().cmp(of_b.text.as_bytes()), compare(&a, &b), "{} and {}", a, b);
            }
            prop_assert!(!of_a.text.contains('\0'));
        }
    }

    #[test]
    fn long_arrays_have_a_key_that_is_cut_and_equal_to_no_whole_one() {
        let long = json!(vec!["x".repeat(100); 100]);
        let cut = key(&long);
        assert!(!cut.is_whole && cut.text.len() < MOST_OF_MANY + 4);
        assert!(!key(&json!(["x".repeat(5_000)])).is_whole);
        assert!(key(&json!("x".repeat(5_000))).is_whole);
        assert_ne!(key(&json!(["x".repeat(900)])), cut);
    }

    #[test]
    fn no_key_begins_as_a_list_of_keys_does() {
        for value in [json!(null), json!(-1), json!("["), json!(true), json!([]), json!({})] {
            assert!(key(&value).text.as_str() < "[", "{value}");
        }
    }
}

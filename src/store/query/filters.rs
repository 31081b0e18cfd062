//! Numbers that a query may bring as text, as a query in a URL does.
use serde_json::Value;

/// The whole number that a value begins with; `None` for what begins with none. Past the ends of `i64` it is the end. Source:
/// `parseInt(value, 10)` in `@feathersjs/adapter-commons` 5.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => {
            let unsigned = || number.as_u64().map(|_| i64::MAX);
            // A float is cut towards zero, and at the ends.
            number.as_i64().or_else(unsigned).or_else(|| number.as_f64().map(|float| float as i64))
        }
        Value::String(text) => leading_whole(text.trim_start()),
        _ => None,
    }
}

/// How many: a whole number from 0 up.
pub(super) fn count(value: &Value) -> Option<usize> {
    let number = whole(value)?;
    (number >= 0).then(|| usize::try_from(number).unwrap_or(usize::MAX))
}

fn leading_whole(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let is_negative = text.starts_with('-');
    let number = &text[..text.len() - unsigned.len() + digits];
    let end = if is_negative { i64::MIN } else { i64::MAX };
    (digits > 0).then(|| number.parse().unwrap_or(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_is_read_from_where_a_value_begins() {
        let read = [
            (json!(2), Some(2)),
            (json!(1.9), Some(1)),
            (json!(-1.9), Some(-1)),
            (json!("2"), Some(2)),
            (json!(" \t-1"), Some(-1)),
            (json!("+3"), Some(3)),
            (json!("10abc"), Some(10)),
            (json!("1.9"), Some(1)),
            (json!("-"), None),
            (json!("abc"), None),
            (json!(""), None),
            (json!(null), None),
            (json!(true), None),
            (json!({}), None),
            (json!(u64::MAX), Some(i64::MAX)),
            (json!(1e300), Some(i64::MAX)),
            (json!("9".repeat(100)), Some(i64::MAX)),
            (json!(format!("-{}", "9".repeat(100))), Some(i64::MIN)),
        ];
        for (value, number) in read {
            assert_eq!(whole(&value), number, "{value}");
        }
    }

    #[test]
    fn less_than_nothing_is_no_count() {
        assert_eq!([json!(-1), json!("-1"), json!(0)].map(|value| count(&value)), [None, None, Some(0)]);
    }
}

//! The query of a request: `age[$gt]=10&$or[0][name]=Doug`. What it holds is text, as with the original.
//!
//! Source: the package `qs`, with which the REST clients of Feathers write it. It is read by `serde_qs`, which refuses what that
//! package would guess at: arrays with gaps, `a[][b]`, a name that has both a value and members.
use super::failure::Failure;
use crate::service::ServiceError;
use serde_json::{Map, Value};

/// How many brackets a name may have; `$or[0][$and][0][age][$gt]` has five.
const DEPTH: usize = 16;
/// How many parameters there may be; the package `qs` passes over more.
const PARAMETERS: usize = 1000;

/// Reads a query: an object.
pub(super) fn read(query: &str) -> Result<Value, Failure> {
    let refused = |message: String| Failure::malformed(ServiceError::bad_request(message));
    let query = with_brackets(query);
    if query.split('&').count() > PARAMETERS {
        return Err(refused(format!("The query has more than {PARAMETERS} parameters")));
    }
    let names = query.split('&').map(|parameter| parameter.split('=').next().unwrap_or_default());
    if names.into_iter().any(|name| name.matches('[').count() > DEPTH) {
        return Err(refused("The query is nested too deeply".to_owned()));
    }
    let read: Value = match serde_qs::Config::new().max_depth(DEPTH).deserialize_str(&query) {
        Ok(read) => read,
        Err(error) => {
            log::debug!("a query cannot be read: {error}");
            return Err(refused("The query cannot be read".to_owned()));
        }
    };
    match with_texts(read) {
        members @ Value::Object(_) => Ok(members),
        // Nothing at all.
        Value::String(text) if text.is_empty() => Ok(Value::Object(Map::new())),
        _ => Err(refused("The query must be an object".to_owned())),
    }
}

/// Clients write brackets as `%5B` and `%5D`. In a value they are the same.
fn with_brackets(query: &str) -> String {
    let mut parts = query.split('%');
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (bracket, rest) = match part.as_bytes() {
            [b'5', b'B' | b'b', ..] => ("[", &part[2..]),
            [b'5', b'D' | b'd', ..] => ("]", &part[2..]),
            _ => ("%", part),
        };
        written.push_str(bracket);
        written.push_str(rest);
    }
    written
}

/// A name without a value has an empty one. As deep as the names are.
fn with_texts(value: Value) -> Value {
    match value {
        Value::Null => Value::String(String::new()),
        Value::Array(items) => items.into_iter().map(with_texts).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, with_texts(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn query(text: &str) -> Value {
        read(text).unwrap_or_else(|failure| panic!("{text}: {failure:?}"))
    }

    #[test]
    fn brackets_are_members_and_items_and_all_values_are_texts() {
        let read = query("age[$gt]=10&$or[0][name]=Doug&$or[1][name]=Ann&$select[]=name&$select[]=age&$limit=5");
        assert_eq!(
            read,
            json!({
                "age": {"$gt": "10"}, "$or": [{"name": "Doug"}, {"name": "Ann"}], "$select": ["name", "age"], "$limit": "5"
            })
        );
        assert_eq!(
            query("a%5B%24in%5D%5b0%5d=x%5By%5D&b=1+2%2B3%20%C3%A4"),
            json!({"a": {"$in": ["x[y]"]}, "b": "1 2+3 ä"})
        );
        assert_eq!(query("a=1&a=2"), json!({"a": ["1", "2"]}));
        assert_eq!(query("a&b=&&c"), json!({"a": "", "b": "", "c": ""}));
        assert_eq!(query(""), json!({}));
    }

    #[test]
    fn the_order_of_names_is_kept() {
        let read = query("$sort[name]=-1&$sort[age]=1&$sort[b]=1&$sort[a]=-1");
        let order: Vec<_> = read["$sort"].as_object().expect("members").keys().cloned().collect();
        assert_eq!(order, ["name", "age", "b", "a"]);
    }

    #[test]
    fn what_is_too_deep_or_too_much_or_means_two_things_is_refused() {
        let deep = format!("a{}=1", "[b]".repeat(10_000));
        let coded = format!("a{}=1", "%5Bb%5D".repeat(17));
        let many = "a=1&".repeat(1001);
        let twice = "a=1&a[b]=2";
        let broken = [
            "a[b=1",
            "a[b]c=1",
            "=1",
            "[]=1",
            "0=1",
            "a[7]=1",
            "a[][b]=1",
            "a=%ff",
            "%ff=1",
            "a[=1",
            "[",
            "a[b]&a=1&a[]=2",
        ];
        for text in [deep.as_str(), &coded, &many, twice].into_iter().chain(broken) {
            // What is read all the same is an object; nothing panics.
            match read(text) {
                Ok(read) => assert!(read.is_object(), "{text}: {read}"),
                Err(failure) => assert_eq!(failure.error.class.code(), 400),
            }
        }
        assert!([deep, coded, many].iter().all(|text| read(text).is_err()));
    }

    #[test]
    fn names_that_objects_of_javascript_have_are_names_like_others() {
        assert_eq!(query("__proto__[a]=1&constructor=2"), json!({"__proto__": {"a": "1"}, "constructor": "2"}));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_is_an_object_or_refused(text in "[\\[\\]=&%+a$05BDx]{0,40}") {
            if let Ok(read) = read(&text) {
                assert!(read.is_object(), "{text}: {read}");
            }
        }
    }
}

//! How deep a value is nested, told without going deeper than allowed.
use super::Document;
use serde_json::Value;

/// Whether a value has at most so many objects and arrays inside each other. The stack grows with `levels`, never with the value.
pub(super) fn is_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Object(fields) => document_is_within(fields, levels),
        Value::Array(elements) => levels > 0 && elements.iter().all(|element| is_within(element, levels - 1)),
        _ => true,
    }
}

/// The same of a document; it is the first level.
pub(super) fn document_is_within(document: &Document, levels: usize) -> bool {
    levels > 0 && document.values().all(|value| is_within(value, levels - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_object_and_each_array_is_a_level() {
        assert!(is_within(&json!(1), 0));
        assert!(is_within(&json!({ "a": [1, 2] }), 2));
        assert!(!is_within(&json!({ "a": [1, 2] }), 1));
        assert!(!is_within(&json!([]), 0));
    }

    #[test]
    fn a_value_far_too_deep_is_told_at_the_limit() {
        let deep = (0..1_000).fold(json!(1), |inner, _| json!([inner]));
        assert!(!is_within(&deep, 100));
    }
}

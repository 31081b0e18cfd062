//! What a filter says.
use super::FilterResult;
use crate::service::error::ServiceError;
use serde_json::Value;

/// What becomes of an event for one connection.
#[derive(Debug, Clone, PartialEq)]
pub enum FilterAnswer {
    /// It goes on as it is.
    Pass,
    /// It goes on with this data, for this connection alone.
    Replace(Value),
    /// The connection does not get it.
    Drop,
}

/// What filters may return: whether the event passes, the data to go on with, or either of them or an error.
pub trait IntoFilterAnswer {
    /// As an answer.
    fn into_answer(self) -> FilterResult;
}

impl IntoFilterAnswer for FilterAnswer {
    fn into_answer(self) -> FilterResult {
        Ok(self)
    }
}

impl IntoFilterAnswer for bool {
    fn into_answer(self) -> FilterResult {
        Ok(if self { FilterAnswer::Pass } else { FilterAnswer::Drop })
    }
}

/// None drops the event, and so does null or `false`, as in JavaScript.
impl IntoFilterAnswer for Option<Value> {
    fn into_answer(self) -> FilterResult {
        self.map_or(Ok(FilterAnswer::Drop), Value::into_answer)
    }
}

impl IntoFilterAnswer for Value {
    fn into_answer(self) -> FilterResult {
        Ok(match self {
            Value::Null | Value::Bool(false) => FilterAnswer::Drop,
            data => FilterAnswer::Replace(data),
        })
    }
}

impl<A: IntoFilterAnswer> IntoFilterAnswer for Result<A, ServiceError> {
    fn into_answer(self) -> FilterResult {
        self?.into_answer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_false_in_javascript_drops_and_any_other_data_replaces() {
        assert_eq!(json!(false).into_answer(), Ok(FilterAnswer::Drop));
        assert_eq!(json!(null).into_answer(), Ok(FilterAnswer::Drop));
        assert_eq!(None::<Value>.into_answer(), Ok(FilterAnswer::Drop));
        assert_eq!(Some(json!({"a": 1})).into_answer(), Ok(FilterAnswer::Replace(json!({"a": 1}))));
        assert_eq!(true.into_answer(), Ok(FilterAnswer::Pass));
    }
}

//! What names a document.
use super::StoreError;
use serde_json::{Number, Value};
use smol_str::{SmolStr, format_smolstr};
use std::fmt;
use std::hash::{Hash, Hasher};

/// What names a document: text, or a number. A number and the text that writes it are one id.
#[derive(Debug, Clone)]
pub enum Id {
    /// Text, of any letters.
    Text(SmolStr),
    /// A number, whole or not.
    Number(Number),
}

/// Whole numbers up to here are exact in JavaScript, and written without an exponent.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Id {
    /// Reads the id of a call. `null`, which stands for many documents, is none.
    ///
    /// [`StoreError::BadRequest`] for a boolean, an array, an object. The original looks for the text that JavaScript makes of
    /// them, such as `[object Object]`.
    pub fn read(value: &Value) -> Result<Option<Self>, StoreError> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(Id::from(text.as_str()))),
            Value::Number(number) => Ok(Some(Id::Number(number.clone()))),
            _ => Err(StoreError::bad_request("An id must be text or a number")),
        }
    }

    /// Reads the id that new data brings along; none where the store is to give one. Source: `@feathersjs/memory` 5, which
    /// heeds an id that JavaScript takes for true.
    pub(super) fn of_new(value: Option<&Value>) -> Result<Option<Self>, StoreError> {
        match value {
            None | Some(Value::Bool(false)) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::Number(number)) if number.as_f64() == Some(0.0) => Ok(None),
            Some(value) => Id::read(value),
        }
    }

    /// The text that is the same for all ids that name one document.
    pub fn key(&self) -> SmolStr {
        match self {
            Id::Text(text) => text.clone(),
            Id::Number(number) => match number.as_f64() {
                Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
                    format_smolstr!("{}", float as i64)
                }
                _ => format_smolstr!("{number}"),
            },
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Id {}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Id::Text(text.into())
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Id::Number(number.into())
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        match id {
            Id::Text(text) => Value::String(text.into()),
            Id::Number(number) => Value::Number(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_number_and_its_text_are_one_id() {
        let number = |value| Id::read(&value).unwrap().unwrap();
        assert_eq!(number(json!(1)), Id::from("1"));
        assert_eq!(number(json!(1.0)), Id::from("1"));
        assert_eq!(number(json!(-0.0)), Id::from("0"));
        assert_eq!(number(json!(1.5)), Id::from("1.5"));
        assert_ne!(number(json!(1)), Id::from("01"));
    }

    #[test]
    fn null_is_no_id_and_what_is_neither_text_nor_a_number_is_refused() {
        assert_eq!(Id::read(&Value::Null), Ok(None));
        for value in [json!(true), json!([1]), json!({ "id": 1 })] {
            assert!(matches!(Id::read(&value), Err(StoreError::BadRequest { .. })), "{value}");
        }
    }

    #[test]
    fn what_javascript_takes_for_false_is_no_id_of_new_data() {
        for value in [json!(null), json!(false), json!(0), json!(0.0), json!("")] {
            assert_eq!(Id::of_new(Some(&value)), Ok(None), "{value}");
        }
        assert_eq!(Id::of_new(Some(&json!("a"))), Ok(Some(Id::from("a"))));
    }
}

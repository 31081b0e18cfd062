//! Which fields of a document are answered.
use super::parse::Parser;
use crate::store::{Document, StoreError};
use serde_json::Value;
use smol_str::SmolStr;

/// Which fields of a document are answered: all, or those named and the id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Select(Option<Vec<SmolStr>>);

impl Select {
    /// All fields.
    pub fn all() -> Self {
        Select(None)
    }

    /// Reads the `$select` of a `create`'s query, which is all that `create` heeds of one. Source: `@feathersjs/memory` 5.
    ///
    /// [`StoreError::BadRequest`] for a `$select` that is no list of names, and past [`super::Query::MAX_CONDITIONS`].
    pub fn read(query: &Value) -> Result<Self, StoreError> {
        query.get("$select").map_or(Ok(Select::all()), |select| Select::parse(select, &mut Parser::default()))
    }

    /// Names may be text, numbers and booleans. A text alone is one name; in the original each of its letters is.
    pub(super) fn parse(value: &Value, parser: &mut Parser) -> Result<Self, StoreError> {
        let names = match value {
            Value::Null => return Ok(Select::all()),
            Value::Array(names) => names.as_slice(),
            one => std::slice::from_ref(one),
        };
        parser.count(names.len())?;
        names.iter().map(name).collect::<Result<_, _>>().map(|names| Select(Some(names)))
    }

    /// The names, where only some fields are answered.
    pub fn names(&self) -> Option<&[SmolStr]> {
        self.0.as_deref()
    }

    /// A copy of a document with the fields that are answered. `id` names the field of the id.
    pub fn of(&self, document: &Document, id: &str) -> Document {
        let Some(names) = &self.0 else { return document.clone() };
        let kept = names.iter().map(SmolStr::as_str).chain([id]);
        kept.filter_map(|name| document.get_key_value(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

fn name(value: &Value) -> Result<SmolStr, StoreError> {
    match value {
        Value::String(name) => Ok(name.into()),
        Value::Number(number) => Ok(number.to_string().into()),
        Value::Bool(truth) => Ok(truth.to_string().into()),
        _ => Err(StoreError::bad_request("$select must be a list of names")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn selected(select: Value) -> Value {
        let document = json!({ "id": 1, "name": "Doug", "5": true, "a": { "b": 1 }, "__proto__": 2 });
        let select = Select::read(&json!({ "$select": select, "$unheard": 1 })).unwrap();
        Value::Object(select.of(document.as_object().unwrap(), "id"))
    }

    #[test]
    fn the_id_is_always_selected() {
        assert_eq!(selected(json!([])), json!({ "id": 1 }));
        assert_eq!(selected(json!(["name", "id", "name"])), json!({ "id": 1, "name": "Doug" }));
    }

    #[test]
    fn a_name_is_no_path_and_may_be_written_as_a_number() {
        assert_eq!(selected(json!(["a.b", "constructor", 5])), json!({ "id": 1, "5": true }));
        assert_eq!(selected(json!("__proto__")), json!({ "id": 1, "__proto__": 2 }));
    }

    #[test]
    fn what_is_no_list_of_names_is_refused() {
        for select in [json!({}), json!([null]), json!([["name"]]), json!([{}])] {
            assert!(Select::read(&json!({ "$select": select })).is_err());
        }
        assert_eq!(Select::read(&json!({ "$select": null })), Ok(Select::all()));
        assert_eq!(Select::read(&Value::Null), Ok(Select::all()));
    }
}

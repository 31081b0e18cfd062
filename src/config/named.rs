//! Single keys of a namespace from the environment: `CALLBOARD_NAMESPACE__CHAT__HISTORY_SIZE` sets one of the namespace `chat`,
//! `CALLBOARD_NAMESPACE__HISTORY_SIZE` one of the namespace `""`.
use super::problem::Place;
use figment::value::{Dict, Value};

/// The list whose tables have names.
pub(super) const LIST: &str = "namespace";
/// The key that holds a table's name.
const NAME: &str = "name";

/// A key of the table of this name.
#[derive(Clone, Debug)]
pub(super) struct NamedKey {
    /// The name, in lower case as all variables are read.
    pub(super) name: String,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) place: Place,
}

/// Name and key of a path below the list. Fails with what to write instead.
pub(super) fn split<'a>(path: &[&'a str]) -> Result<(&'a str, &'a str), String> {
    match path {
        [NAME] | [_, NAME] => Err("the name of a namespace stands in the name of the variable".into()),
        [key] => Ok(("", key)),
        [name, key] => Ok((name, key)),
        _ => Err("a namespace and one of its keys are wanted: CALLBOARD_NAMESPACE__CHAT__PUBLISH='subscriber'".into()),
    }
}

/// Sets the keys in these tables: each in the one of its name, whatever its case, or in a new one. Answers the path of each key that
/// was set, with its place.
pub(super) fn set(tables: &mut Vec<Value>, keys: &[NamedKey]) -> Vec<(String, Place)> {
    // The environment has no order: that of new tables is to be the same each time.
    let mut keys: Vec<&NamedKey> = keys.iter().collect();
    keys.sort_by_key(|named| (&named.name, &named.key));
    let mut places = vec![];
    for NamedKey { name, key, value, place } in keys {
        let index = tables.iter().position(|table| name_of(table).eq_ignore_ascii_case(name)).unwrap_or_else(|| {
            tables.push(Value::from(Dict::from([(NAME.to_owned(), Value::from(name.as_str()))])));
            places.push((format!("{LIST}[{}].{NAME}", tables.len() - 1), place.clone()));
            tables.len() - 1
        });
        if let Some(Value::Dict(_, table)) = tables.get_mut(index) {
            table.insert(key.clone(), value.clone());
            places.push((format!("{LIST}[{index}].{key}"), place.clone()));
        }
    }
    places
}

/// A table without a name is that of the namespace `""`.
fn name_of(table: &Value) -> &str {
    table.as_dict().and_then(|table| table.get(NAME)).and_then(Value::as_str).unwrap_or_default()
}

//! What queries may ask of a document, as a flat JSON object that stands beside it in the table: for each path the key of what stands
//! there.
//!
//! A path that leads through or to an array leads to many values. Its facet is a list: first what a `$sort` looks at, or null, then the
//! keys of all values that a condition looks at. So a database answers every condition as [`Condition`] does, and no more of JSON is
//! asked of it than to look up a name and to list texts.
//!
//! [`Condition`]: crate::store::query::Condition
use super::key::{NULL, escaped, key};
use super::label::{Label, is_reachable};
use crate::store::{Document, Query};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// What marks a path below which nothing stands, not even null: there are only empty arrays. Then what is missing is not null.
pub(super) const VOID: &str = "!";

/// The facets of a document, as JSON text.
pub(super) fn facets(document: &Document) -> String {
    let mut facets = Facets::default();
    for (name, value) in document {
        if let Some(label) = Label::of(&[name.as_str()]) {
            facets.add(&label, 1, &Site { values: vec![value], has_absent: false, is_spread: false });
        }
    }
    Value::Object(facets.0).to_string()
}

/// The key of an id as a column of its own, for ids that are text or numbers.
pub(super) fn id_key(id: &str) -> String {
    escaped(id)
}

#[derive(Default)]
struct Facets(Map<String, Value>);

/// Where a path leads.
struct Site<'d> {
    values: Vec<&'d Value>,
    /// To nothing as well, which counts as null.
    has_absent: bool,
    /// An array was passed on the way.
    is_spread: bool,
}

/// What stands in arrays, and in arrays in them.
#[derive(Default)]
struct Items<'d> {
    objects: Vec<&'d Document>,
    has_others: bool,
}

impl Facets {
    fn add(&mut self, label: &Label, names: usize, site: &Site<'_>) {
        self.0.insert(label.as_str().to_owned(), facet(site));
        let mut items = Items::default();
        site.values.iter().for_each(|value| items.flatten(value));
        if items.objects.is_empty() && !items.has_others && !site.has_absent {
            self.0.insert(format!("{}{VOID}", label.as_str()), "1".into());
        }
        if names < Query::MAX_DEPTH {
            self.add_below(label, names, site, &items);
        }
    }

    fn add_below(&mut self, label: &Label, names: usize, site: &Site<'_>, items: &Items<'_>) {
        let mut by_name: IndexMap<&str, Vec<&Value>> = IndexMap::new();
        for (name, value) in items.objects.iter().flat_map(|object| object.iter()) {
            if is_reachable(name) {
                by_name.entry(name).or_default().push(value);
            }
        }
        let is_spread = site.is_spread || site.values.iter().any(|value| value.is_array());
        for (name, values) in by_name {
            let Some(label) = label.below(name) else { continue };
            let has_absent = site.has_absent || items.has_others || values.len() < items.objects.len();
            self.add(&label, names + 1, &Site { values, has_absent, is_spread });
        }
    }
}

impl<'d> Items<'d> {
    fn flatten(&mut self, value: &'d Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.flatten(item)),
            Value::Object(fields) => self.objects.push(fields),
            _ => self.has_others = true,
        }
    }
}

fn facet(site: &Site<'_>) -> Value {
    match site.values[..] {
        [one] if !site.is_spread && !one.is_array() => key(one).text.into(),
        [one] if !site.is_spread => listed(key(one).text.into(), site),
        // A `$sort` enters arrays by index only.
        _ => listed(Value::Null, site),
    }
}

fn listed(sorted_by: Value, site: &Site<'_>) -> Value {
    let mut keys = vec![];
    site.values.iter().for_each(|value| add_keys(value, &mut keys));
    if site.has_absent {
        keys.push(NULL.to_owned());
    }
    keys.sort_unstable();
    keys.dedup();
    std::iter::once(sorted_by).chain(keys.into_iter().map(Value::String)).collect()
}

/// An array counts with each of its elements, and as a whole.
fn add_keys(value: &Value, keys: &mut Vec<String>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| add_keys(item, keys));
    }
    keys.push(key(value).text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(document: Value) -> Value {
        let text = facets(document.as_object().expect("a document"));
        serde_json::from_str(&text).expect("JSON")
    }

    fn k(value: Value) -> String {
        key(&value).text
    }

    #[test]
    fn each_path_without_arrays_has_one_key() {
        let facets = of(json!({ "a": 1, "b": { "c": "x" }, "d.e": 1, "f": { "0": 1 } }));
        let inner = json!({ "c": "x" });
        assert_eq!(facets, json!({ "a": k(json!(1)), "b": k(inner), "b.c": k(json!("x")), "f": k(json!({ "0": 1 })) }));
    }

    #[test]
    fn an_array_lists_its_elements_and_itself() {
        let facets = of(json!({ "a": [{ "b": 1 }, { "b": [2] }, 3] }));
        let b = [k(json!(null)), k(json!(1)), k(json!(2)), k(json!([2]))];
        assert_eq!(facets["a.b"], json!([null, b[0], b[1], b[2], b[3]]));
        assert_eq!(of(json!({ "a": ["x"] }))["a"], json!([k(json!(["x"])), k(json!("x")), k(json!(["x"]))]));
    }

    #[test]
    fn nothing_stands_below_an_empty_array() {
        assert_eq!(of(json!({ "a": [[]] }))["a!"], "1");
        assert_eq!(of(json!({ "a": [[], 1] })).get("a!"), None);
        assert_eq!(of(json!({ "a": [{ "b": [] }] }))["a.b!"], "1");
        assert_eq!(of(json!({ "a": [{ "b": [] }, 1] })).get("a.b!"), None);
    }

    #[test]
    fn many_names_in_many_objects_cost_no_square_of_them() {
        let many: Value = (0..20_000).map(|at| json!({ format!("n{at}"): at })).collect();
        let began = std::time::Instant::now();
        assert!(facets(json!({ "a": many }).as_object().expect("a document")).len() < 4_000_000);
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

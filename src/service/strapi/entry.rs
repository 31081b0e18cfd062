//! Entries as clients are shown them: without what is private, in the form of Strapi's REST API.
//!
//! Source: `transformResponse` and `sanitize` of Strapi 4: `{data: {id, attributes}, meta: {}}`; a relation is `{data: …}`; components
//! stand as they are.
use super::content::{ContentType, ContentTypes, SECRETS_OF_USERS};
use serde_json::{Map, Value, json};

/// Names with which JavaScript reaches what all objects share: nobody means them well.
const OF_PROTOTYPES: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// Where the hash of an API token stands.
const HASH: &str = "accessKey";

/// What an event brings.
pub fn payload(data: Value) -> Value {
    json!({ "data": data, "meta": {} })
}

/// An entry as those are shown it who may find the content types that `may_find` says. Its relations are populated: what stands in
/// one is a whole entry, a list of them, or null.
pub fn shown(
    entry: Map<String, Value>,
    of: &ContentType,
    all: &ContentTypes,
    may_find: &dyn Fn(&str) -> bool,
) -> Value {
    let mut entry = entry;
    let own = if entry.contains_key("id") { "id" } else { "_id" };
    let id = entry.shift_remove(own).unwrap_or_default();
    let mut attributes = Map::new();
    for (name, value) in entry {
        if is_hidden(of, &name, &name) {
            continue;
        }
        let value = match of.relations.get(&name) {
            None => cleaned(value, of, &name),
            Some(uid) if may_find(uid) => match all.of(uid) {
                Some(target) => related(value, target, all, may_find),
                None => continue,
            },
            Some(_) => continue,
        };
        attributes.insert(name, value);
    }
    json!({ "id": id, "attributes": attributes })
}

fn related(value: Value, target: &ContentType, all: &ContentTypes, may_find: &dyn Fn(&str) -> bool) -> Value {
    let one = |value: Value| match value {
        Value::Object(entry) => Some(shown(entry, target, all, may_find)),
        _ => None,
    };
    let data = match value {
        Value::Array(entries) => entries.into_iter().filter_map(one).collect(),
        other => one(other).unwrap_or_default(),
    };
    json!({ "data": data })
}

/// A value without what is private in it; `path` is where it stands in its entry.
fn cleaned(value: Value, of: &ContentType, path: &str) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter_map(|(name, value)| {
                let path = format!("{path}.{name}");
                (!is_hidden(of, &name, &path)).then(|| (name, cleaned(value, of, &path)))
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => items.into_iter().map(|item| cleaned(item, of, path)).collect(),
        other => other,
    }
}

fn is_hidden(of: &ContentType, name: &str, path: &str) -> bool {
    OF_PROTOTYPES.contains(&name) || of.private.contains(path)
}

/// The same without what is private, in the form in which the service has it, for answers to calls: relations stand as they are in
/// the store, unless they are whole entries.
pub fn without_private(value: &mut Value, of: &ContentType) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| without_private(item, of)),
        Value::Object(entry) => {
            let kept = std::mem::take(entry).into_iter().filter(|(name, _)| !is_hidden(of, name, name));
            *entry = kept
                .filter(|(name, value)| !of.relations.contains_key(name) || is_reference(value))
                .map(|(name, value)| {
                    let value = cleaned(value, of, &name);
                    (name, value)
                })
                .collect();
        }
        _ => {}
    }
}

/// Takes out what Strapi keeps of users and API tokens and shows nobody, wherever it stands.
pub fn without_secrets(value: &mut Value) {
    let is_secret = |name: &str| SECRETS_OF_USERS.contains(&name) || name == HASH || OF_PROTOTYPES.contains(&name);
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_secrets),
        Value::Object(members) => {
            members.retain(|name, _| !is_secret(name));
            members.values_mut().for_each(without_secrets);
        }
        _ => {}
    }
}

/// Whether only ids stand here.
fn is_reference(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        value => !value.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::*;

    fn types() -> ContentTypes {
        let config: Config = toml::from_str(
            "roles = 'r'\npopulate_depth = 2\n\
             [[content_type]]\nuid = 'api::article.article'\nservice = 'r2'\nprivate = ['secret', 'seo.note']\n\
             relations = { author = 'api::user.user', tags = 'api::tag.tag' }\n\
             [[content_type]]\nuid = 'api::user.user'\nservice = 'u'\nprivate = ['password']\n\
             [[content_type]]\nuid = 'api::tag.tag'\nservice = 't'",
        )
        .expect("a section");
        ContentTypes::new(&config, |_| true).expect("content types")
    }

    fn article(entry: Value, may_find: &dyn Fn(&str) -> bool) -> Value {
        let types = types();
        let Value::Object(entry) = entry else { panic!("an entry is an object") };
        shown(entry, types.of("api::article.article").expect("it is there"), &types, may_find)
    }

    #[test]
    fn an_entry_is_shown_without_what_is_private_in_it_or_in_its_components() {
        let entry = json!({"id": 1, "title": "x", "secret": 5, "seo": {"note": 1, "secret": 2, "list": [{"note": 3}]}});
        let wanted = json!({"id": 1, "attributes": {"title": "x", "seo": {"secret": 2, "list": [{"note": 3}]}}});
        assert_eq!(article(entry, &|_| true), wanted);
        let many = json!({"id": 1, "seo": [{"note": 1, "a": 1}, {"note": 2}]});
        assert_eq!(article(many, &|_| true), json!({"id": 1, "attributes": {"seo": [{"a": 1}, {}]}}));
    }

    #[test]
    fn relations_are_wrapped_and_those_that_may_not_be_found_are_left_out() {
        let entry = json!({"id": 1, "author": {"id": 2, "name": "a", "password": "p"}, "tags": [{"id": 3}, 4]});
        let author = json!({"data": {"id": 2, "attributes": {"name": "a"}}});
        let tags = json!({"data": [{"id": 3, "attributes": {}}]});
        assert_eq!(article(entry.clone(), &|_| true)["attributes"], json!({"author": author, "tags": tags}));
        assert_eq!(article(entry, &|uid| uid == "api::tag.tag")["attributes"], json!({"tags": tags}));
        assert_eq!(
            article(json!({"id": 1, "author": null}), &|_| true)["attributes"],
            json!({"author": {"data": null}})
        );
    }

    #[test]
    fn attributes_neither_shadow_the_id_nor_reach_for_prototypes() {
        let entry =
            json!({"_id": "own", "a": {"constructor": 1, "b": {"prototype": 2, "c": 3}}, "__proto__": {"x": 1}});
        assert_eq!(article(entry, &|_| true), json!({"id": "own", "attributes": {"a": {"b": {"c": 3}}}}));
        let shadowed = json!({"id": 1, "_id": 2, "attributes": {"id": 9}});
        assert_eq!(article(shadowed, &|_| true), json!({"id": 1, "attributes": {"_id": 2, "attributes": {"id": 9}}}));
    }

    #[test]
    fn an_answer_to_a_call_keeps_its_form_and_nothing_private() {
        let types = types();
        let of = types.of("api::article.article").expect("it is there");
        let mut value = json!([{"id": 1, "secret": 2, "author": 5, "tags": [{"id": 1, "hidden": 2}]}]);
        without_private(&mut value, of);
        assert_eq!(value, json!([{"id": 1, "author": 5}]));
    }
}

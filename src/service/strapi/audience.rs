//! To whom an event of an entry goes, and what each is shown: once for all roles and tokens that are shown the same, however many
//! sessions they have.
use super::content::{ContentType, ContentTypes};
use super::entry;
use super::rights::{Principal, Rights};
use serde_json::{Map, Value};

/// One payload, and the roles and tokens whose sessions get it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Who gets it, roles first; never none.
    pub principals: Vec<Principal>,
    /// What they get.
    pub payload: Value,
}

/// The payloads of an event; each role and token is in one of them, or in none. `action` is the last part of the permission that they
/// need, and `now` is in milliseconds since 1970. The relations of the entry are populated.
pub fn parts(
    rights: &Rights,
    types: &ContentTypes,
    of: &ContentType,
    (action, entry): (&str, &Map<String, Value>),
    now: i64,
) -> Vec<Part> {
    let permission = format!("{}.{action}", of.uid);
    let finds: Vec<String> = of.reached.iter().map(|uid| format!("{uid}.find")).collect();
    let mut classes: Vec<(Vec<bool>, Vec<Principal>)> = vec![];
    for principal in rights.principals().filter(|principal| rights.allows(principal, &permission, now)) {
        let sees: Vec<bool> = finds.iter().map(|find| rights.allows(principal, find, now)).collect();
        match classes.iter_mut().find(|(others, _)| *others == sees) {
            Some((_, principals)) => principals.push(principal.clone()),
            None => classes.push((sees, vec![principal.clone()])),
        }
    }
    let part = |(sees, principals): (Vec<bool>, Vec<Principal>)| {
        let may_find = |uid: &str| of.reached.iter().position(|one| one == uid).is_some_and(|at| sees[at]);
        let payload = entry::payload(entry::shown(entry.clone(), of, types, &may_find));
        Part { principals, payload }
    };
    classes.into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::super::config::Config;
    use super::super::rights::Documents;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const ARTICLE: &str = "api::article.article";
    const AUTHOR: &str = "api::author.author";
    const TAG: &str = "api::tag.tag";
    /// All that roles may permit here.
    static ACTIONS: [&str; 5] = [
        "api::article.article.create",
        "api::article.article.update",
        "api::author.author.find",
        "api::tag.tag.find",
        "api::tag.tag.create",
    ];

    fn types(private: &[Vec<&str>; 3]) -> ContentTypes {
        let of = |at: usize| serde_json::to_string(&private[at]).expect("a list of texts");
        let section = format!(
            "roles = 'r'\npopulate_depth = 2\n\
             [[content_type]]\nuid = '{ARTICLE}'\nservice = 'a'\nprivate = {}\n\
             relations = {{ author = '{AUTHOR}', tags = '{TAG}' }}\n\
             [[content_type]]\nuid = '{AUTHOR}'\nservice = 'b'\nprivate = {}\nrelations = {{ favourite = '{TAG}' }}\n\
             [[content_type]]\nuid = '{TAG}'\nservice = 'c'\nprivate = {}",
            of(0),
            of(1),
            of(2)
        );
        let config: Config = toml::from_str(&section).expect("a section");
        ContentTypes::new(&config, |_| true).expect("content types")
    }

    /// What somebody who may do `actions` is shown of an entry, said once more and in another way: every leaf by its path.
    fn leaves(
        value: &Value,
        uid: &str,
        (path, private): (&str, &[Vec<&str>; 3]),
        actions: &[&str],
        into: &mut BTreeMap<String, Value>,
        at: &str,
    ) {
        let order = [ARTICLE, AUTHOR, TAG];
        let own = &private[order.iter().position(|one| *one == uid).expect("one of three")];
        if own.contains(&path) || ["__proto__", "constructor"].contains(&path.rsplit('.').next().expect("a name")) {
            return;
        }
        let target = match (uid, path) {
            (ARTICLE, "author") => Some(AUTHOR),
            (ARTICLE, "tags") | (AUTHOR, "favourite") => Some(TAG),
            _ => None,
        };
        let (uid, path) = match target {
            Some(target) if actions.contains(&format!("{target}.find").as_str()) => (target, ""),
            Some(_) => return,
            None => (uid, path),
        };
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    leaves(value, uid, (&below, private), actions, into, &format!("{at}/{name}"));
                }
            }
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    leaves(item, uid, (path, private), actions, into, &format!("{at}/{number}"));
                }
            }
            leaf => drop(into.insert(at.to_owned(), leaf.clone())),
        }
    }

    /// The leaves of what was sent, under the paths that they have in the entry.
    fn sent(value: &Value, into: &mut BTreeMap<String, Value>, at: &str) {
        match value {
            Value::Object(members) if members.len() == 2 && members.contains_key("attributes") => {
                sent(&members["id"], into, &format!("{at}/id"));
                sent(&members["attributes"], into, at);
            }
            Value::Object(members) if members.len() == 1 && members.contains_key("data") => {
                sent(&members["data"], into, at)
            }
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| sent(value, into, &format!("{at}/{name}")))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(number, item)| sent(item, into, &format!("{at}/{number}")));
            }
            leaf => drop(into.insert(at.to_owned(), leaf.clone())),
        }
    }

    fn component() -> impl Strategy<Value = Value> {
        let names = prop::sample::select(vec!["note", "open", "constructor", "__proto__", "secret"]);
        let leaf = (0i64..100).prop_map(|number| json!({ "n": number }));
        leaf.prop_recursive(3, 8, 3, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..3).prop_map(Value::Array),
                prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 1..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn tag() -> impl Strategy<Value = Value> {
        (0i64..9, component()).prop_map(|(id, part)| json!({"id": id, "word": id, "secret": 1, "part": part}))
    }

    fn entry() -> impl Strategy<Value = Map<String, Value>> {
        let author =
            (0i64..9, tag()).prop_map(|(id, tag)| json!({"id": id, "name": "n", "secret": 2, "favourite": tag}));
        (component(), author, prop::collection::vec(tag(), 1..3)).prop_map(|(seo, author, tags)| {
            let entry = json!({"id": 1, "title": "t", "secret": 3, "seo": seo, "author": author, "tags": tags});
            entry.as_object().cloned().expect("an object")
        })
    }

    fn private() -> impl Strategy<Value = [Vec<&'static str>; 3]> {
        let some = |all: &'static [&'static str]| prop::sample::subsequence(all, 0..=all.len());
        (
            some(&["secret", "seo.note", "seo.secret", "title", "seo.note.open"]),
            some(&["secret", "name"]),
            some(&["secret", "part.open", "word", "part.note.n"]),
        )
            .prop_map(|(one, two, three)| [one, two, three])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn nobody_gets_an_event_or_a_field_that_the_rules_deny_and_everybody_all_the_others(
            roles in prop::collection::vec(prop::sample::subsequence(&ACTIONS[..], 0..=ACTIONS.len()), 1..8),
            tokens in prop::collection::vec((prop::sample::select(vec!["full-access", "custom", "read-only"]), 0i64..3), 0..5),
            action in prop::sample::select(vec!["create", "update", "delete"]),
            private in private(),
            entry in entry(),
        ) {
            let now = 1;
            let mut may: BTreeMap<Principal, Vec<&str>> = BTreeMap::new();
            let mut documents = Documents::default();
            for (id, actions) in roles.iter().enumerate() {
                documents.roles.push(json!({"id": id, "name": format!("r{id}"), "permissions": actions}));
                may.insert(Principal::Role(id.to_string().into()), actions.clone());
            }
            for (id, (kind, ends)) in tokens.iter().enumerate() {
                let ends_at = (*ends > 0).then_some(*ends);
                let own = roles.first().expect("there is one");
                documents.tokens.push(
                    json!({"id": id, "name": "t", "type": kind, "accessKey": "k", "expiresAt": ends_at, "permissions": own}),
                );
                let actions = match (*kind, ends_at) {
                    (_, Some(ends)) if ends <= now => vec![],
                    // It permits what no role lists, too.
                    ("full-access", _) => [&ACTIONS[..], &["api::article.article.delete"]].concat(),
                    ("custom", _) => own.clone(),
                    _ => vec![],
                };
                may.insert(Principal::Token(id.to_string().into()), actions);
            }
            let (rights, types) = (Rights::read(&documents, None), types(&private));
            let of = types.of(ARTICLE).expect("it is there");
            let parts = parts(&rights, &types, of, (action, &entry), now);
            let permission = format!("{ARTICLE}.{action}");
            for (principal, actions) in &may {
                let got: Vec<&Part> = parts.iter().filter(|part| part.principals.contains(principal)).collect();
                if !actions.contains(&permission.as_str()) {
                    prop_assert!(got.is_empty(), "{:?} gets {:?}", principal, got);
                    continue;
                }
                prop_assert_eq!(got.len(), 1);
                let (mut wanted, mut shown) = (BTreeMap::new(), BTreeMap::new());
                leaves(&Value::Object(entry.clone()), ARTICLE, ("", &private), actions, &mut wanted, "");
                sent(&got[0].payload["data"], &mut shown, "");
                prop_assert_eq!(&shown, &wanted, "{:?}", principal);
            }
            // Sanitised once for all who see the same: there are no more payloads than kinds of receivers.
            let kinds = parts.iter().map(|part| part.payload.to_string()).collect::<std::collections::BTreeSet<_>>();
            prop_assert!(parts.len() <= 4 && kinds.len() <= parts.len());
            prop_assert_eq!(parts.iter().map(|part| part.principals.len()).sum::<usize>(),
                may.values().filter(|actions| actions.contains(&permission.as_str())).count());
        }
    }
}

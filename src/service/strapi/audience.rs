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

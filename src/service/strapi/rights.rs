//! Who may be told what: roles and API tokens, with what each of them permits.
//!
//! Source: `strapi-plugin-io` 2 (`services/strategies.js`): the names of rooms, full access, expiry; `@strapi/admin` 4: the types of API
//! tokens.
use crate::types::Group;
use serde_json::{Map, Value};
use smol_str::{SmolStr, format_smolstr};
use std::collections::{BTreeMap, HashSet};
use std::time::UNIX_EPOCH;

/// Begin the names of the groups of roles, and of API tokens.
const ROLE: &str = "role:";
const TOKEN: &str = "token:";

/// What a session may be told is decided by one of these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Principal {
    /// A role, by its id.
    Role(SmolStr),
    /// An API token, by its id.
    Token(SmolStr),
}

impl Principal {
    /// Its id.
    pub fn id(&self) -> &SmolStr {
        match self {
            Principal::Role(id) | Principal::Token(id) => id,
        }
    }

    /// The group of its sessions: no room can be called that.
    pub fn group(&self) -> Group {
        match self {
            Principal::Role(id) => Group::of_principal(&format_smolstr!("{ROLE}{id}")),
            Principal::Token(id) => Group::of_principal(&format_smolstr!("{TOKEN}{id}")),
        }
    }

    /// The one whose group this is; none where it is nobody's.
    pub fn of_group(group: &Group) -> Option<Self> {
        let name = group.principal()?;
        let role = || name.strip_prefix(ROLE).map(|id| Principal::Role(id.into()));
        role().or_else(|| name.strip_prefix(TOKEN).map(|id| Principal::Token(id.into())))
    }
}

/// Everything that is known of roles and API tokens at one time.
#[derive(Debug, Default)]
pub struct Rights {
    all: BTreeMap<Principal, Grant>,
    /// The role of clients without a token.
    pub public: Option<Principal>,
}

/// What one of them permits.
#[derive(Debug)]
struct Grant {
    room: Group,
    actions: Actions,
    /// The hash of an API token, and when it ends, in milliseconds since 1970.
    token: Option<(String, Option<i64>)>,
}

/// Which actions are permitted.
#[derive(Debug)]
enum Actions {
    All,
    These(HashSet<String>),
}

/// The documents that rights are read from.
#[derive(Debug, Default)]
pub struct Documents {
    /// Roles.
    pub roles: Vec<Value>,
    /// API tokens.
    pub tokens: Vec<Value>,
    /// Permissions, where they are documents of their own.
    pub permissions: Vec<Value>,
}

impl Rights {
    /// Reads the documents; those without an id or a name are none.
    pub fn read(documents: &Documents, public_role: Option<&str>) -> Self {
        let mut rights = Rights::default();
        for role in documents.roles.iter().filter_map(Value::as_object) {
            let (Some(id), Some(name)) = (id_of(role), text(role, "name")) else { continue };
            let principal = Principal::Role(id);
            let is_public = |public: &str| text(role, "type").unwrap_or(name).eq_ignore_ascii_case(public);
            if rights.public.is_none() && public_role.is_some_and(is_public) {
                rights.public = Some(principal.clone());
            }
            let actions = Actions::These(actions(role));
            rights.all.insert(principal, Grant { room: room("io-role", name), actions, token: None });
        }
        for token in documents.tokens.iter().filter_map(Value::as_object) {
            let (Some(id), Some(name)) = (id_of(token), text(token, "name")) else { continue };
            let Some(key) = text(token, "accessKey").filter(|key| !key.is_empty()) else { continue };
            let actions = match text(token, "type") {
                Some("full-access") => Actions::All,
                Some("custom") => Actions::These(actions(token)),
                // One that reads only is told of no change; one of a type that nobody knows is told of nothing.
                _ => Actions::These(HashSet::new()),
            };
            let token = Some((key.to_owned(), ends(token.get("expiresAt"))));
            rights.all.insert(Principal::Token(id), Grant { room: room("io-token", name), actions, token });
        }
        documents.permissions.iter().filter_map(Value::as_object).for_each(|one| rights.permit(one));
        rights
    }

    /// Adds a permission that is a document of its own.
    fn permit(&mut self, permission: &Map<String, Value>) {
        let of = |field: &str| permission.get(field).and_then(id_in);
        let principals = [of("role").map(Principal::Role), of("token").map(Principal::Token)];
        let Some(action) = text(permission, "action").filter(|_| is_enabled(permission)) else { return };
        for principal in principals.into_iter().flatten() {
            if let Some(Grant { actions: Actions::These(actions), .. }) = self.all.get_mut(&principal) {
                actions.insert(action.to_owned());
            }
        }
    }

    /// All roles and API tokens: roles first.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.all.keys()
    }

    /// The room that Strapi's clients of a role or token are in; none where there is none of them any more.
    pub fn room(&self, principal: &Principal) -> Option<&Group> {
        self.all.get(principal).map(|grant| &grant.room)
    }

    /// Whether a role or token permits an action, such as `api::article.article.create`. `now` is in milliseconds since 1970.
    pub fn allows(&self, principal: &Principal, action: &str, now: i64) -> bool {
        let Some(grant) = self.all.get(principal) else { return false };
        let is_over = grant.token.as_ref().is_some_and(|(_, ends)| ends.is_some_and(|ends| ends <= now));
        !is_over
            && match &grant.actions {
                Actions::All => true,
                Actions::These(actions) => actions.contains(action),
            }
    }

    /// The API tokens and their hashes.
    pub fn hashes(&self) -> impl Iterator<Item = (&Principal, &str)> {
        self.all.iter().filter_map(|(principal, grant)| Some((principal, grant.token.as_ref()?.0.as_str())))
    }

    /// Whether a token is there with the same hash as `before`.
    pub fn is_same_token(&self, before: &Rights, principal: &Principal) -> bool {
        let hash = self.hash(principal);
        hash.is_some() && hash == before.hash(principal)
    }

    fn hash(&self, principal: &Principal) -> Option<&str> {
        Some(self.all.get(principal)?.token.as_ref()?.0.as_str())
    }

    /// When an API token ends, in milliseconds since 1970; none where it does not, or is none.
    pub fn token_ends(&self, principal: &Principal) -> Option<i64> {
        self.all.get(principal)?.token.as_ref()?.1
    }
}

/// The text that names a document: of a whole document its id, or an id itself. None where it is neither.
pub fn id_in(value: &Value) -> Option<SmolStr> {
    match value {
        Value::Object(document) => id_of(document),
        Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
        Value::Number(number) => Some(format_smolstr!("{number}")),
        _ => None,
    }
}

fn id_of(document: &Map<String, Value>) -> Option<SmolStr> {
    let id = ["id", "_id"].into_iter().find_map(|name| document.get(name))?;
    (!id.is_object()).then(|| id_in(id))?
}

fn text<'a>(document: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    document.get(field)?.as_str()
}

/// The permissions that stand in a role or token: a list of actions, or of objects with an `action`.
fn actions(document: &Map<String, Value>) -> HashSet<String> {
    let listed = document.get("permissions").and_then(Value::as_array).into_iter().flatten();
    let action = |one: &Value| match one {
        Value::String(action) => Some(action.clone()),
        Value::Object(permission) if is_enabled(permission) => text(permission, "action").map(str::to_owned),
        _ => None,
    };
    listed.filter_map(action).collect()
}

/// Older versions of Strapi keep those that are not granted.
fn is_enabled(permission: &Map<String, Value>) -> bool {
    permission.get("enabled").is_none_or(|enabled| *enabled == Value::Bool(true))
}

/// The name of a room as the original makes it: in lower case, the first space a hyphen.
fn room(kind: &str, name: &str) -> Group {
    format!("{kind}-{}", name.to_lowercase()).replacen(' ', "-", 1).into()
}

/// When a token ends, in milliseconds since 1970; a date that cannot be read has been.
fn ends(date: Option<&Value>) -> Option<i64> {
    let millis = |text: &str| {
        let time = humantime::parse_rfc3339_weak(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(time.as_millis()).ok()
    };
    match date {
        None | Some(Value::Null) => None,
        Some(Value::Number(number)) => Some(number.as_f64().map_or(0, |millis| millis as i64)),
        Some(Value::String(text)) => Some(millis(text).unwrap_or(0)),
        Some(_) => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CREATE: &str = "api::article.article.create";

    fn role(id: &str) -> Principal {
        Principal::Role(id.into())
    }

    fn token(id: &str) -> Principal {
        Principal::Token(id.into())
    }

    #[test]
    fn roles_permit_what_they_list_and_nothing_else() {
        let roles = vec![
            json!({"id": 1, "name": "Public", "type": "public", "permissions": []}),
            json!({"_id": "a", "name": "Chief Editor Of All", "permissions": [CREATE, {"action": "x"}, {"action": "y", "enabled": false}]}),
            json!({"name": "nobody"}),
        ];
        let rights = Rights::read(&Documents { roles, ..Documents::default() }, Some("public"));
        assert_eq!(rights.public, Some(role("1")));
        assert_eq!(rights.room(&role("a")).map(Group::as_str), Some("io-role-chief-editor of all"));
        let may = |id: &str, action: &str| rights.allows(&role(id), action, 0);
        assert!(may("a", CREATE) && may("a", "x") && !may("a", "y") && !may("1", CREATE) && !may("2", CREATE));
        assert_eq!(rights.principals().count(), 2);
    }

    #[test]
    fn a_token_permits_what_its_type_says_until_it_ends() {
        let one = |id: &str, kind: &str, ends: Value| json!({"id": id, "name": id, "type": kind, "accessKey": "k", "expiresAt": ends, "permissions": [CREATE]});
        let tokens = vec![
            one("full", "full-access", Value::Null),
            one("read", "read-only", Value::Null),
            one("custom", "custom", json!("1970-01-01T00:00:01.500Z")),
            one("odd", "custom", json!("tomorrow")),
            one("unknown", "superuser", json!(5_000)),
        ];
        let rights = Rights::read(&Documents { tokens, ..Documents::default() }, None);
        let may = |id: &str, action: &str, now: i64| rights.allows(&token(id), action, now);
        assert!(may("full", "anything", i64::MAX) && !may("read", CREATE, 0));
        assert!(may("custom", CREATE, 1_499) && !may("custom", CREATE, 1_500) && !may("custom", "anything", 0));
        assert!(!may("odd", CREATE, 0) && !may("unknown", CREATE, 0));
        assert_eq!(rights.hashes().count(), 5);
    }

    #[test]
    fn permissions_may_be_documents_of_their_own() {
        let documents = Documents {
            roles: vec![json!({"id": 1, "name": "a"}), json!({"id": 2, "name": "b"})],
            tokens: vec![],
            permissions: vec![
                json!({"action": CREATE, "role": {"id": 1}}),
                json!({"action": "x", "role": 2}),
                json!({"role": 1}),
            ],
        };
        let rights = Rights::read(&documents, None);
        assert!(rights.allows(&role("1"), CREATE, 0) && !rights.allows(&role("2"), CREATE, 0));
        assert!(rights.allows(&role("2"), "x", 0));
    }
}

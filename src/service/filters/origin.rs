//! What an event tells of the call that it comes from. It goes with the event to all nodes, so it is little: never headers, never
//! whole documents of others.
use crate::service::hooks::HookContext;
use crate::service::method::Method;
use crate::types::{Json, Tags, VIEW_TAG_EVENT, VIEW_TAG_SERVICE};
use serde_json::{Map, Value, json};
use std::ops::Index;

/// The tag that has the method of the call.
const METHOD: &str = "method";
/// The tag that has the id of the caller's user.
const USER: &str = "user";
/// The tag that has the fields which the service lists, as JSON.
const CARRIED: &str = "carried";

/// The fields of params that are documents: their members alone can be carried.
const WHOLE: [&str; 3] = ["user", "query", "route"];

const NULL: &Value = &Value::Null;

/// The call that an event comes from. The fields that the service lists are read by their paths:
/// `origin["params.user.company_id"]`; null for others.
#[derive(Debug, Clone, PartialEq)]
pub struct EventOrigin {
    /// The path of the service.
    pub path: String,
    /// The method that was called.
    pub method: Method,
    /// The id of the user who called it; none for nobody in particular.
    pub user: Option<String>,
    carried: Map<String, Value>,
}

impl EventOrigin {
    /// The tags of an event: with what is told of its call, if it comes from one.
    pub(in crate::service) fn tags(path: &str, event: &str, carry: &[String], call: Option<&HookContext>) -> Tags {
        let mut tags =
            Tags::from([(VIEW_TAG_SERVICE.to_owned(), path.to_owned()), (VIEW_TAG_EVENT.to_owned(), event.to_owned())]);
        let Some(call) = call else { return tags };
        tags.insert(METHOD.to_owned(), call.method.name().to_owned());
        tags.extend(user_id(call).map(|user| (USER.to_owned(), user)));
        if !carry.is_empty() {
            let carried: Map<String, Value> = carry.iter().map(|path| (path.clone(), field(call, path))).collect();
            tags.insert(CARRIED.to_owned(), Value::Object(carried).to_string());
        }
        tags
    }

    /// The call as rules see it, with the fields that the service lists; null for what is not told, and for a call that there is
    /// none of.
    pub(super) fn hook(origin: Option<&Self>, path: &str, event: &str, listed: &[String]) -> Value {
        let method = origin.map_or(Value::Null, |origin| origin.method.name().into());
        let mut hook = json!({"path": path, "method": method, "event": event, "id": null, "params": {}});
        for field in listed {
            put(&mut hook, field, origin.map_or(NULL, |origin| &origin[field]));
        }
        hook
    }

    /// What the tags of an event tell; none where it comes from no call.
    pub(super) fn of(tags: &Tags) -> Option<Self> {
        let carried = tags.get(CARRIED).and_then(|carried| serde_json::from_str(carried).ok()).unwrap_or_default();
        Some(EventOrigin {
            path: tags.get(VIEW_TAG_SERVICE)?.clone(),
            method: Method::named(tags.get(METHOD)?),
            user: tags.get(USER).cloned(),
            carried,
        })
    }
}

impl Index<&str> for EventOrigin {
    type Output = Value;

    fn index(&self, path: &str) -> &Value {
        self.carried.get(path).unwrap_or(NULL)
    }
}

/// Puts a value where a path of names leads; nowhere where something else than an object is on the way.
fn put(into: &mut Value, path: &str, value: &Value) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let Value::Object(members) = into else { return };
    match rest {
        None => drop(members.insert(first.to_owned(), value.clone())),
        Some(rest) => put(members.entry(first).or_insert_with(|| json!({})), rest, value),
    }
}

/// The id in the caller's document, under the names that databases give it.
fn user_id(call: &HookContext) -> Option<String> {
    let user = call.params.user();
    let id = ["id", "_id"].into_iter().map(|name| &user[name]).find(|id| !id.is_null())?;
    Some(id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

/// A field of a call: `params.…`, or the call's `id`. Of a field that turns out to be a document nothing is told: a service lists the
/// members that it means.
fn field(call: &HookContext, path: &str) -> Value {
    match path.split_once('.') {
        Some(("params", rest)) => Some(call.params.at(rest)).filter(|value| rest.contains('.') || is_plain(value)),
        _ if path == "id" => call.id.clone().map(Value::from),
        _ => None,
    }
    .unwrap_or_default()
}

/// Neither a document nor a list of them.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        value => !value.is_object(),
    }
}

/// Whether a field can be carried: the id, or what stands in a call's params, but neither the headers nor a whole document.
pub(in crate::service) fn can_be_carried(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("params.") else { return path == "id" };
    let is_named = rest.split('.').all(|name| !name.is_empty());
    let (first, is_member) = rest.split_once('.').map_or((rest, false), |(first, _)| (first, true));
    is_named && first != "headers" && (is_member || !WHOLE.contains(&first))
}

/// A payload as filters see it; none where it cannot be read.
pub(super) fn read(data: &Json) -> Option<Value> {
    data.read().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::params::Params;

    #[test]
    fn an_event_carries_the_fields_that_its_service_lists_and_no_others() {
        let user = json!({"_id": 7, "company_id": 3, "password": "secret"});
        let params = Params::default().with("user", user);
        let call = HookContext::new("messages", Method::Create, None, Value::Null, params);
        let tags = EventOrigin::tags("messages", "created", &["params.user.company_id".to_owned()], Some(&call));
        assert!(tags.values().all(|value| !value.contains("secret")));
        let origin = EventOrigin::of(&tags).expect("it comes from a call");
        assert_eq!(origin["params.user.company_id"], 3);
        assert_eq!(origin["params.user.password"], Value::Null);
        assert_eq!((origin.user.as_deref(), &origin.method), (Some("7"), &Method::Create));

        let listed = ["params.user.company_id", "params.user.name", "id"].map(str::to_owned);
        let hook = |origin| EventOrigin::hook(origin, "messages", "created", &listed);
        let params = json!({"user": {"company_id": 3, "name": null}});
        let told = json!({"path": "messages", "method": "create", "event": "created", "id": null, "params": params});
        assert_eq!(hook(Some(&origin)), told);
        assert_eq!(hook(None)["params"], json!({"user": {"company_id": null, "name": null}}));
    }

    #[test]
    fn an_event_that_was_emitted_comes_from_no_call() {
        assert_eq!(EventOrigin::of(&EventOrigin::tags("messages", "status", &[], None)), None);
    }

    #[test]
    fn headers_and_whole_documents_cannot_be_carried() {
        for good in ["id", "params.user.company_id", "params.provider", "params.query.room", "params.headersX"] {
            assert!(can_be_carried(good), "{good}");
        }
        let whole = ["params", "params.", "params.user", "params.query", "params.route", "params.user.", "result"];
        for bad in ["params.headers", "params.headers.cookie"].iter().chain(&whole) {
            assert!(!can_be_carried(bad), "{bad}");
        }
    }

    #[test]
    fn of_a_field_that_is_a_document_nothing_is_carried_but_the_members_that_are_named() {
        let account = json!({"id": 5, "password": "secret"});
        let params = Params::default().with("account", account.clone()).with("accounts", json!([account]));
        let params = params.with("tenant", 3);
        let call = HookContext::new("messages", Method::Create, None, Value::Null, params);
        let carry = ["params.account", "params.accounts", "params.account.id", "params.tenant"].map(str::to_owned);
        let tags = EventOrigin::tags("messages", "created", &carry, Some(&call));
        assert!(tags.values().all(|value| !value.contains("secret")));
        let origin = EventOrigin::of(&tags).expect("it comes from a call");
        assert_eq!((&origin["params.account.id"], &origin["params.tenant"]), (&json!(5), &json!(3)));
        assert_eq!((&origin["params.account"], &origin["params.accounts"]), (NULL, NULL));
    }
}

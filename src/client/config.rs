//! What the program's own config says of events: `backend.events` and `backend.baseUrl`, as Backstage's `app-config.yaml` has them.
use super::Error;
use awc::http::Uri;
use serde::Serialize;
use serde_json::{Map, Value};

/// The endpoint's path below the address that the config names.
const PATH: &str = "/events";

const EVENTS: &str = "`true`, `false`, or a map of `enabled` and `endpoint`";
const ENABLED: &str = "`true` or `false`";
const BASE_URL: &str =
    "the broker's address, such as `http://localhost:7007`, without user, password, query and `/events`";
const ENDPOINT: &str =
    "the broker's address, such as `ws://localhost:7007`, without user, password, query and `/events`";

/// The WebSocket address of the events; none where the config has them disabled. Fails where the config enables them and does not
/// say where they are.
pub(super) fn endpoint(config: &impl Serialize) -> Result<Option<String>, Error> {
    let config = serde_json::to_value(config).map_err(Error::Config)?;
    let Some(config) = map(&config, "", "a map with `backend` in it")? else { return Ok(None) };
    let backend = map(member(config, "backend"), "backend", "a map with `baseUrl` and `events` in it")?;
    let Some(backend) = backend else { return Ok(None) };
    match member(backend, "events") {
        Value::Null | Value::Bool(false) => Ok(None),
        Value::Bool(true) => base_url(backend).map(Some),
        Value::Object(events) => of_map(events, backend),
        other => Err(wrong("backend.events", other, EVENTS)),
    }
}

fn of_map(events: &Map<String, Value>, backend: &Map<String, Value>) -> Result<Option<String>, Error> {
    // A misspelt `endpoint` would silently lead to the base URL.
    if let Some(unknown) = events.keys().find(|key| !["enabled", "endpoint"].contains(&key.as_str())) {
        let key = format!("backend.events.{unknown}");
        return Err(Error::Wrong { key, found: "no key of events", write: "`enabled` and `endpoint` only" });
    }
    match member(events, "enabled") {
        Value::Bool(false) => return Ok(None),
        Value::Bool(true) => {}
        Value::Null => return Err(Error::Missing { key: "backend.events.enabled", write: ENABLED }),
        other => return Err(wrong("backend.events.enabled", other, ENABLED)),
    }
    match member(events, "endpoint") {
        Value::Null => base_url(backend).map(Some),
        endpoint => address(endpoint, "backend.events.endpoint", ENDPOINT).map(Some),
    }
}

fn base_url(backend: &Map<String, Value>) -> Result<String, Error> {
    match member(backend, "baseUrl") {
        Value::Null => Err(Error::Missing { key: "backend.baseUrl", write: BASE_URL }),
        base_url => address(base_url, "backend.baseUrl", BASE_URL),
    }
}

/// The WebSocket address of the events below an address.
fn address(value: &Value, key: &str, write: &'static str) -> Result<String, Error> {
    let Value::String(text) = value else { return Err(wrong(key, value, write)) };
    let not_one = |found| Error::Wrong { key: key.to_owned(), found, write };
    let uri: Uri = text.parse().map_err(|_| not_one("no address"))?;
    let scheme = match uri.scheme_str() {
        Some("http" | "ws") => "ws",
        Some("https" | "wss") => "wss",
        _ => return Err(not_one("no address of http, https, ws or wss")),
    };
    let authority = uri.authority().ok_or_else(|| not_one("no address"))?.as_str();
    // A password in an address would be logged with it, and nothing asks for one.
    if authority.contains('@') || uri.query().is_some() || uri.host().is_none_or(str::is_empty) {
        return Err(not_one("an address with parts that are not used, or without a host"));
    }
    Ok(format!("{scheme}://{authority}{}{PATH}", uri.path().trim_end_matches('/')))
}

/// A member of a map; null, which YAML has for a key without a value, where it is absent.
fn member<'a>(map: &'a Map<String, Value>, key: &str) -> &'a Value {
    map.get(key).unwrap_or(&Value::Null)
}

fn map<'a>(value: &'a Value, key: &str, write: &'static str) -> Result<Option<&'a Map<String, Value>>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::Object(map) => Ok(Some(map)),
        other => Err(wrong(key, other, write)),
    }
}

/// Names the kind of value alone: a config has secrets in it.
fn wrong(key: &str, value: &Value, write: &'static str) -> Error {
    let found = match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    };
    Error::Wrong { key: key.to_owned(), found, write }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(backend: Value) -> Result<Option<String>, String> {
        endpoint(&json!({"app": {"title": 7}, "backend": backend})).map_err(|error| error.to_string())
    }

    #[test]
    fn events_are_where_the_config_says_and_nowhere_where_it_says_nothing() {
        let base = "http://localhost:7007";
        let at = |address: &str| Ok(Some(address.to_owned()));
        assert_eq!(endpoint(&json!({})).unwrap(), None);
        assert_eq!(endpoint(&Value::Null).unwrap(), None);
        assert_eq!(read(json!(null)), Ok(None));
        assert_eq!(read(json!({"baseUrl": base})), Ok(None));
        assert_eq!(read(json!({"events": false})), Ok(None));
        assert_eq!(read(json!({"events": {"enabled": false, "endpoint": 1}})), Ok(None));
        assert_eq!(read(json!({"baseUrl": base, "events": true})), at("ws://localhost:7007/events"));
        assert_eq!(read(json!({"baseUrl": base, "events": {"enabled": true}})), at("ws://localhost:7007/events"));
        let of = |endpoint: &str| read(json!({"baseUrl": base, "events": {"enabled": true, "endpoint": endpoint}}));
        assert_eq!(of("ws://events:8000"), at("ws://events:8000/events"));
        assert_eq!(of("https://example.com/broker/"), at("wss://example.com/broker/events"));
        assert_eq!(of("wss://[::1]:1"), at("wss://[::1]:1/events"));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_write_and_without_its_value() {
        let base = "http://localhost:7007";
        let cases = [
            (json!("x"), "`backend` is a text; write a map with `baseUrl` and `events` in it"),
            (json!({"events": "yes"}), "`backend.events` is a text; write `true`, `false`, or a map"),
            (json!({"events": true}), "`backend.baseUrl` is missing; write the broker's address, such as `http://loc"),
            (json!({"events": true, "baseUrl": 7007}), "`backend.baseUrl` is a number; write"),
            (json!({"events": true, "baseUrl": "localhost:7007"}), "`backend.baseUrl` is no address of http, https"),
            (json!({"events": true, "baseUrl": "/events"}), "`backend.baseUrl` is no address of http, https"),
            (json!({"events": true, "baseUrl": "ftp://a"}), "`backend.baseUrl` is no address of http, https"),
            (json!({"events": true, "baseUrl": "http://a b"}), "`backend.baseUrl` is no address;"),
            (json!({"events": true, "baseUrl": "http://me:hush@a"}), "`backend.baseUrl` is an address with parts"),
            (json!({"events": true, "baseUrl": "http://a/?t=hush"}), "`backend.baseUrl` is an address with parts"),
            (json!({"events": {"endpoint": "ws://a"}}), "`backend.events.enabled` is missing; write `true` or `false`"),
            (json!({"events": {"enabled": 1}}), "`backend.events.enabled` is a number; write `true` or `false`"),
            (json!({"events": {"enabled": true}}), "`backend.baseUrl` is missing"),
            (
                json!({"baseUrl": base, "events": {"enabled": true, "endpoint": ["hush"]}}),
                "`backend.events.endpoint` is a",
            ),
            (
                json!({"baseUrl": base, "events": {"enabled": true, "endpont": "hush"}}),
                "`backend.events.endpont` is no key",
            ),
        ];
        for (backend, wanted) in cases {
            let error = read(backend.clone()).unwrap_err();
            assert!(error.starts_with(wanted) && !error.contains("hush"), "{backend}: {error}");
        }
        let error = endpoint(&7).unwrap_err().to_string();
        assert_eq!(error, "the config is a number; write a map with `backend` in it");
    }

    #[test]
    fn a_config_that_is_no_json_says_so() {
        let odd = std::collections::HashMap::from([((1, 2), 3)]);
        let error = endpoint(&odd).unwrap_err().to_string();
        assert!(error.starts_with("the config cannot be read: key must be a string"), "{error}");
    }
}

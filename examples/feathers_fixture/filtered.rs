//! Services with filters, which Feathers has had up to version 2.
use callboard::server::BrokerBuilder;
use callboard::service::{EventOrigin, Methods, Registration, ServiceError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

pub fn register(builder: BrokerBuilder) -> BrokerBuilder {
    let chain = Registration::of(mirror())
        .filter(|data, connection, _| noted(data, connection, "all 1"))
        .filter_events(&["created"], |data, connection, _| noted(data, connection, "created 1"))
        .filter_events_async(&["created", "patched"], |data, connection, _| async move {
            noted(&data, &connection, "created 2")
        })
        .filter(|data, connection, _| noted(data, connection, "all 2"));
    let origin = Registration::of(mirror())
        .carry(&["id", "params.user.company", "params.query.room"])
        .filter(|data, _, call| Some(with(data, "origin", told(call))));
    let grouped = Registration::of(mirror())
        .filter_by(|connection| connection["user"]["company"].clone(), |data, company, _| data["company"] == *company);
    builder
        .service("filtered", Registration::of(mirror()).filter(|data, connection, _| answer(data, connection)))
        .service("filtered-later", Registration::of(mirror()).filter_async(later))
        .service("filtered-chain", chain)
        .service("filtered-origin", origin)
        .service("filtered-groups", grouped)
}

/// A service that returns what it is given, and emits an event of its own.
fn mirror() -> Methods {
    Methods::new().event("told").create(async |data, _| Ok(data)).patch(async |_, data, _| Ok(data)).custom(
        "tell",
        async |data, params| {
            params.emit("told", data)?;
            Ok(json!({}))
        },
    )
}

fn with(data: &Value, name: &str, value: Value) -> Value {
    let mut data = data.clone();
    data[name] = value;
    data
}

/// Adds its name to those of the filters that have seen the event for this connection.
fn noted(data: &Value, connection: &Value, filter: &str) -> Value {
    let mut seen = data["seen"].as_array().cloned().unwrap_or_default();
    seen.push(format!("{} {filter}", connection["user"]["name"].as_str().unwrap_or("nobody")).into());
    with(data, "seen", seen.into())
}

/// Does for a user what the data says of that user; for one it does not speak of it lets the event pass.
fn answer(data: &Value, connection: &Value) -> Result<Option<Value>, ServiceError> {
    let said = connection["user"]["name"].as_str().and_then(|name| data["says"].get(name));
    match said.and_then(Value::as_str) {
        Some("nothing") => Ok(None),
        Some("null") => Ok(Some(Value::Null)),
        Some("false") => Ok(Some(Value::Bool(false))),
        Some("replace") => Ok(Some(json!({"run": data["run"], "replaced": true}))),
        Some("fail") => Err(ServiceError::forbidden("not for you").with_data(json!({"why": "secret"}))),
        Some("panic") => panic!("this filter breaks"),
        _ => Ok(Some(data.clone())),
    }
}

/// The same after so many milliseconds as the data says, or never.
async fn later(
    data: Arc<Value>,
    connection: Arc<Value>,
    _: Option<EventOrigin>,
) -> Result<Option<Value>, ServiceError> {
    if let Some(wait) = data["wait"].as_u64() {
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    if data["never"] == connection["user"]["name"] && !data["never"].is_null() {
        std::future::pending::<()>().await;
    }
    answer(&data, &connection)
}

/// What a filter knows of the call that an event comes from.
fn told(call: Option<&EventOrigin>) -> Value {
    call.map_or(Value::Null, |call| {
        json!({
            "path": call.path, "method": call.method.name(), "user": call.user, "id": call["id"],
            "company": call["params.user.company"], "room": call["params.query.room"],
            "secret": call["params.user.secret"],
        })
    })
}

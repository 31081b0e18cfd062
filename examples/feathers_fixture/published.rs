//! Services whose events go to channels.
use callboard::server::BrokerBuilder;
use callboard::service::Params;
use callboard::service::{
    Channel, HookContext, Methods, Publication, Registration, Service, ServiceError, ServiceResult, channel,
};
use callboard::store::Id;
use serde_json::{Value, json};

pub fn register(builder: BrokerBuilder) -> BrokerBuilder {
    let ranked = Registration::of(mirror())
        .publish(|data, _| of_run(data, "replaced"))
        .publish(|data, _| of_run(data, "service"))
        .publish_event("created", |data, _| of_run(data, "replaced"))
        .publish_event("created", |data, _| of_run(data, "event"));
    builder
        .service("channels", Registration::of(Channels).publish(|_, _| Publication::NOBODY))
        .service("several", Registration::of(mirror()).publish(|data, _| several(data)))
        .service("ranked", ranked)
        .service("ranked-below", Registration::of(mirror()).for_everyone())
}

/// Publishers of the application: what no service publishes itself goes to everyone, but for one service.
pub fn rank(builder: BrokerBuilder) -> BrokerBuilder {
    let is_ranked = |call: Option<&HookContext>| call.is_some_and(|call| call.path == "ranked-below");
    builder
        .publish(move |data, call| match is_ranked(call) {
            true => of_run(data, "app").into(),
            false => Publication::Everyone,
        })
        .publish_event("updated", move |data, call| match is_ranked(call) {
            true => of_run(data, "app-event").into(),
            false => Publication::Everyone,
        })
}

/// A service that returns what it is given.
fn mirror() -> Methods {
    Methods::new()
        .create(async |data, _| Ok(data))
        .update(async |_, data, _| Ok(data))
        .patch(async |_, data, _| Ok(data))
}

/// The channel of this name that belongs to one run of a test.
fn of_run(data: &Value, name: &str) -> Channel {
    channel(format!("{name}-{}", data["run"].as_str().unwrap_or_default()))
}

/// The channels that the data names in `to`, each with what it is sent if that is said.
fn several(data: &Value) -> Option<Vec<Channel>> {
    if data["broken"] == true {
        panic!("this publisher breaks");
    }
    let channels = data["to"].as_array()?;
    let one = |to: &Value| {
        let named = channel(to["name"].as_str().unwrap_or_default());
        if to["send"].is_null() { named } else { named.send(to["send"].clone()) }
    };
    Some(channels.iter().map(one).collect())
}

/// Has the caller join a channel, or leave it.
struct Channels;

impl Service for Channels {
    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        let connection = params.connection.as_ref().ok_or_else(nobody)?;
        params.app()?.channel(data["name"].as_str().unwrap_or_default()).join(connection);
        Ok(json!({}))
    }

    async fn remove(&self, name: Option<Id>, params: Params) -> ServiceResult {
        let connection = params.connection.as_ref().ok_or_else(nobody)?;
        params.app()?.channel(&name.map(|name| name.to_string()).unwrap_or_default()).leave(connection);
        Ok(json!({}))
    }
}

fn nobody() -> ServiceError {
    ServiceError::bad_request("Only a connection has channels")
}

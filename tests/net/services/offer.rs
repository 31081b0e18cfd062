//! The services of the house, each with another way to decide who is shown what.
use crate::house::turns;
use callboard::service::{HookContext, Hooks, Publication, Registration, Stored, channel};
use callboard::store::{MemoryStore, Multi, StoreOptions};
use serde_json::{Value, json};

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Everybody sees everything.
    Open,
    /// A filter admits the user's company.
    Ours,
    /// A filter makes other data for each connection, and one by a key decides about that.
    Masked,
    /// A filter of which nobody knows how long it takes.
    Slow,
    /// A filter by the key that is the company.
    Keyed,
    /// A publisher names channels.
    Published,
    /// A filter looks at what the event carries of its call, and the methods take their time.
    Carried,
}

/// All of them.
pub const SERVICES: [Service; 7] = [
    Service::Open,
    Service::Ours,
    Service::Masked,
    Service::Slow,
    Service::Keyed,
    Service::Published,
    Service::Carried,
];

/// The events that clients may be told of.
pub const EVENTS: [&str; 4] = ["created", "patched", "removed", STATUS];
/// The event that each service lists as its own.
pub const STATUS: &str = "status";
/// The event that none lists.
pub const SECRET: &str = "secret";

/// The channel that connections are in from the start.
pub const HALL: &str = "hall";
/// The channels that they enter and leave.
pub const CHANNELS: [&str; 2] = ["a", "b"];

/// The field that the events of one service carry.
const CARRIED: &str = "params.user.company";

impl Service {
    pub fn path(self) -> &'static str {
        match self {
            Service::Open => "open",
            Service::Ours => "ours",
            Service::Masked => "masked",
            Service::Slow => "slow",
            Service::Keyed => "keyed",
            Service::Published => "published",
            Service::Carried => "carried",
        }
    }

    /// Whether its calls of one caller may end in another order than they began.
    pub fn dawdles(self) -> bool {
        self == Service::Carried
    }

    pub fn registration(self) -> Registration {
        let store = MemoryStore::new(StoreOptions { multi: Multi::ALL, ..StoreOptions::default() });
        let service = Registration::of(Stored::new(store)).event(STATUS);
        match self {
            Service::Open => service.for_everyone(),
            Service::Ours => service.filter(|data, connection, _| data["company"] == connection["user"]["company"]),
            Service::Masked => service
                .filter(|data, connection, _| match connection["user"]["company"].as_u64() {
                    Some(company) if data["company"] == company => masked(data, &connection["user"]["id"]),
                    _ => Value::Null,
                })
                .filter_by(company, |data, _, _| !(number(&data["n"]) + number(&data["for"])).is_multiple_of(3)),
            Service::Slow => service.filter_async(|data, connection, _| async move {
                turns([0, 1, 3, 0, 7][number(&data["n"]) as usize % 5]).await;
                match data["company"] == connection["user"]["company"] {
                    true if number(&data["n"]).is_multiple_of(2) => masked(&data, &connection["user"]["id"]),
                    true => (*data).clone(),
                    false => Value::Null,
                }
            }),
            Service::Keyed => service.filter_by(company, |data, company, _| data["company"] == *company),
            Service::Published => service.publish(|data, _| published(data)),
            Service::Carried => {
                let dawdling = async |call: &mut HookContext| {
                    turns(number(&call.data["n"]) as usize % 4).await;
                    Ok(())
                };
                let service = service.carry(&[CARRIED]).hooks(Hooks::new().before("patch", dawdling));
                service.filter(|data, connection, call| {
                    let company = call.map_or(&data["company"], |call| &call[CARRIED]);
                    *company == connection["user"]["company"]
                })
            }
        }
    }
}

fn company(connection: &Value) -> Value {
    connection["user"]["company"].clone()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn masked(data: &Value, reader: &Value) -> Value {
    json!({ "id": data["id"], "n": data["n"], "company": data["company"], "for": reader })
}

fn published(data: &Value) -> Publication {
    match number(&data["n"]) % 6 {
        0 => [channel("a").send(json!({ "id": data["id"], "n": data["n"], "from": "a" })), channel("b")].into(),
        1 => channel("a").into(),
        2 => channel("b").into(),
        3 => Publication::NOBODY,
        4 => channel(HALL).into(),
        _ => Publication::Everyone,
    }
}

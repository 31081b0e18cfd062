//! What really happened, in its order, as it is noted inside the broker: by the listeners of the services, and by the handler of
//! connections.
use super::offer::Service;
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// One event that a service has made.
#[derive(Debug)]
pub struct Made {
    pub service: Service,
    pub event: &'static str,
    pub data: Value,
    /// The user whose call it comes from; none for an event that was emitted.
    pub caller: Option<Value>,
}

/// What was noted.
pub enum Entry {
    Made(Made),
    /// A seat's connection has its user, and is in the channel where all begin. A seat has one connection after another.
    Arrived {
        seat: usize,
        connection: u64,
    },
}

/// All that was noted and not taken yet.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Vec<Entry>>>);

impl Record {
    pub fn note(&self, entry: Entry) {
        self.0.lock().expect("nobody panics with it").push(entry);
    }

    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

impl Made {
    /// What tells it from all other events of its service: the document, and the number of what was done to it.
    pub fn key(&self) -> (Service, &'static str, Option<u64>, u64) {
        (self.service, self.event, self.data["id"].as_u64(), number(&self.data))
    }
}

/// The number in a document or an event.
pub fn number(data: &Value) -> u64 {
    data["n"].as_u64().unwrap_or_else(|| panic!("no number: {data}"))
}

//! All that services have made, and what must be so of that alone.
use super::client::Call;
use super::offer::Service;
use super::record::{Made, number};
use crate::coverage::{Met, met};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// See the file's text.
#[derive(Default)]
pub struct History {
    /// All events, in their order.
    made: Vec<Made>,
    keys: HashSet<(Service, &'static str, Option<u64>, u64)>,
    /// The last number of each caller in each service.
    last: BTreeMap<(Service, String), u64>,
    /// The documents that were created in each service.
    documents: BTreeMap<Service, Vec<u64>>,
}

impl History {
    pub fn made(&self) -> &[Made] {
        &self.made
    }

    /// One more event: the only one of its kind, of the user who called, and behind what the same caller did before.
    pub fn add(&mut self, made: Made) {
        assert!(self.keys.insert(made.key()), "{made:?} was made twice");
        if made.event != "removed" {
            let by = made.data["by"].as_str().expect("somebody").to_owned();
            if let Some(caller) = &made.caller {
                assert_eq!(by.split(' ').next(), Some(&*caller["id"].to_string()), "{made:?}");
            }
            let last = self.last.insert((made.service, by), number(&made.data));
            // A call for many documents gives all the same number.
            let is_behind = last <= Some(number(&made.data)) || made.service.dawdles();
            assert!(is_behind, "{made:?} was made behind {last:?} of the same caller");
        }
        if made.event == "created" {
            let id = made.data["id"].as_u64().expect("an id");
            self.documents.entry(made.service).or_default().push(id);
        }
        self.made.push(made);
    }

    /// A document of those that were created; one that is not there where there is none.
    pub fn document(&self, service: Service, at: usize) -> u64 {
        let documents = self.documents.get(&service).map_or(&[][..], Vec::as_slice);
        documents.get(at % documents.len().max(1)).copied().unwrap_or_default()
    }

    /// A call has its answer, and with it as many events as items; where those are among all.
    pub fn events_of(&self, call: &Call, answer: Result<&Value, &Value>) -> Range<usize> {
        let result = match answer {
            Ok(result) => result,
            Err(error) => {
                assert!(call.what.may_miss() && error["name"] == "NotFound", "{call:?} failed: {error}");
                met(Met::NotFound);
                return 0..0;
            }
        };
        let items = result.as_array().map_or(std::slice::from_ref(result), Vec::as_slice);
        let Some(first) = items.first() else { return 0..0 };
        let is_of = |made: &Made, item: &Value| {
            made.service == call.service && made.event == call.what.event() && made.data == *item
        };
        let place = self.made[call.begun..].iter().position(|made| is_of(made, first));
        let begin = call.begun + place.unwrap_or_else(|| panic!("{call:?} was answered {first} without an event"));
        let events = begin..begin + items.len();
        let are_all = self
            .made
            .get(events.clone())
            .is_some_and(|made| made.iter().zip(items).all(|(made, item)| is_of(made, item)));
        assert!(are_all, "{call:?} was answered {result} with other events");
        events
    }
}

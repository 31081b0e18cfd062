//! What must be so, whatever happens: what each connection is shown is held against what was made and what its user may see.
use super::offer::{HALL, Service};
use super::record::{Made, number};
use crate::coverage::{Met, met};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What decides about what a connection is shown.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    pub user: Value,
    pub channels: BTreeSet<&'static str>,
    /// The events that it has asked for, by their services; none where it gets all.
    pub chosen: Option<BTreeMap<Service, BTreeSet<&'static str>>>,
}

/// What a connection is to be told, and what it knows.
pub struct Mind {
    pub outlook: Outlook,
    /// Nothing for it may be lost.
    is_roomy: bool,
    /// Its handlers have been told of it: from now on everything that is for it reaches it.
    is_ready: bool,
    coming: VecDeque<Coming>,
    /// How many events had been made when the last that it knows of was, or when all was at rest.
    passed: usize,
}

/// An event that a connection gets, or may get.
#[derive(Debug)]
struct Coming {
    /// Its place among all events.
    at: usize,
    name: String,
    /// What it may be shown as.
    shown: Vec<Value>,
    is_must: bool,
}

impl Outlook {
    /// What a connection is shown of an event.
    fn shown(&self, made: &Made) -> Option<Value> {
        if !self.wants(made) {
            met(Met::Unasked);
            return None;
        }
        let (data, company) = (&made.data, &self.user["company"]);
        let is_ours = data["company"] == *company;
        let own = || json!({ "id": data["id"], "n": data["n"], "company": company, "for": self.user["id"] });
        let (n, reader) = (number(data), self.user["id"].as_u64().unwrap_or_default());
        match made.service {
            Service::Open => Some(data.clone()),
            Service::Ours | Service::Keyed => is_ours.then(|| data.clone()),
            Service::Masked => (is_ours && !company.is_null() && (n + reader) % 3 != 0).then(own),
            Service::Slow if n % 2 == 0 => is_ours.then(own),
            Service::Slow => is_ours.then(|| data.clone()),
            Service::Published => self.published(data),
            Service::Carried => match &made.caller {
                Some(user) => (user["company"] == *company).then(|| data.clone()),
                None => is_ours.then(|| data.clone()),
            },
        }
    }

    fn wants(&self, made: &Made) -> bool {
        let Some(chosen) = &self.chosen else { return true };
        chosen.get(&made.service).is_some_and(|events| events.contains(made.event))
    }

    fn published(&self, data: &Value) -> Option<Value> {
        let is_in = |channel: &str| self.channels.contains(channel);
        let whole = |is_for_me: bool| is_for_me.then(|| data.clone());
        match number(data) % 6 {
            0 if is_in("a") => Some(json!({ "id": data["id"], "n": data["n"], "from": "a" })),
            0 | 2 => whole(is_in("b")),
            1 => whole(is_in("a")),
            3 => None,
            4 => whole(is_in(HALL)),
            _ => whole(true),
        }
    }
}

impl Mind {
    /// The connection begins, when so many events have been made.
    pub fn new(outlook: Outlook, is_roomy: bool, passed: usize) -> Self {
        Mind { outlook, is_roomy, is_ready: false, coming: VecDeque::new(), passed }
    }

    /// Its handlers have been told of it.
    pub fn arrive(&mut self) {
        self.is_ready = true;
    }

    /// An event was made, the one at this place.
    pub fn expect(&mut self, at: usize, made: &Made) {
        let mut shown: Vec<Value> = self.outlook.shown(made).into_iter().collect();
        if !self.is_ready {
            // Whether it is in already, and as whom, nobody knows.
            shown.extend(Outlook::default().shown(made));
        }
        if shown.is_empty() {
            met(Met::Hidden);
            return;
        }
        let name = format!("{} {}", made.service.path(), made.event);
        self.coming.push_back(Coming { at, name, shown, is_must: self.is_ready });
    }

    /// It was told of an event: the next one that it is to be told of.
    pub fn hear(&mut self, name: &str, data: &Value) {
        while let Some(coming) = self.coming.pop_front() {
            if coming.name == name && coming.shown.contains(data) {
                self.passed = coming.at + 1;
                note_heard(data, coming.is_must);
                return;
            }
            self.miss(&coming, format_args!("it was told {name} {data}"));
        }
        panic!("{name} {data} is not for it, or it has been told before, or too late");
    }

    fn miss(&self, coming: &Coming, instead: std::fmt::Arguments) {
        assert!(!coming.is_must || !self.is_roomy, "{} {:?} is missing: {instead}", coming.name, coming.shown);
        if coming.is_must {
            met(Met::LostEvent);
        }
    }

    /// A call of its own was acknowledged, whose events are at these places of all that was `made`: those that it is shown came
    /// before, and where it is shown none, nothing had to.
    pub fn answered(&mut self, events: std::ops::Range<usize>, made: &[Made]) {
        let is_behind_slow =
            made[self.passed.min(events.end)..events.end].iter().any(|made| made.service == Service::Slow);
        let missing = self.coming.iter().find(|coming| events.contains(&coming.at) && coming.is_must);
        match missing {
            Some(_) if is_behind_slow => met(Met::Overtaken),
            Some(missing) => assert!(!self.is_roomy, "the acknowledgement came before {missing:?}"),
            None if self.passed > events.start => met(Met::AnsweredBehind),
            None => {}
        }
    }

    /// Everything has come to rest, and it has read all that it was sent, when so many events have been made.
    pub fn rest(&mut self, passed: usize) {
        while let Some(coming) = self.coming.pop_front() {
            self.miss(&coming, format_args!("it was told nothing"));
        }
        self.passed = passed;
    }
}

fn note_heard(data: &Value, is_must: bool) {
    if !is_must {
        met(Met::HeardEarly);
    }
    if !data["for"].is_null() {
        met(Met::Replaced);
    }
    if data["from"] == "a" {
        met(Met::Masked);
    }
}

//! An event as filters see it. One thread delivers an event to many connections, one after the other: it is read for the first
//! of them.
use super::origin::{EventOrigin, read};
use super::{Filter, FilterResult};
use crate::filter::expression::{Answers, Fact};
use crate::service::services::Services;
use crate::types::{Event, Json, Tags, VIEW_TAG_EVENT, VIEW_TAG_SERVICE};
use serde_json::Value;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static LAST: RefCell<Option<Rc<Parsed>>> = const { RefCell::new(None) };
}

/// Answers of a filter by keys of connections that are remembered for one event.
const REMEMBERED: usize = 4096;

/// An event of a service.
pub(super) struct Parsed {
    /// Kept, so that no later event can stand at the same place in memory and be taken for this one.
    data: Json,
    tags: Arc<Tags>,
    pub path: String,
    pub event: String,
    /// The filters that it passes, in order; none where the service is not registered on this node, which cannot tell who may see it.
    pub filters: Option<Vec<Filter>>,
    pub origin: Option<EventOrigin>,
    value: OnceCell<Option<Arc<Value>>>,
    /// The data and the call for rules, made once for all connections of this thread.
    data_fact: OnceCell<Fact>,
    hook_fact: OnceCell<Arc<Fact>>,
    /// What filters by a key have said, by their place among the filters and the key.
    answers: RefCell<HashMap<(usize, Value), FilterResult>>,
    /// What rules have said.
    pub ruled: Answers,
}

impl Parsed {
    /// The event, if a service emitted it.
    pub fn of(event: &Event, services: &Services) -> Option<Rc<Self>> {
        let tags = event.envelope.as_ref()?.view_tags.as_ref()?;
        LAST.with_borrow_mut(|last| {
            if let Some(last) = last.as_ref().filter(|last| last.is(event, tags)) {
                return Some(last.clone());
            }
            let parsed = Rc::new(Self::read(event, tags, services)?);
            *last = Some(parsed.clone());
            Some(parsed)
        })
    }

    fn is(&self, event: &Event, tags: &Arc<Tags>) -> bool {
        let (mine, other) = (self.data.bytes(), event.data.bytes());
        Arc::ptr_eq(&self.tags, tags) && mine.as_ptr() == other.as_ptr() && mine.len() == other.len()
    }

    fn read(event: &Event, tags: &Arc<Tags>, services: &Services) -> Option<Self> {
        let (path, name) = (tags.get(VIEW_TAG_SERVICE)?, tags.get(VIEW_TAG_EVENT)?);
        Some(Parsed {
            data: event.data.clone(),
            tags: tags.clone(),
            path: path.clone(),
            event: name.clone(),
            filters: services.filters_of(path, name),
            origin: EventOrigin::of(tags),
            value: OnceCell::new(),
            data_fact: OnceCell::new(),
            hook_fact: OnceCell::new(),
            answers: RefCell::default(),
            ruled: Answers::default(),
        })
    }

    /// Its data; none where it cannot be read.
    pub fn value(&self) -> Option<&Arc<Value>> {
        self.value.get_or_init(|| read(&self.data).map(Arc::new)).as_ref()
    }

    /// Its data for rules; none where it cannot be read.
    pub fn data_fact(&self) -> Option<&Fact> {
        self.value().map(|data| self.data_fact.get_or_init(|| Fact::of(data)))
    }

    /// The call for rules.
    pub fn hook_fact(&self, services: &Services) -> &Arc<Fact> {
        self.hook_fact.get_or_init(|| {
            let listed = services.registered(&self.path).map(|entry| entry.definition.carried.as_slice());
            let listed = listed.unwrap_or_default();
            Arc::new(Fact::of(&EventOrigin::hook(self.origin.as_ref(), &self.path, &self.event, listed)))
        })
    }

    /// What the filter at this place says of the event for connections with this key; asked once for each key.
    pub fn answer_for(&self, at: usize, key: Value, decide: impl FnOnce(&Value) -> FilterResult) -> FilterResult {
        let of_key = (at, key);
        if let Some(known) = self.answers.borrow().get(&of_key) {
            return known.clone();
        }
        let answer = decide(&of_key.1);
        let mut answers = self.answers.borrow_mut();
        if answers.len() < REMEMBERED {
            answers.insert(of_key, answer.clone());
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::filters::FilterAnswer;
    use serde_json::json;
    use std::cell::Cell;

    fn event() -> Parsed {
        Parsed {
            data: Json::parse("1".into()).expect("JSON"),
            tags: Arc::default(),
            path: "messages".into(),
            event: "created".into(),
            filters: Some(vec![]),
            origin: None,
            value: OnceCell::new(),
            data_fact: OnceCell::new(),
            hook_fact: OnceCell::new(),
            answers: RefCell::default(),
            ruled: Answers::default(),
        }
    }

    #[test]
    fn a_filter_is_asked_once_for_each_of_a_thousand_keys_and_remembers_no_more_than_its_bound() {
        let (event, asked) = (event(), Cell::new(0));
        let ask = |at: usize, key: Value| {
            let answer = event.answer_for(at, key, |_| {
                asked.set(asked.get() + 1);
                Ok(FilterAnswer::Pass)
            });
            assert!(answer.is_ok());
        };
        for _ in 0..3 {
            for at in 0..2 {
                (0..1_000).for_each(|company| ask(at, json!({"company": company, "is": [company, "a", null, 0.5]})));
            }
        }
        assert_eq!(asked.get(), 2_000);
        (0..2 * REMEMBERED).for_each(|key| ask(0, json!(key)));
        assert_eq!(event.answers.borrow().len(), REMEMBERED);
    }
}

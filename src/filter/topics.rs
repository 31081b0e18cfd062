//! The topics that one listener of a channel wants.
use super::{Look, Shown, View};
use crate::types::{Event, TOPIC_TAG, Topic};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The topics that one listener of a channel wants; they may change while it listens. Nobody bounds their number here.
#[derive(Debug, Default)]
pub struct Topics {
    every: Cell<bool>,
    named: RefCell<BTreeSet<Box<str>>>,
}

impl Topics {
    /// Just this one; none where nothing was said of topics.
    pub fn of(topic: &Topic) -> Option<Rc<Self>> {
        let topics = Topics::default();
        topics.add(topic);
        (!topics.is_empty()).then(|| Rc::new(topics))
    }

    /// Wants this one, too.
    pub fn add(&self, topic: &Topic) {
        match topic {
            Topic::Unnamed => {}
            Topic::Every => self.every.set(true),
            Topic::Named(name) => drop(self.named.borrow_mut().insert(name.as_str().into())),
        }
    }

    /// Wants this one no more, as it was added: who wants every topic and no more a named one still wants every topic.
    pub fn remove(&self, topic: &Topic) {
        match topic {
            Topic::Unnamed => {}
            Topic::Every => self.every.set(false),
            Topic::Named(name) => drop(self.named.borrow_mut().remove(name.as_str())),
        }
    }

    /// Whether this one was added.
    pub fn has(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Unnamed => true,
            Topic::Every => self.every.get(),
            Topic::Named(name) => self.named.borrow().contains(name.as_str()),
        }
    }

    /// How many were added.
    pub fn len(&self) -> usize {
        usize::from(self.every.get()) + self.named.borrow().len()
    }

    /// Whether none is wanted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of those that have one, in order.
    pub fn names(&self) -> Vec<String> {
        self.named.borrow().iter().map(|name| name.to_string()).collect()
    }

    fn pass(&self, event: &Event) -> bool {
        let topic = || event.tags.as_ref()?.get(TOPIC_TAG).map(String::as_str);
        self.every.get() || topic().is_some_and(|topic| self.named.borrow().contains(topic))
    }
}

/// Passes the events of the topics that are wanted at the time.
impl View for Rc<Topics> {
    fn look(&self, event: &Event) -> Look {
        Look::Now(if self.pass(event) { Shown::Pass } else { Shown::Drop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ChannelName, Json, Space, Tags};
    use std::sync::Arc;

    fn passes(topics: &Topics, topic: Option<&str>) -> bool {
        let tags = topic.map(|topic| Arc::new(Tags::from([(TOPIC_TAG.to_owned(), topic.to_owned())])));
        let channel = ChannelName::in_space(Space::Plugin, "catalog", 255).expect("a name");
        topics.pass(&Event { channel, data: Json::null(), tags, publisher: None, position: None, envelope: None })
    }

    #[test]
    fn who_wants_every_topic_gets_all_events_and_who_names_topics_those() {
        let every = Topics::of(&Topic::Every).expect("a topic");
        assert!(passes(&every, None) && passes(&every, Some("a")));
        let named = Topics::of(&Topic::Named("a".into())).expect("a topic");
        named.add(&Topic::Named("b".into()));
        assert!(passes(&named, Some("a")) && passes(&named, Some("b")));
        assert!(!passes(&named, Some("c")) && !passes(&named, None));
        assert!(Topics::of(&Topic::Unnamed).is_none());
    }

    #[test]
    fn each_is_taken_away_as_it_was_added() {
        let topics = Topics::of(&Topic::Every).expect("a topic");
        topics.add(&Topic::Named("a".into()));
        assert_eq!(topics.len(), 2);
        topics.remove(&Topic::Every);
        assert!(passes(&topics, Some("a")) && !passes(&topics, None));
        topics.remove(&Topic::Named("z".into()));
        topics.remove(&Topic::Named("a".into()));
        assert!(topics.is_empty() && !passes(&topics, Some("a")));
    }
}

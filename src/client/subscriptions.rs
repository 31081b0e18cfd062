//! Which callbacks are called for which event, and which subscriptions the broker has been told of.
use super::Error;
use super::wire::Command;
use bytestring::ByteString;
use indexmap::{IndexMap, IndexSet};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a subscription is for: a plugin's events, those of all topics or of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) plugin: String,
    pub(super) topic: Option<String>,
}

/// What is called with the data of an event; it fails where the data is not of the type that the callback takes.
type Call = dyn FnMut(&RawValue) -> Result<(), serde_json::Error> + Send;

/// A callback that was subscribed.
pub(super) struct Subscribed<C: ?Sized = Call> {
    is_over: AtomicBool,
    /// Only the thread of the connection calls it, so the lock is never waited for.
    call: Mutex<C>,
}

pub(super) type Callback = Arc<Subscribed>;

impl Subscribed {
    pub(super) fn new(call: impl FnMut(&RawValue) -> Result<(), serde_json::Error> + Send + 'static) -> Callback {
        Arc::new(Subscribed { is_over: AtomicBool::new(false), call: Mutex::new(call) })
    }

    /// Calls it, if it is still subscribed: a callback of the same event may have ended it.
    pub(super) fn call(&self, data: &RawValue) -> Result<(), serde_json::Error> {
        if self.is_over.load(Ordering::Acquire) {
            return Ok(());
        }
        // The state of a callback may be half changed after a panic; that is the callback's to keep right.
        let mut call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        call(data)
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// The callbacks by key, in the order of the first subscribe of each key.
pub(super) struct Subscriptions {
    by_key: IndexMap<Key, Vec<Callback>>,
    callbacks: usize,
    most: usize,
    /// Grows with each change of the keys.
    version: u64,
}

impl Subscriptions {
    pub(super) fn new(most: usize) -> Self {
        Subscriptions { by_key: IndexMap::new(), callbacks: 0, most, version: 0 }
    }

    /// Adds a callback. The caller drops one that is refused, where no lock is held.
    pub(super) fn add(&mut self, key: Key, callback: &Callback) -> Result<(), Error> {
        if self.callbacks >= self.most {
            return Err(Error::TooManySubscriptions(self.most));
        }
        self.by_key.entry(key).or_default().push(callback.clone());
        self.callbacks += 1;
        self.version += 1;
        Ok(())
    }

    /// Removes a key, whose callbacks are called no more; gives them, to be dropped where no lock is held.
    pub(super) fn remove(&mut self, key: &Key) -> Vec<Callback> {
        let removed = self.by_key.shift_remove(key).unwrap_or_default();
        removed.iter().for_each(|callback| callback.end());
        self.callbacks -= removed.len();
        self.version += 1;
        removed
    }

    /// Removes all, as `remove` does.
    pub(super) fn clear(&mut self) -> IndexMap<Key, Vec<Callback>> {
        self.callbacks = 0;
        self.version += 1;
        let removed = std::mem::take(&mut self.by_key);
        removed.values().flatten().for_each(|callback| callback.end());
        removed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The callbacks for an event: the subscriptions of the plugin, then those of plugin and topic.
    pub(super) fn matching(&self, plugin: &str, topic: Option<&str>) -> Vec<Callback> {
        let mut key = Key { plugin: plugin.to_owned(), topic: None };
        let mut callbacks = self.by_key.get(&key).cloned().unwrap_or_default();
        if let Some(topic) = topic {
            key.topic = Some(topic.to_owned());
            callbacks.extend(self.by_key.get(&key).into_iter().flatten().cloned());
        }
        callbacks
    }
}

/// What the broker has been told on one connection.
#[derive(Default)]
pub(super) struct Told {
    keys: IndexSet<Key>,
    /// What is still to be told, and whether it is wanted; no longer than the old and the new keys together.
    changes: VecDeque<(Key, bool)>,
    /// The version of the subscriptions that the changes lead to.
    version: Option<u64>,
}

impl Told {
    /// The next frame that brings the broker nearer to the subscriptions; none once it knows them.
    pub(super) fn next(&mut self, wanted: &Subscriptions) -> Option<ByteString> {
        if self.changes.is_empty() && self.version != Some(wanted.version) {
            let gone = self.keys.iter().filter(|key| !wanted.by_key.contains_key(*key));
            let new = wanted.by_key.keys().filter(|key| !self.keys.contains(*key));
            self.changes = gone.map(|key| (key.clone(), false)).chain(new.map(|key| (key.clone(), true))).collect();
            self.version = Some(wanted.version);
        }
        let (key, is_wanted) = self.changes.pop_front()?;
        let frame = frame(&key, is_wanted);
        match is_wanted {
            true => drop(self.keys.insert(key)),
            false => drop(self.keys.shift_remove(&key)),
        }
        Some(frame)
    }

    /// Frames that unsubscribe from all that the broker has been told.
    pub(super) fn end(self) -> impl Iterator<Item = ByteString> {
        self.keys.into_iter().map(|key| frame(&key, false))
    }
}

fn frame(key: &Key, is_wanted: bool) -> ByteString {
    let (plugin_id, topic) = (&*key.plugin, key.topic.as_deref());
    let command: Command = match is_wanted {
        true => Command::Subscribe { plugin_id, topic },
        false => Command::Unsubscribe { plugin_id, topic },
    };
    // Texts are always JSON.
    command.frame().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(plugin: &str, topic: Option<&str>) -> Key {
        Key { plugin: plugin.into(), topic: topic.map(Into::into) }
    }

    fn nobody() -> Callback {
        Subscribed::new(|_| Ok(()))
    }

    fn told(told: &mut Told, wanted: &Subscriptions) -> Vec<String> {
        let frames = std::iter::from_fn(|| told.next(wanted));
        frames.map(|frame| frame.replace(r#"{"command":""#, "").replace(r#"","pluginId":"#, " ")).collect()
    }

    #[test]
    fn the_broker_is_told_what_has_changed_since_it_was_told_and_each_connection_of_all() {
        let mut wanted = Subscriptions::new(10);
        let mut here = Told::default();
        wanted.add(key("a", None), &nobody()).unwrap();
        wanted.add(key("a", Some("t")), &nobody()).unwrap();
        wanted.add(key("a", None), &nobody()).unwrap();
        assert_eq!(told(&mut here, &wanted), [r#"subscribe "a"}"#, r#"subscribe "a","topic":"t"}"#]);
        assert_eq!(wanted.remove(&key("a", None)).len(), 2);
        wanted.add(key("b", None), &nobody()).unwrap();
        assert_eq!(told(&mut here, &wanted), [r#"unsubscribe "a"}"#, r#"subscribe "b"}"#]);
        assert_eq!(told(&mut Told::default(), &wanted), [r#"subscribe "a","topic":"t"}"#, r#"subscribe "b"}"#]);
        assert_eq!(here.end().count(), 2);
    }

    #[test]
    fn a_change_while_others_are_being_told_comes_behind_them() {
        let mut wanted = Subscriptions::new(10);
        let mut here = Told::default();
        wanted.add(key("a", None), &nobody()).unwrap();
        wanted.add(key("b", None), &nobody()).unwrap();
        assert!(here.next(&wanted).unwrap().contains(r#""a""#));
        drop(wanted.clear());
        wanted.add(key("c", None), &nobody()).unwrap();
        let rest = told(&mut here, &wanted);
        assert_eq!(rest, [r#"subscribe "b"}"#, r#"unsubscribe "a"}"#, r#"unsubscribe "b"}"#, r#"subscribe "c"}"#]);
    }

    #[test]
    fn subscriptions_are_bounded_whatever_their_keys() {
        let mut wanted = Subscriptions::new(2);
        wanted.add(key("a", None), &nobody()).unwrap();
        wanted.add(key("a", None), &nobody()).unwrap();
        assert!(matches!(wanted.add(key("b", None), &nobody()), Err(Error::TooManySubscriptions(2))));
        drop(wanted.remove(&key("a", None)));
        assert!(wanted.is_empty());
        wanted.add(key("b", None), &nobody()).unwrap();
    }

    #[test]
    fn an_event_is_for_its_plugin_and_for_its_topic_and_for_no_other() {
        let mut wanted = Subscriptions::new(10);
        for (plugin, topic) in [("a", None), ("a", Some("t")), ("a", Some("u")), ("b", Some("t"))] {
            wanted.add(key(plugin, topic), &nobody()).unwrap();
        }
        let numbers = [("a", Some("t")), ("a", None), ("a", Some("v")), ("b", Some("t")), ("b", None)];
        assert_eq!(numbers.map(|(plugin, topic)| wanted.matching(plugin, topic).len()), [2, 1, 1, 1, 0]);
    }
}

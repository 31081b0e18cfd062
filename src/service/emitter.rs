//! Listeners inside the process: what the `EventEmitter` of a service is in JavaScript.
use super::hooks::HookContext;
use crate::metrics::Metrics;
use serde_json::Value;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Listeners that one service may have; Node.js warns from the eleventh for one event on.
const LISTENERS: usize = 10_000;

/// One registration of a listener, to be given to `remove_listener`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServiceListener(u64);

type Function = dyn Fn(&Value, Option<&HookContext>) + Send + Sync;

/// The listeners of one service, by event.
#[derive(Default)]
pub(super) struct EventEmitter {
    listeners: Mutex<HashMap<String, Vec<Entry>>>,
    next: AtomicU64,
}

#[derive(Clone)]
struct Entry {
    id: ServiceListener,
    is_once: bool,
    function: Arc<Function>,
}

impl EventEmitter {
    /// Adds a listener behind those that are there; none where there are too many.
    pub fn add(
        &self,
        event: &str,
        is_once: bool,
        function: impl Fn(&Value, Option<&HookContext>) + Send + Sync + 'static,
    ) -> Option<ServiceListener> {
        let id = ServiceListener(self.next.fetch_add(1, Ordering::Relaxed));
        let mut listeners = self.locked();
        if listeners.values().map(Vec::len).sum::<usize>() >= LISTENERS {
            return None;
        }
        listeners.entry(event.to_owned()).or_default().push(Entry { id, is_once, function: Arc::new(function) });
        Some(id)
    }

    /// Whether the listener was there.
    pub fn remove(&self, id: ServiceListener) -> bool {
        let mut was_there = false;
        self.locked().retain(|_, entries| {
            let before = entries.len();
            entries.retain(|entry| entry.id != id);
            was_there |= entries.len() < before;
            !entries.is_empty()
        });
        was_there
    }

    /// Tells the listeners of an event in the order in which they were added. One that panics fails nobody. What a listener adds or
    /// removes holds from the next event on.
    pub fn emit(&self, event: &str, data: &Value, context: Option<&HookContext>, metrics: &Metrics) {
        for entry in self.take_turn(event) {
            let told = catch_unwind(AssertUnwindSafe(|| (entry.function)(data, context)));
            if told.is_err() {
                metrics.log_some(log::Level::Error, "listener", format_args!("a listener of {event:?} panicked"));
                Metrics::count(&metrics.handler_failures, "panic");
            }
        }
    }

    /// Those that are told now; the ones for once are gone with that.
    fn take_turn(&self, event: &str) -> Vec<Entry> {
        let mut listeners = self.locked();
        let Some(entries) = listeners.get_mut(event) else { return vec![] };
        let turn = entries.clone();
        entries.retain(|entry| !entry.is_once);
        if entries.is_empty() {
            listeners.remove(event);
        }
        turn
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, HashMap<String, Vec<Entry>>> {
        // No listener runs under the lock, so what it guards is whole even where a holder panicked.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::AtomicUsize;

    fn counting(emitter: &EventEmitter, is_once: bool) -> (ServiceListener, Arc<AtomicUsize>) {
        let count = Arc::<AtomicUsize>::default();
        let counted = count.clone();
        let id = emitter.add("created", is_once, move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        (id.expect("there is room"), count)
    }

    #[test]
    fn a_listener_hears_until_it_is_removed_and_one_for_once_a_single_time() {
        let (emitter, metrics) = (EventEmitter::default(), Metrics::new());
        let (kept, heard) = counting(&emitter, false);
        let (_, heard_once) = counting(&emitter, true);
        emitter.emit("created", &json!(1), None, &metrics);
        emitter.emit("created", &json!(2), None, &metrics);
        emitter.emit("removed", &json!(3), None, &metrics);
        assert_eq!((heard.load(Ordering::Relaxed), heard_once.load(Ordering::Relaxed)), (2, 1));
        assert!(emitter.remove(kept) && !emitter.remove(kept));
        emitter.emit("created", &json!(4), None, &metrics);
        assert_eq!(heard.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_listener_that_panics_keeps_no_other_from_hearing() {
        let (emitter, metrics) = (EventEmitter::default(), Metrics::new());
        emitter.add("created", false, |_, _| panic!("this listener breaks")).expect("there is room");
        let (_, heard) = counting(&emitter, false);
        emitter.emit("created", &json!(1), None, &metrics);
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }
}

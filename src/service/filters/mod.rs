//! Filters: what each connection sees of a service's events.
//!
//! | file | what lives there |
//! |---|---|
//! | `answer` | the answer of a filter |
//! | `origin` | what an event carries of the call that caused it |
//! | `parsed` | an event as filters see it, read once for all connections of a thread |
//! | `ruled` | rules of the config, asked |
//! | `view` | the filters of all services, for one connection |
mod answer;
mod origin;
mod parsed;
pub(super) mod ruled;
mod view;

pub use answer::{FilterAnswer, IntoFilterAnswer};
pub use origin::EventOrigin;
pub(super) use origin::can_be_carried;
pub(super) use view::ServiceView;

use super::error::ServiceError;
use crate::filter::expression::Rule;
use crate::types::BoxFuture;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What a filter says, or why it failed.
type FilterResult = Result<FilterAnswer, ServiceError>;
/// Decides at once.
type Now = dyn Fn(&Value, &Value, Option<&EventOrigin>) -> FilterResult + Send + Sync;
/// Decides when its future is done.
type Later = dyn Fn(Arc<Value>, Arc<Value>, Option<EventOrigin>) -> BoxFuture<FilterResult> + Send + Sync;
/// What of a connection a filter looks at.
type Key = dyn Fn(&Value) -> Value + Send + Sync;

/// One filter.
#[derive(Clone)]
pub(super) enum Filter {
    Now(Arc<Now>),
    Later(Arc<Later>),
    /// The answer depends on a key of the connection alone, and is the same for all connections with that key.
    Keyed(Arc<Key>, Arc<Now>),
    /// A rule of the config: it passes where the rule holds. Where that fails it does not, and nobody is told.
    Rule(Rule),
}

/// The filters of one service: those for all its events, then those for one event, each in the order in which it was added.
#[derive(Clone, Default)]
pub(super) struct Filters {
    all: Vec<Filter>,
    of_events: HashMap<String, Vec<Filter>>,
}

impl Filters {
    /// Adds a filter for these events; for all where none is named.
    pub fn add(&mut self, events: Option<&[&str]>, filter: Filter) {
        match events {
            None => self.all.push(filter),
            Some(events) => events
                .iter()
                .for_each(|event| self.of_events.entry((*event).to_owned()).or_default().push(filter.clone())),
        }
    }

    /// The filters that an event passes, one after the other.
    pub fn of(&self, event: &str) -> Vec<Filter> {
        self.all.iter().chain(self.of_events.get(event).into_iter().flatten()).cloned().collect()
    }
}

impl Filter {
    /// One that decides at once.
    pub fn now<A: IntoFilterAnswer>(
        filter: impl Fn(&Value, &Value, Option<&EventOrigin>) -> A + Send + Sync + 'static,
    ) -> Self {
        Filter::Now(Arc::new(move |data, connection, origin| filter(data, connection, origin).into_answer()))
    }

    /// One that takes its time.
    pub fn later<A: IntoFilterAnswer, F: Future<Output = A> + Send + 'static>(
        filter: impl Fn(Arc<Value>, Arc<Value>, Option<EventOrigin>) -> F + Send + Sync + 'static,
    ) -> Self {
        Filter::Later(Arc::new(move |data, connection, origin| {
            let decided = filter(data, connection, origin);
            Box::pin(async move { decided.await.into_answer() })
        }))
    }

    /// One that decides by a key of the connection.
    pub fn keyed<A: IntoFilterAnswer>(
        key: impl Fn(&Value) -> Value + Send + Sync + 'static,
        filter: impl Fn(&Value, &Value, Option<&EventOrigin>) -> A + Send + Sync + 'static,
    ) -> Self {
        let decide =
            move |data: &Value, key: &Value, origin: Option<&EventOrigin>| filter(data, key, origin).into_answer();
        Filter::Keyed(Arc::new(key), Arc::new(decide))
    }
}

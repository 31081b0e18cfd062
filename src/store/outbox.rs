//! Events that are stored in the transaction of what they tell of, so that a crash loses none of them (decision 21).
//!
//! A write that a [`Draft`] goes along with leaves a note of its event. The note waits for what is to be sent, where more than the
//! documents decides that, and is then ready; it is there until somebody says that the event is on its way. What a process leaves
//! behind that died in between, another one takes.
// Only databases have notes.
#![cfg_attr(not(any(feature = "store-sqlite", feature = "store-postgres")), allow(dead_code))]
use super::{Document, StoreFuture};
use crate::types::Tags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// One event as it is to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Its name.
    pub name: String,
    /// What clients are shown.
    pub data: Value,
    /// The groups of connections that it is for; none for everybody.
    pub to: Option<Vec<String>>,
    /// But nobody in one of these.
    pub except: Vec<String>,
    /// What filters know of it.
    pub tags: Tags,
}

/// Sends each document that is written as it is, to everybody.
#[derive(Debug, Clone, PartialEq)]
pub struct Plain {
    /// The name of the events.
    pub name: String,
    /// What filters know of them.
    pub tags: Tags,
}

impl Plain {
    pub(super) fn dispatched(&self, document: Document) -> Dispatch {
        let (name, tags) = (self.name.clone(), self.tags.clone());
        Dispatch { name, data: Value::Object(document), to: None, except: vec![], tags }
    }
}

/// The event of a call, before there is one. Clones are the same draft: the first write takes it.
#[derive(Debug, Clone)]
pub struct Draft {
    id: Uuid,
    path: String,
    plain: Option<Plain>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_taken: AtomicBool,
    is_noted: AtomicBool,
}

impl Draft {
    /// A draft for a call of the service at this path. Where its events are plain, the note is ready when the document is stored.
    pub fn new(path: &str, plain: Option<Plain>) -> Self {
        Draft { id: Uuid::new_v4(), path: path.to_owned(), plain, state: Arc::default() }
    }

    /// The id of the event.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The path of the service.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How its events are made of documents; none where that is told later.
    pub fn plain(&self) -> Option<&Plain> {
        self.plain.as_ref()
    }

    /// Whether a note of it is stored.
    pub fn is_noted(&self) -> bool {
        self.state.is_noted.load(Ordering::Acquire)
    }

    /// Whether this is the first that asks. A second write of the same call has no event of its own.
    pub(super) fn take(&self) -> bool {
        !self.state.is_taken.swap(true, Ordering::AcqRel)
    }

    pub(super) fn note(&self) {
        self.state.is_noted.store(true, Ordering::Release);
    }
}

/// A note that somebody left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The id of the event.
    pub id: Uuid,
    /// What is to be sent; none where it never came to that.
    pub dispatches: Option<Vec<Dispatch>>,
}

/// Where a store keeps the notes of events. What is asked for is done in order with the writes, whether its answer is waited for or
/// not.
pub trait Outbox: Send + Sync + 'static {
    /// Whether no other node takes notes out of it.
    fn is_on_one_node(&self) -> bool;

    /// Says what is to be sent.
    fn ready(&self, id: Uuid, dispatches: Vec<Dispatch>) -> StoreFuture<()>;

    /// Removes a note: the event is on its way, or there is none.
    fn remove(&self, id: Uuid) -> StoreFuture<()>;

    /// Some notes of the service at this path that nobody has touched for this long. Nobody else gets them for as long again.
    fn overdue(&self, path: &str, since: Duration) -> StoreFuture<Vec<Note>>;
}

//! Questions of this node that wait for answers.
use super::words::NodeAnswer;
use crate::metrics::Metrics;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// Where the answers to a question go: the node that answers, and what it says where that can be read.
type Asked = mpsc::UnboundedSender<(String, Option<NodeAnswer>)>;

/// The questions of this node that wait for answers.
#[derive(Default)]
pub struct Questions {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Asked>>,
    /// Junk has been logged.
    told: AtomicBool,
}

impl Questions {
    pub(super) fn open(&self) -> MutexGuard<'_, HashMap<u64, Asked>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question that waits for answers, until what is returned is dropped: also where its caller goes away.
    pub(super) fn ask(&self, asked: Asked) -> OpenQuestion<'_> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, asked);
        OpenQuestion { questions: self, number }
    }

    /// How many questions wait for answers.
    pub fn len(&self) -> usize {
        self.open().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What came is no words of a node, or of a version to come.
    pub(super) fn undecodable(&self, metrics: &Metrics, error: &dyn std::fmt::Display) {
        metrics.undecodable(&self.told, format_args!("what came over the bus is no word of a node ({error})"));
    }
}

/// A question that is under way.
pub(super) struct OpenQuestion<'a> {
    questions: &'a Questions,
    /// What names it in the answers.
    pub number: u64,
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.questions.open().remove(&self.number);
    }
}

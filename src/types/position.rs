//! Positions: where in a channel's history an event stands.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Names one life of a channel's history. As long as it stays the same, offsets have no gap.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// An epoch as a client or an engine wrote it.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Epoch(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no epoch was named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An offset in an epoch. The first event of a history has offset 1; 0 is the place before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// How many events the epoch has had, this one included.
    pub offset: u64,
    /// Which life of the history it counts in.
    pub epoch: Epoch,
}

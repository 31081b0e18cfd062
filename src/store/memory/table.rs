//! What memory stores share.
use super::rows::Rows;
use crate::store::StoreError;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The documents of one memory store, or of several with options of their own. Clones are the same table.
#[derive(Clone)]
pub struct Table {
    rows: Arc<RwLock<Rows>>,
    max_documents: usize,
    max_bytes: usize,
}

impl Table {
    /// How many documents a table holds unless told otherwise.
    pub const MAX_DOCUMENTS: usize = 1_000_000;

    /// How many bytes of memory its documents take, about, unless told otherwise.
    pub const MAX_BYTES: usize = 256 * 1024 * 1024;

    /// An empty table that holds so many documents; one more is refused.
    pub fn holding(max_documents: usize) -> Self {
        Table { rows: Arc::default(), max_documents, max_bytes: Table::MAX_BYTES }
    }

    /// The same with documents that take so many bytes of memory, about; what makes them more is refused.
    pub fn holding_bytes(self, max_bytes: usize) -> Self {
        Table { max_bytes, ..self }
    }

    /// How many documents it holds at most.
    pub fn max_documents(&self) -> usize {
        self.max_documents
    }

    /// How many bytes of memory its documents take at most, about.
    pub fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// [`StoreError::Full`] where rows that have grown to so many bytes are too large.
    pub(super) fn check_bytes(&self, bytes: usize) -> Result<(), StoreError> {
        match bytes <= self.max_bytes {
            true => Ok(()),
            false => Err(StoreError::Full { max: self.max_bytes, what: "bytes" }),
        }
    }

    // What panics while it writes leaves whole documents behind, so the rows are good after it.

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Rows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::holding(Table::MAX_DOCUMENTS)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("documents", &self.read().len()).field("max", &self.max_documents).finish()
    }
}

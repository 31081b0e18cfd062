//! Indexes that nobody declares any more.

/// An index that a store has made once, of a table in which nobody declares it now. It is left alone, since another node or program
/// that shares the table may still declare it; each write keeps it up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeclaredIndex {
    /// The table.
    pub table: String,
    /// The field that is indexed, with dots for fields in fields; what is no letter, digit or `_` is written as `~` and its number.
    pub field: String,
    /// The statement that removes the index.
    pub removal: String,
}

//! The values that queries ask for, one after the other: a walk over a thousand documents goes to as many places in memory, one over
//! their values of one field to a few.
use crate::store::Document;
use crate::store::query::{Condition, Query, Test};
use serde_json::Value;
use smol_str::SmolStr;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Fields of one table that are kept in this way: those that were asked for last.
const COLUMNS: usize = 8;
/// With fewer documents there is nothing to gain.
const WORTHWHILE: usize = 64;

/// What a document has in a field, as far as most tests need to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Nothing, or null.
    Nothing,
    Bool(bool),
    Whole(i64),
    /// The hash of a text.
    Text(u64),
    /// Something that only the document tells.
    Other,
}

/// The values of one field by the slots of their documents.
#[derive(Debug, Clone, Default)]
pub(super) struct Column(Vec<Cell>);

/// The columns of a table.
#[derive(Default)]
pub(super) struct Columns {
    /// Those that were asked for least recently come first.
    by_name: Mutex<Vec<(SmolStr, Arc<Column>)>>,
    hasher: RandomState,
}

/// What one condition of a query finds in a column.
pub(super) struct Glance<'q> {
    column: Arc<Column>,
    test: &'q Test,
    /// The hash of the text that the test wants.
    text: Option<u64>,
    /// The query has no other condition.
    pub is_all: bool,
}

impl Columns {
    /// The column that decides most of a query, made where there is none yet; none where no condition is about a field alone, or
    /// another kind of test.
    pub fn glance<'q, 'd>(
        &self,
        query: &'q Query,
        slots: impl ExactSizeIterator<Item = Option<&'d Document>>,
    ) -> Option<Glance<'q>> {
        if slots.len() < WORTHWHILE {
            return None;
        }
        let fields = query.conditions().iter().filter_map(field);
        let (name, test) = fields.into_iter().find(|(_, test)| !matches!(test, Test::In(_) | Test::NotIn(_)))?;
        let mut by_name = self.locked();
        let column = match by_name.iter().position(|(kept, _)| kept == name) {
            Some(at) => {
                by_name[at..].rotate_left(1);
                by_name[by_name.len() - 1].1.clone()
            }
            None => {
                let column = slots.map(|document| document.map_or(Cell::Nothing, |document| self.cell(document, name)));
                let column = Arc::new(Column(column.collect()));
                if by_name.len() >= COLUMNS {
                    by_name.remove(0);
                }
                by_name.push((name.into(), column.clone()));
                column
            }
        };
        let text = wanted(test).and_then(Value::as_str).map(|text| self.hasher.hash_one(text));
        Some(Glance { column, test, text, is_all: query.conditions().len() == 1 })
    }

    /// Notes what a slot has now; none where its document is gone.
    pub fn note(&mut self, slot: usize, document: Option<&Document>) {
        let by_name = self.by_name.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (name, column) in by_name {
            let cell = document.map_or(Cell::Nothing, |document| cell(document, name, &self.hasher));
            // Who looks at it holds the lock of the table, and so does who writes.
            let cells = &mut Arc::make_mut(column).0;
            if cells.len() <= slot {
                cells.resize(slot + 1, Cell::Nothing);
            }
            cells[slot] = cell;
        }
    }

    fn cell(&self, document: &Document, name: &str) -> Cell {
        cell(document, name, &self.hasher)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<(SmolStr, Arc<Column>)>> {
        // A column is put in whole.
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cell(document: &Document, name: &str, hasher: &RandomState) -> Cell {
    match document.get(name) {
        None | Some(Value::Null) => Cell::Nothing,
        Some(Value::Bool(value)) => Cell::Bool(*value),
        Some(Value::Number(number)) => number.as_i64().map_or(Cell::Other, Cell::Whole),
        Some(Value::String(text)) => Cell::Text(hasher.hash_one(text.as_str())),
        Some(Value::Array(_) | Value::Object(_)) => Cell::Other,
    }
}

/// The field and the test of a condition about one field of the documents themselves.
fn field(condition: &Condition) -> Option<(&str, &Test)> {
    let Condition::Field { path, test } = condition else { return None };
    let mut names = path.names();
    let first = names.next()?;
    names.next().is_none().then_some((first, test))
}

fn wanted(test: &Test) -> Option<&Value> {
    match test {
        Test::Equal(value) | Test::NotEqual(value) => Some(value),
        Test::Less(value) | Test::AtMost(value) | Test::Greater(value) | Test::AtLeast(value) => Some(value),
        Test::In(_) | Test::NotIn(_) => None,
    }
}

impl Glance<'_> {
    /// Whether the document in this slot passes the condition; none where only the document tells.
    pub fn passes(&self, slot: usize) -> Option<bool> {
        let cell = *self.column.0.get(slot)?;
        match self.test {
            Test::Equal(other) => self.equals(cell, other),
            Test::NotEqual(other) => self.equals(cell, other).map(|equals| !equals),
            Test::Less(other) => ordered(cell, other, |a, b| a < b),
            Test::AtMost(other) => ordered(cell, other, |a, b| a <= b),
            Test::Greater(other) => ordered(cell, other, |a, b| a > b),
            Test::AtLeast(other) => ordered(cell, other, |a, b| a >= b),
            Test::In(_) | Test::NotIn(_) => None,
        }
    }

    fn equals(&self, cell: Cell, other: &Value) -> Option<bool> {
        match (cell, other) {
            (Cell::Other, _) | (_, Value::Array(_) | Value::Object(_)) => None,
            (Cell::Nothing, other) => Some(other.is_null()),
            (Cell::Bool(value), other) => Some(other.as_bool() == Some(value)),
            // A number that is not whole may be equal to one that is.
            (Cell::Whole(value), Value::Number(number)) => number.as_i64().map(|other| other == value),
            (Cell::Whole(_), _) => Some(false),
            // Two texts may have one hash.
            (Cell::Text(hash), Value::String(_)) if Some(hash) == self.text => None,
            (Cell::Text(_), _) => Some(false),
        }
    }
}

/// Only whole numbers are looked at here: what else is ordered, the documents tell.
fn ordered(cell: Cell, other: &Value, is_so: impl Fn(i64, i64) -> bool) -> Option<bool> {
    match (cell, other.as_i64()?) {
        (Cell::Whole(value), other) => Some(is_so(value, other)),
        (Cell::Nothing | Cell::Bool(_) | Cell::Text(_), _) => Some(false),
        (Cell::Other, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_are_asked_for_once_take_no_column_from_one_that_is_asked_for_again() {
        let documents = vec![Document::new(); WORTHWHILE];
        let columns = Columns::default();
        let ask = |name: &str| {
            let query = Query::parse(&json!({ name: 1 })).expect("a query");
            assert!(columns.glance(&query, documents.iter().map(Some)).is_some(), "{name}");
        };
        let kept = || columns.locked().iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        for junk in 0..COLUMNS {
            ask(&format!("junk {junk}"));
        }
        for junk in 0..100 {
            ask("wanted");
            ask(&format!("more junk {junk}"));
        }
        assert_eq!(kept().len(), COLUMNS);
        assert_eq!(kept()[COLUMNS - 2..], ["wanted", "more junk 99"]);
    }
}

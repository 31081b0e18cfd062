//! Documents in the order in which they are found, and by the keys of their ids.
use crate::store::{Document, Id};
use smol_str::SmolStr;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Where a document stands among the others: one whose key is an index of JavaScript by that number, the others behind those, in
/// the order in which they came. Source: the order of an object's properties (ECMAScript, OrdinaryOwnPropertyKeys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Index(u32),
    Turn(u64),
}

/// The documents of a table. All takes logarithmic time but what looks at all of them.
#[derive(Default)]
pub(super) struct Rows {
    entries: BTreeMap<Place, (SmolStr, Document)>,
    /// The places of keys that are no index.
    turns: HashMap<SmolStr, Place>,
    next_turn: u64,
    next_id: u64,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn place_of(&self, key: &str) -> Option<Place> {
        match index(key) {
            Some(index) => Some(Place::Index(index)).filter(|place| self.entries.contains_key(place)),
            None => self.turns.get(key).copied(),
        }
    }

    pub fn document(&self, place: Place) -> Option<&Document> {
        self.entries.get(&place).map(|(_, document)| document)
    }

    pub fn entries(&self) -> impl Iterator<Item = (Place, &Document)> {
        self.entries.iter().map(|(place, (_, document))| (*place, document))
    }

    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.entries.values().map(|(_, document)| document)
    }

    /// Keeps a document under a key that is free.
    pub fn insert(&mut self, key: &SmolStr, document: Document) {
        let place = match index(key) {
            Some(index) => Place::Index(index),
            None => {
                let place = Place::Turn(self.next_turn);
                self.next_turn += 1;
                self.turns.insert(key.clone(), place);
                place
            }
        };
        self.entries.insert(place, (key.clone(), document));
    }

    /// Keeps another document in the place of one.
    pub fn replace(&mut self, place: Place, document: Document) {
        if let Some((_, kept)) = self.entries.get_mut(&place) {
            *kept = document;
        }
    }

    pub fn remove(&mut self, place: Place) {
        if let Some((key, _)) = self.entries.remove(&place) {
            self.turns.remove(&key);
        }
    }

    /// The next number that is the key of no document and none of these. Each is passed by once, so the time that taken ones cost
    /// is that of their creation.
    pub fn next_id(&mut self, start: u32, taken: &HashSet<SmolStr>) -> u64 {
        self.next_id = self.next_id.max(start.into());
        loop {
            let id = self.next_id;
            self.next_id += 1;
            let key = Id::from(id).key();
            if self.place_of(&key).is_none() && !taken.contains(&key) {
                return id;
            }
        }
    }
}

/// The index of an array in JavaScript that a key is: digits without a leading zero, below 2³²-1.
fn index(key: &str) -> Option<u32> {
    let is_plain = key == "0" || key.starts_with(|first: char| matches!(first, '1'..='9'));
    key.parse().ok().filter(|index| is_plain && *index < u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_without_a_leading_zero_are_an_index() {
        assert_eq!(["0", "10", "4294967294"].map(index), [Some(0), Some(10), Some(4_294_967_294)]);
        assert_eq!(["", "01", "+1", "-1", "1.0", "4294967295", "a", " 1"].map(index), [None; 8]);
    }

    #[test]
    fn indexes_come_ascending_and_then_the_others_as_they_came() {
        let mut rows = Rows::default();
        for key in ["b", "10", "a", "2"] {
            let document = [("key".to_owned(), key.into())].into_iter().collect();
            rows.insert(&key.into(), document);
        }
        let keys: Vec<_> = rows.documents().map(|document| document["key"].as_str().unwrap().to_owned()).collect();
        assert_eq!(keys, ["2", "10", "b", "a"]);
    }

    #[test]
    fn a_removed_key_is_free() {
        for key in ["a", "1"] {
            let mut rows = Rows::default();
            rows.insert(&key.into(), Document::new());
            let place = rows.place_of(key).unwrap();
            rows.remove(place);
            assert_eq!((rows.place_of(key), rows.len()), (None, 0));
        }
    }

    #[test]
    fn a_number_is_given_once_and_never_one_that_is_taken() {
        let mut rows = Rows::default();
        rows.insert(&"6".into(), Document::new());
        let taken = HashSet::from(["7".into()]);
        assert_eq!([rows.next_id(5, &taken), rows.next_id(0, &taken), rows.next_id(0, &taken)], [5, 8, 9]);
    }
}

//! Documents in the order in which they are found, and by the keys of their ids.
use super::columns::{Columns, Glance};
use crate::store::size::size;
use crate::store::{Document, Id, Query};
use smol_str::SmolStr;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Where a document stands among the others: one whose key is an index of JavaScript by that number, the others behind those, in
/// the order in which they came. Source: the order of an object's properties (ECMAScript, OrdinaryOwnPropertyKeys).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Index(u32),
    Turn(u64),
}

/// So many removed documents are never worth a move of the others.
const FEW: usize = 64;

/// The documents of a table. All takes logarithmic time but what looks at all of them.
#[derive(Default)]
pub(super) struct Rows {
    /// The slots in the order in which their documents are found.
    order: BTreeMap<Place, u32>,
    /// None where a document was removed.
    slots: Vec<Option<(SmolStr, Document)>>,
    holes: usize,
    /// What the documents take in memory, about.
    bytes: usize,
    /// The slots do not stand in the order in which their documents are found.
    is_mixed: bool,
    columns: Columns,
    /// The places of keys that are no index.
    turns: HashMap<SmolStr, Place>,
    next_turn: u64,
    next_id: u64,
}

impl Rows {
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// What the documents take in memory, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn place_of(&self, key: &str) -> Option<Place> {
        match index(key) {
            Some(index) => Some(Place::Index(index)).filter(|place| self.order.contains_key(place)),
            None => self.turns.get(key).copied(),
        }
    }

    pub fn document(&self, place: Place) -> Option<&Document> {
        self.in_slot(*self.order.get(&place)?)
    }

    pub fn in_slot(&self, slot: u32) -> Option<&Document> {
        self.slots.get(slot as usize)?.as_ref().map(|(_, document)| document)
    }

    /// All that a query matches, in order, with their places.
    pub fn matching<'r>(&'r self, query: &Query) -> impl Iterator<Item = (Place, &'r Document)> {
        let glance = self.glance(query);
        self.order.iter().filter_map(move |(place, slot)| {
            self.passes(*slot, query, glance.as_ref())
                .then(|| self.in_slot(*slot).map(|document| (*place, document)))?
        })
    }

    /// The slots of all that a query matches, in order. Mostly no document is touched for that.
    pub fn matching_slots(&self, query: &Query) -> Vec<u32> {
        let glance = self.glance(query);
        let passes = |slot: &u32| self.passes(*slot, query, glance.as_ref());
        match self.is_mixed {
            true => self.order.values().copied().filter(passes).collect(),
            // There are at most as many as documents, which are bounded.
            false => (0..self.slots.len() as u32).filter(passes).collect(),
        }
    }

    fn glance<'q>(&self, query: &'q Query) -> Option<Glance<'q>> {
        let documents = self.slots.iter().map(|slot| slot.as_ref().map(|(_, document)| document));
        self.columns.glance(query, documents)
    }

    fn passes(&self, slot: u32, query: &Query, glance: Option<&Glance<'_>>) -> bool {
        match glance.and_then(|glance| Some((glance.passes(slot as usize)?, glance.is_all))) {
            Some((false, _)) => false,
            Some((true, true)) => self.holes == 0 || self.in_slot(slot).is_some(),
            Some((true, false)) | None => self.in_slot(slot).is_some_and(|document| query.matches(document)),
        }
    }

    /// All of them, in order.
    #[cfg(test)]
    fn documents(&self) -> impl Iterator<Item = &Document> {
        self.order.values().filter_map(|slot| self.in_slot(*slot))
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
        self.is_mixed |= self.order.last_key_value().is_some_and(|(last, _)| *last > place);
        let slot = self.slots.len();
        self.columns.note(slot, Some(&document));
        self.bytes += size(&document).memory;
        self.slots.push(Some((key.clone(), document)));
        // There are at most twice as many as documents, which are bounded.
        self.order.insert(place, slot as u32);
    }

    /// Keeps another document in the place of one.
    pub fn replace(&mut self, place: Place, document: Document) {
        let Some(slot) = self.order.get(&place).map(|slot| *slot as usize) else { return };
        self.columns.note(slot, Some(&document));
        if let Some(Some((_, kept))) = self.slots.get_mut(slot) {
            // All that is kept was counted.
            self.bytes = self.bytes - size(kept).memory + size(&document).memory;
            *kept = document;
        }
    }

    pub fn remove(&mut self, place: Place) {
        let Some(slot) = self.order.remove(&place) else { return };
        self.columns.note(slot as usize, None);
        if let Some((key, document)) = self.slots.get_mut(slot as usize).and_then(Option::take) {
            self.bytes -= size(&document).memory;
            self.turns.remove(&key);
        }
        self.holes += 1;
        if self.holes > FEW && self.holes > self.order.len() {
            self.close_up();
        }
    }

    /// Puts the documents side by side again, in order.
    fn close_up(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        for slot in self.order.values_mut() {
            let document = slots.get_mut(*slot as usize).and_then(Option::take);
            *slot = self.slots.len() as u32;
            self.slots.push(document);
        }
        (self.holes, self.is_mixed, self.columns) = (0, false, Columns::default());
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
    use proptest::prelude::*;
    use serde_json::{Value, json};

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
            assert_eq!((rows.place_of(key), rows.len(), rows.bytes()), (None, 0, 0));
        }
    }

    #[test]
    fn a_number_is_given_once_and_never_one_that_is_taken() {
        let mut rows = Rows::default();
        rows.insert(&"6".into(), Document::new());
        let taken = HashSet::from(["7".into()]);
        assert_eq!([rows.next_id(5, &taken), rows.next_id(0, &taken), rows.next_id(0, &taken)], [5, 8, 9]);
    }

    /// Values of all kinds, few enough to meet again.
    fn value() -> impl Strategy<Value = Value> {
        let values = [
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(1),
            json!(-1),
            json!(1.0),
            json!(1.5),
            json!(u64::MAX),
            json!("1"),
            json!("a"),
            json!(""),
            json!([1, "a"]),
            json!([]),
            json!({"a": 1}),
            json!([null]),
        ];
        prop::sample::select(values.to_vec())
    }

    fn condition() -> impl Strategy<Value = Value> {
        let operator = prop::sample::select(vec!["$ne", "$lt", "$lte", "$gt", "$gte"]);
        let name = prop::sample::select(vec!["x", "y", "x.a"]);
        let test = prop_oneof![
            (operator, value()).prop_map(|(operator, value)| json!({operator: value})),
            value(),
            prop::collection::vec(value(), 0..3).prop_map(|values| json!({"$in": values})),
        ];
        prop::collection::vec((name, test), 1..3).prop_map(|fields| fields.into_iter().collect())
    }

    #[derive(Debug, Clone)]
    enum Act {
        Write(u8, Value),
        Remove(u8),
        Ask(Value),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (any::<u8>(), value()).prop_map(|(key, value)| Act::Write(key, value)),
            any::<u8>().prop_map(Act::Remove),
            condition().prop_map(Act::Ask),
        ]
    }

    proptest! {
        #[test]
        fn a_query_finds_in_columns_what_it_finds_in_documents(acts in prop::collection::vec(act(), 0..300)) {
            let mut rows = Rows::default();
            for key in 0..70u8 {
                rows.insert(&key.to_string().into(), [("x".to_owned(), json!(key % 3))].into_iter().collect());
            }
            for act in acts {
                match act {
                    Act::Write(key, value) => {
                        let document: Document = [("x".to_owned(), value)].into_iter().collect();
                        match rows.place_of(&key.to_string()) {
                            Some(place) => rows.replace(place, document),
                            None => rows.insert(&key.to_string().into(), document),
                        }
                    }
                    Act::Remove(key) => rows.place_of(&key.to_string()).iter().for_each(|place| rows.remove(*place)),
                    Act::Ask(query) => {
                        let Ok(query) = Query::parse(&query) else { continue };
                        let found: Vec<_> = rows.matching(&query).map(|(_, document)| document.clone()).collect();
                        let expected: Vec<_> = rows.documents().filter(|document| query.matches(document)).cloned().collect();
                        let slots = rows.matching_slots(&query);
                        let in_slots: Vec<_> = slots.iter().filter_map(|slot| rows.in_slot(*slot).cloned()).collect();
                        let bytes: usize = rows.documents().map(|document| size(document).memory).sum();
                        prop_assert_eq!(rows.bytes(), bytes);
                        prop_assert_eq!(&found, &expected);
                        prop_assert_eq!(in_slots, expected);
                    }
                }
            }
        }
    }
}

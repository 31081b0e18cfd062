//! The listeners in one group. Leaving is as fast as joining, however many there are.
use foldhash::quality::RandomState;
use std::collections::HashMap;

/// Up to here a look at each is faster than a table, and much smaller: most groups are a session's own, and have one.
const FEW: usize = 32;

/// The keys of a group's listeners, in no order.
#[derive(Default)]
pub(super) struct Members {
    keys: Vec<usize>,
    /// Where each stands, once they are many.
    places: Option<HashMap<usize, usize, RandomState>>,
}

impl Members {
    pub fn keys(&self) -> &[usize] {
        &self.keys
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Adds one that is not in.
    pub fn add(&mut self, key: usize) {
        self.keys.push(key);
        match &mut self.places {
            Some(places) => drop(places.insert(key, self.keys.len() - 1)),
            None if self.keys.len() > FEW => {
                self.places = Some(self.keys.iter().enumerate().map(|(place, key)| (*key, place)).collect());
            }
            None => {}
        }
    }

    /// Takes one out, if it is in.
    pub fn remove(&mut self, key: usize) {
        let place = match &mut self.places {
            Some(places) => places.remove(&key),
            None => self.keys.iter().position(|member| *member == key),
        };
        let Some(place) = place else { return };
        self.keys.swap_remove(place);
        if let (Some(places), Some(moved)) = (&mut self.places, self.keys.get(place)) {
            places.insert(*moved, place);
        }
        if self.keys.len() <= FEW / 2 {
            self.places = None;
        }
        if self.keys.capacity() > FEW && self.keys.len() * 4 < self.keys.capacity() {
            self.keys.shrink_to(self.keys.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn who_is_in_is_whoever_came_and_did_not_leave(steps in prop::collection::vec((any::<bool>(), 0usize..100), 0..500)) {
            let (mut members, mut known) = (Members::default(), BTreeSet::new());
            for (comes, key) in steps {
                if comes && known.insert(key) {
                    members.add(key);
                } else if !comes {
                    known.remove(&key);
                    members.remove(key);
                }
                let mut keys = members.keys().to_vec();
                keys.sort_unstable();
                prop_assert!(keys.iter().eq(known.iter()));
                prop_assert_eq!(members.is_empty(), known.is_empty());
            }
        }
    }

    /// Looking at each of those that are left would be 5 * 10^9 looks.
    #[test]
    fn a_hundred_thousand_leave_one_by_one_in_no_time() {
        let mut members = Members::default();
        (0..100_000).for_each(|key| members.add(key));
        let began = std::time::Instant::now();
        (0..100_000).rev().step_by(2).chain((0..100_000).step_by(2)).for_each(|key| members.remove(key));
        assert!(members.is_empty() && members.keys.capacity() <= FEW * 4);
        assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    }
}

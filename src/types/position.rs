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

/// Where a session stands in its home: all that came before it has been sent, or is not for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the history that nodes share.
    pub position: Position,
    /// In the history of this node alone; none where nothing can come that has a place there.
    pub aside: Option<Position>,
}

impl Place {
    /// A place where there is one history.
    pub fn of(position: Position) -> Self {
        Place { position, aside: None }
    }

    /// Goes on to an event, which is of the one history or of the other: its epoch says which.
    pub fn pass(&mut self, position: &Position) {
        match &mut self.aside {
            Some(aside) if aside.epoch == position.epoch => *aside = position.clone(),
            _ => self.position = position.clone(),
        }
    }

    /// Whether who stands here has all that who stands at `other` has.
    pub fn reaches(&self, other: &Place) -> bool {
        let reaches = |one: &Position, other: &Position| one.epoch == other.epoch && one.offset >= other.offset;
        let aside = match (&self.aside, &other.aside) {
            (Some(one), Some(other)) => reaches(one, other),
            (_, other) => other.is_none(),
        };
        reaches(&self.position, &other.position) && aside
    }

    /// The later of both in each history. Another epoch than this one's is that of a time before it.
    pub fn or_later(&self, other: &Place) -> Place {
        let later = |one: &Position, other: &Position| match one.epoch == other.epoch && other.offset > one.offset {
            true => other.clone(),
            false => one.clone(),
        };
        let aside = match (&self.aside, &other.aside) {
            (Some(one), Some(other)) => Some(later(one, other)),
            (one, _) => one.clone(),
        };
        Place { position: later(&self.position, &other.position), aside }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: u64, epoch: &str) -> Position {
        Position { offset, epoch: Epoch::new(epoch) }
    }

    fn place(offset: u64, aside: u64) -> Place {
        Place { position: at(offset, "e"), aside: Some(at(aside, "a")) }
    }

    #[test]
    fn a_place_goes_on_in_the_history_that_an_event_is_of() {
        let mut here = place(3, 1);
        here.pass(&at(2, "a"));
        here.pass(&at(4, "e"));
        assert_eq!(here, place(4, 2));
        here.pass(&at(1, "new"));
        assert_eq!(here.position, at(1, "new"));
    }

    #[test]
    fn a_place_is_reached_in_both_histories_or_not_at_all() {
        assert!(place(3, 2).reaches(&place(3, 1)) && place(4, 1).reaches(&place(3, 1)));
        assert!(!place(4, 0).reaches(&place(3, 1)) && !place(2, 2).reaches(&place(3, 1)));
        assert!(!Place::of(at(9, "e")).reaches(&place(3, 1)) && !place(3, 1).reaches(&Place::of(at(1, "f"))));
        assert_eq!(place(3, 5).or_later(&place(4, 2)), place(4, 5));
    }
}

//! What became of one event: the account of a publish.
use serde::{Deserialize, Serialize};

/// What became of one event on all nodes, in numbers of listeners. Whoever subscribes twice counts twice; the Rust listeners that one
/// thread has in a channel count as one.
///
/// [`Account::matched`] is the sum of [`Account::delivered`], [`Account::filtered`], [`Account::not_permitted`] and [`Account::lost`],
/// as far as it is known: see [`Account::partial`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Listeners of the channel when the event was delivered.
    pub matched: u64,
    /// Of these, those to whose clients it was queued.
    pub delivered: u64,
    /// Those that were meant, and whose view left the event out: a topic, a filter, an exposed room.
    pub filtered: u64,
    /// Those that the event's audience does not mean: groups, entity refs, exceptions.
    pub not_permitted: u64,
    /// Those that could not take it: a full queue, a volatile event, cut off, or gone before their view had decided.
    pub lost: u64,
    /// The event has a position in the channel's history: whoever comes later may still get it.
    pub kept: bool,
    /// The publish was a repetition, or of an old version: nothing was delivered, and the numbers are 0.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub repeated: bool,
    /// Something is missing from the numbers: a node did not answer, a worker was too busy for the event, or a listener's view had not
    /// decided in time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl Account {
    /// The account of a publish of which nothing was delivered.
    pub fn of_repetition(kept: bool) -> Self {
        Account { kept, repeated: true, ..Account::default() }
    }

    /// So many listeners that an event's audience does not mean.
    pub fn of_not_permitted(listeners: usize) -> Self {
        // No machine has more.
        let listeners = listeners as u64;
        Account { matched: listeners, not_permitted: listeners, ..Account::default() }
    }

    /// Adds what became of the same event for other listeners. It is kept, or repeated, where either says so.
    pub fn add(&mut self, other: Account) {
        self.matched += other.matched;
        self.delivered += other.delivered;
        self.filtered += other.filtered;
        self.not_permitted += other.not_permitted;
        self.lost += other.lost;
        self.kept |= other.kept;
        self.repeated |= other.repeated;
        self.partial |= other.partial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_says_only_what_is_so_beside_its_numbers() {
        let account = Account { matched: 3, delivered: 1, filtered: 1, not_permitted: 1, ..Account::default() };
        let text = serde_json::to_string(&account).expect("JSON");
        let numbers = r#"{"matched":3,"delivered":1,"filtered":1,"not_permitted":1,"lost":0,"kept":false}"#;
        assert_eq!(text, numbers);
        let text = serde_json::to_string(&Account { partial: true, ..Account::of_repetition(true) }).expect("JSON");
        assert!(text.ends_with(r#""kept":true,"repeated":true,"partial":true}"#), "{text}");
    }

    #[test]
    fn what_nodes_say_is_added_up() {
        let mut all = Account { matched: 2, delivered: 1, lost: 1, kept: true, ..Account::default() };
        all.add(Account { matched: 1, filtered: 1, partial: true, ..Account::default() });
        let sum =
            Account { matched: 3, delivered: 1, filtered: 1, lost: 1, kept: true, partial: true, ..Account::default() };
        assert_eq!(all, sum);
    }
}

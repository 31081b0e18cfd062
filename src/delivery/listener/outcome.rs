//! What becomes of what a listener is offered.
use crate::types::Account;

/// What became of a delivery to one listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// It is in the outbox.
    Sent,
    /// It is held back until the join is done.
    Held,
    /// It waits for the listener's view to decide.
    Waits,
    /// The listener's view has left it out.
    Filtered,
    /// It came before the listener.
    Early,
    /// The listener does not want it, or could not take it.
    Skipped,
}

impl Offered {
    /// Whether the listener has it, or may get it yet.
    pub fn is_taken(self) -> bool {
        matches!(self, Offered::Sent | Offered::Held | Offered::Waits)
    }

    /// Counts one more listener that is meant. Whoever holds the delivery back while it joins counts later, and whoever begins later does
    /// not count.
    pub fn count(self, numbers: &mut Account) {
        match self {
            Offered::Held | Offered::Early => return,
            Offered::Sent => numbers.delivered += 1,
            Offered::Filtered => numbers.filtered += 1,
            Offered::Skipped => numbers.lost += 1,
            Offered::Waits => {}
        }
        numbers.matched += 1;
    }
}

impl From<Offered> for Account {
    fn from(offered: Offered) -> Self {
        let mut numbers = Account::default();
        offered.count(&mut numbers);
        numbers
    }
}

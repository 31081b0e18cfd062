//! Offers an event whose publisher asks what becomes of it. Apart from the plain way, so that other events do not pay for the counting.
use super::Local;
use crate::delivery::{Delivery, Listener, Offered, Tally};
use crate::types::Account;
use std::sync::Arc;

impl Local {
    /// As [`Local::offer`], and counts what becomes of the event for each listener.
    pub fn offer_and_count(
        &mut self,
        delivery: &Arc<Delivery>,
        buffer: usize,
        tally: &Tally,
        taken: &mut dyn FnMut(&Listener),
    ) -> u64 {
        let (all, mut meant, mut sent, mut numbers) = (self.listeners.len(), 0, 0, Account::default());
        self.for_each_meant(delivery.audience(), delivery.seq, |listener| {
            let offered = listener.offer(delivery, buffer);
            meant += 1;
            sent += u64::from(offered == Offered::Sent);
            offered.count(&mut numbers);
            if offered.is_taken() {
                taken(listener);
            }
        });
        // The audience leaves out whoever it does not name, so nobody looks at these one by one.
        numbers.add(Account::of_not_permitted(all.saturating_sub(meant)));
        tally.add(numbers);
        sent
    }
}

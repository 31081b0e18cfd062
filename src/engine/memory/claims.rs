//! Which users have received which kept events.
use super::agenda::{Agenda, Slot, after, give_back};
use super::ledger::Ledger;
use crate::engine::{CLAIMANTS_PER_EVENT, Claim, Claimed};
use crate::types::{ChannelName, Epoch, Position};
use foldhash::quality::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// An event, by its channel and its position there.
type Key = (ChannelName, Epoch, u64);

/// The claimants that have received an event.
struct Given {
    to: HashSet<Arc<str>, RandomState>,
    /// A claimant could not be remembered.
    is_full: bool,
    slot: Slot,
}

/// The claims of a shard's channels.
pub(super) struct Claims {
    events: HashMap<Key, Given>,
    agenda: Agenda<Key>,
    ledger: Arc<Ledger>,
}

impl Claims {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Claims { events: HashMap::new(), agenda: Agenda::new(), ledger }
    }

    /// Remembers claims, and tells which are new.
    pub fn claim(&mut self, channel: &ChannelName, claim: &Claim, now: Instant) -> Claimed {
        let mut claimed = Claimed::default();
        for offset in &claim.offsets {
            let ledger = self.ledger.clone();
            let given = self.given((channel.clone(), claim.epoch.clone(), *offset), claim.ttl, now);
            // `count` looks at all of them, so that each claim is remembered.
            let are_new = claim.claimants.iter().filter(|claimant| given.take(claimant, &ledger)).count();
            claimed.is_full |= given.is_full;
            if are_new == claim.claimants.len() {
                claimed.new.push(*offset);
            }
        }
        claimed
    }

    /// The claimants of an event so far.
    fn given(&mut self, key: Key, ttl: Duration, now: Instant) -> &mut Given {
        if self.events.get(&key).is_some_and(|given| given.slot.at() <= now) {
            self.forget(&key);
        }
        let Claims { events, agenda, .. } = self;
        events.entry(key).or_insert_with_key(|key| {
            let slot = agenda.insert(after(now, ttl), key.clone());
            Given { to: HashSet::default(), is_full: false, slot }
        })
    }

    /// Lets go of the claims of events that have ended, about `budget` of them.
    pub fn sweep(&mut self, now: Instant, budget: usize) {
        let mut done = 0;
        while done < budget
            && let Some(key) = self.agenda.pop_due(now)
        {
            done += 1 + self.forget(&key);
        }
        if done > 0 {
            give_back(&mut self.events);
        }
    }

    /// The channel keeps so many events up to this position: forgets the claims of the one that has just made room, which nobody will be
    /// brought any more.
    pub fn trim(&mut self, channel: &ChannelName, top: &Position, size: usize) {
        if self.events.is_empty() {
            return;
        }
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if let Some(offset) = top.offset.checked_sub(size) {
            self.forget(&(channel.clone(), top.epoch.clone(), offset));
        }
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.agenda.is_due(now)
    }

    /// Forgets the claims of an event; how many there were.
    fn forget(&mut self, key: &Key) -> usize {
        let Some(given) = self.events.remove(key) else { return 0 };
        self.agenda.remove(given.slot);
        self.ledger.remove_claims(given.to.len());
        given.to.len()
    }
}

impl Given {
    /// Whether the event is new to the claimant. If the claim cannot be remembered, the event is new to nobody any more: otherwise this
    /// claimant could receive it twice.
    fn take(&mut self, claimant: &Arc<str>, ledger: &Ledger) -> bool {
        if self.is_full || self.to.contains(claimant) {
            return false;
        }
        if self.to.len() >= CLAIMANTS_PER_EVENT || !ledger.admit_claim() {
            self.is_full = true;
            return false;
        }
        self.to.insert(claimant.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::memory::Config;

    #[test]
    fn an_event_whose_claims_do_not_fit_is_new_to_no_other_claimant() {
        let ledger = Arc::new(Ledger::new(Config::default()));
        let mut claims = Claims::new(ledger.clone());
        let channel = ChannelName::user("c", 255).expect("a valid name");
        let claim = |names: std::ops::Range<usize>| Claim {
            epoch: Epoch::new("e"),
            offsets: vec![1],
            claimants: names.map(|name| name.to_string().into()).collect(),
            ttl: Duration::from_secs(10),
        };
        let now = Instant::now();
        let most = CLAIMANTS_PER_EVENT;
        assert_eq!(claims.claim(&channel, &claim(0..most), now), Claimed { new: vec![1], is_full: false });
        assert_eq!(claims.claim(&channel, &claim(0..1), now), Claimed { new: vec![], is_full: false });
        assert_eq!(claims.claim(&channel, &claim(most..most + 1), now), Claimed { new: vec![], is_full: true });
        assert_eq!(ledger.usage().claims, most);
        let top = |offset| Position { offset, epoch: Epoch::new("e") };
        claims.trim(&channel, &top(5), 5);
        assert_eq!(ledger.usage().claims, most, "the event is still there");
        claims.trim(&channel, &top(6), 5);
        assert_eq!(ledger.usage().claims, 0, "the event has gone");
        assert!(!claims.claim(&channel, &claim(0..1), now).is_full);
        let later = now + Duration::from_secs(10);
        claims.sweep(later, 1);
        assert!(ledger.usage().claims == 0 && claims.events.is_empty() && claims.agenda.next().is_none());
    }
}

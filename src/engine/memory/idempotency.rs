//! Answered publishes, so that a repeated one gets the same answer.
use super::agenda::{Agenda, Slot, after, give_back};
use super::ledger::Ledger;
use crate::engine::Idempotency;
use crate::types::{ChannelName, Position};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::time::Instant;

/// A key, unique in its channel.
type Key = (ChannelName, Arc<str>);

/// The first answer to a key.
struct Answered {
    position: Option<Position>,
    slot: Slot,
}

/// The idempotency keys of a shard's channels.
pub(super) struct Keys {
    answers: HashMap<Key, Answered>,
    agenda: Agenda<Key>,
    ledger: Arc<Ledger>,
}

impl Keys {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Keys { answers: HashMap::new(), agenda: Agenda::new(), ledger }
    }

    /// The first answer to this key, within its time.
    pub fn answer(&self, channel: &ChannelName, key: &Arc<str>, now: Instant) -> Option<Option<Position>> {
        let answered = self.answers.get(&(channel.clone(), key.clone()))?;
        (answered.slot.at() > now).then(|| answered.position.clone())
    }

    /// Remembers the first answer.
    pub fn remember(&mut self, channel: ChannelName, named: Idempotency, position: Option<Position>, now: Instant) {
        let key = (channel, named.key);
        let slot = self.agenda.insert(after(now, named.ttl), key.clone());
        match self.answers.insert(key, Answered { position, slot }) {
            Some(ended) => self.agenda.remove(ended.slot),
            None => self.ledger.add_key(),
        }
    }

    /// Lets go of ended keys, at most `budget`; how many.
    pub fn sweep(&mut self, now: Instant, budget: usize) -> usize {
        let mut done = 0;
        while done < budget
            && let Some(key) = self.agenda.pop_due(now)
        {
            self.forget(&key);
            done += 1;
        }
        if done > 0 {
            give_back(&mut self.answers);
        }
        done
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.agenda.is_due(now)
    }

    /// When the first key ends.
    pub fn next_end(&self) -> Option<Instant> {
        self.agenda.next()
    }

    /// Forgets the key that ends first.
    pub fn forget_first(&mut self) {
        if let Some(key) = self.agenda.pop() {
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &Key) {
        if self.answers.remove(key).is_some() {
            self.ledger.remove_key();
        }
    }
}

//! Some of the channels, behind one lock.
use super::claims::Claims;
use super::history::Streams;
use super::idempotency::Keys;
use super::ledger::Ledger;
use super::presence::Presence;
use crate::engine::{PublishOptions, Published};
use crate::types::{Event, Position};
use std::sync::Arc;
use tokio::time::Instant;

/// A share of the channels with all that is kept of them. One lock for all tables, so that looking up a key,
/// publishing and remembering the answer are one step.
pub(super) struct Shard {
    pub streams: Streams,
    pub keys: Keys,
    pub presence: Presence,
    pub claims: Claims,
}

impl Shard {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Shard {
            streams: Streams::new(ledger.clone()),
            keys: Keys::new(ledger.clone()),
            presence: Presence::new(ledger.clone()),
            claims: Claims::new(ledger),
        }
    }

    pub fn publish(&mut self, event: Event, options: PublishOptions, now: Instant) -> Published {
        // A publish for this node alone is as any other here.
        let PublishOptions { retention, idempotency, version, local: _, turn: _ } = options;
        let named = idempotency.map(|named| (event.channel.clone(), named));
        if let Some((channel, named)) = &named
            && let Some(position) = self.keys.answer(channel, &named.key, now)
        {
            return Published::Repeated(position);
        }
        let published = self.streams.publish(event, retention, version, now);
        if let (Some(retention), Published::Deliver(event)) = (retention, &published)
            && let Some(position) = &event.position
        {
            self.claims.trim(&event.channel, position, retention.size);
        }
        if let Some((channel, named)) = named {
            self.keys.remember(channel, named, position(&published), now);
        }
        published
    }

    /// Lets go of what has ended, about `budget` entries; whether more is due.
    pub fn sweep(&mut self, now: Instant, budget: usize) -> bool {
        let mut left = budget;
        left = left.saturating_sub(self.streams.sweep(now, left));
        left = left.saturating_sub(self.keys.sweep(now, left));
        self.presence.sweep(now, left);
        self.claims.sweep(now, budget);
        self.streams.is_due(now) || self.keys.is_due(now) || self.presence.is_due(now) || self.claims.is_due(now)
    }
}

/// The position in an answer.
fn position(published: &Published) -> Option<Position> {
    match published {
        Published::Deliver(event) => event.position.clone(),
        Published::OnBus(position) | Published::Repeated(position) => position.clone(),
    }
}

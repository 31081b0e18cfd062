//! Who is present in a shard's channels.
use super::agenda::{Agenda, Slot, after, give_back};
use super::ledger::Ledger;
use crate::engine::PresenceStats;
use crate::types::{ChannelName, ClientInfo, SessionId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A session in a channel, until its slot is due.
struct Present {
    info: Arc<ClientInfo>,
    slot: Slot,
}

/// Who is present in one channel.
#[derive(Default)]
struct Attendance {
    sessions: HashMap<SessionId, Present>,
    /// How many sessions each user has, so that counting users does not go through all sessions.
    users: HashMap<Arc<str>, usize>,
}

impl Attendance {
    fn add(&mut self, info: Arc<ClientInfo>, slot: Slot) {
        *self.users.entry(info.user.clone()).or_default() += 1;
        self.sessions.insert(info.client, Present { info, slot });
    }

    fn remove(&mut self, client: SessionId) -> Option<Present> {
        let present = self.sessions.remove(&client)?;
        if let Some(count) = self.users.get_mut(&present.info.user) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&present.info.user);
            }
        }
        Some(present)
    }
}

/// Who is present in a shard's channels.
pub(super) struct Presence {
    channels: HashMap<ChannelName, Attendance>,
    agenda: Agenda<(ChannelName, SessionId)>,
    ledger: Arc<Ledger>,
}

impl Presence {
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Presence { channels: HashMap::new(), agenda: Agenda::new(), ledger }
    }

    /// Adds or renews; false if there is no room for a new entry.
    pub fn add(&mut self, channel: &ChannelName, info: Arc<ClientInfo>, ttl: Duration, now: Instant) -> bool {
        self.sweep(now, usize::MAX);
        let known = self.channels.get_mut(channel).and_then(|attendance| attendance.remove(info.client));
        match known {
            Some(present) => self.agenda.remove(present.slot),
            None if !self.ledger.admit_presence() => return false,
            None => {}
        }
        let slot = self.agenda.insert(after(now, ttl), (channel.clone(), info.client));
        self.channels.entry(channel.clone()).or_default().add(info, slot);
        true
    }

    pub fn remove(&mut self, channel: &ChannelName, client: SessionId) {
        let Some(attendance) = self.channels.get_mut(channel) else { return };
        let Some(present) = attendance.remove(client) else { return };
        self.agenda.remove(present.slot);
        self.ledger.remove_presence();
        self.tidy(channel);
    }

    pub fn list(&mut self, channel: &ChannelName, now: Instant) -> Vec<Arc<ClientInfo>> {
        self.sweep(now, usize::MAX);
        let sessions = self.channels.get(channel).into_iter().flat_map(|attendance| attendance.sessions.values());
        sessions.map(|present| present.info.clone()).collect()
    }

    pub fn stats(&mut self, channel: &ChannelName, now: Instant) -> PresenceStats {
        self.sweep(now, usize::MAX);
        let attendance = self.channels.get(channel);
        attendance.map_or_else(PresenceStats::default, |attendance| PresenceStats {
            clients: attendance.sessions.len(),
            users: attendance.users.len(),
        })
    }

    /// Lets go of ended entries, at most `budget`; how many.
    pub fn sweep(&mut self, now: Instant, budget: usize) -> usize {
        let mut done = 0;
        while done < budget
            && let Some((channel, client)) = self.agenda.pop_due(now)
        {
            done += 1;
            if self.channels.get_mut(&channel).is_some_and(|attendance| attendance.remove(client).is_some()) {
                self.ledger.remove_presence();
            }
            self.tidy(&channel);
        }
        done
    }

    pub fn is_due(&self, now: Instant) -> bool {
        self.agenda.is_due(now)
    }

    /// Drops a channel where nobody is present any more.
    fn tidy(&mut self, channel: &ChannelName) {
        match self.channels.get_mut(channel) {
            Some(attendance) if attendance.sessions.is_empty() => {
                self.channels.remove(channel);
                give_back(&mut self.channels);
            }
            Some(attendance) => {
                give_back(&mut attendance.sessions);
                give_back(&mut attendance.users);
            }
            None => {}
        }
    }
}

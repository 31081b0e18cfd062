//! Presence: entries in Redis that expire soon, which this node renews while it runs.
use super::core::{Core, odd};
use super::request::Asked;
use super::{envelope, scripts};
use crate::engine::{EngineAnswer, Error, PresenceStats};
use crate::types::{ChannelName, ClientInfo, SessionId};
use foldhash::quality::RandomState;
use redis::{Cmd, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// Entries of one channel that are renewed by one script: a script keeps all others waiting.
const BATCH: usize = 100;
/// Channels whose entries are renewed at once.
const AT_ONCE: usize = 64;

/// What this node has added, to be renewed.
#[derive(Default)]
pub(super) struct Present(Mutex<Table>);

type Table = HashMap<ChannelName, HashMap<SessionId, Entry, RandomState>, RandomState>;

#[derive(Clone)]
struct Entry {
    info: Arc<ClientInfo>,
    ends: Instant,
}

impl Present {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, channel: &ChannelName, info: Arc<ClientInfo>, ends: Instant) {
        self.table().entry(channel.clone()).or_default().insert(info.client, Entry { info, ends });
    }

    fn remove(&self, channel: &ChannelName, client: SessionId) {
        let mut table = self.table();
        if let Some(entries) = table.get_mut(channel) {
            entries.remove(&client);
            if entries.is_empty() {
                table.remove(channel);
            }
        }
    }

    /// The entries of this node alone, for as long as Redis is away.
    fn own(&self, channel: &ChannelName) -> Vec<Arc<ClientInfo>> {
        let now = Instant::now();
        let table = self.table();
        let entries = table.get(channel).into_iter().flat_map(HashMap::values);
        entries.filter(|entry| entry.ends > now).map(|entry| entry.info.clone()).collect()
    }

    fn channels(&self) -> Vec<ChannelName> {
        self.table().keys().cloned().collect()
    }

    /// The sessions to be renewed in a channel; what has ended is forgotten.
    fn due(&self, channel: &ChannelName) -> Vec<SessionId> {
        let now = Instant::now();
        let mut table = self.table();
        let Some(entries) = table.get_mut(channel) else { return vec![] };
        entries.retain(|_, entry| entry.ends > now);
        let due = entries.keys().copied().collect();
        if entries.is_empty() {
            table.remove(channel);
        }
        due
    }

    /// What these sessions are shown as in a channel, as long as `then` runs: what changes them or takes them away comes behind
    /// what it asks of Redis.
    fn with<T>(&self, channel: &ChannelName, sessions: &[SessionId], then: impl FnOnce(&[Entry]) -> T) -> T {
        let table = self.table();
        let entries = table.get(channel);
        let entries: Vec<Entry> =
            entries.map_or(vec![], |entries| sessions.iter().filter_map(|id| entries.get(id).cloned()).collect());
        then(&entries)
    }
}

impl Core {
    fn present_call(&self, channel: &ChannelName, verb: &str) -> (Vec<u8>, Cmd) {
        let [ends, infos, users] = self.keys.presence(channel);
        let mut command = scripts::call(&scripts::PRESENT, &[&ends, &infos, &users]);
        command.arg(verb);
        (ends, command)
    }

    fn adding(self: &Arc<Self>, channel: &ChannelName, entries: &[Entry]) -> Asked {
        let (key, mut command) = self.present_call(channel, "add");
        let now = Instant::now();
        for Entry { info, ends } in entries {
            let ttl = ends.saturating_duration_since(now).min(self.config.presence_ttl);
            command.arg(info.client.to_string()).arg(super::millis(ttl)).arg(&*info.user);
            command.arg(envelope::write_info(info));
        }
        self.ask(&key, command, false)
    }

    fn renewing(self: &Arc<Self>, channel: &ChannelName, sessions: &[SessionId]) -> Option<Asked> {
        self.present.with(channel, sessions, |entries| (!entries.is_empty()).then(|| self.adding(channel, entries)))
    }

    /// Tells of a join or a leave; nobody waits for that.
    pub fn announce(self: &Arc<Self>, channel: &ChannelName, joined: bool, info: &ClientInfo) {
        let name = self.keys.bus(channel);
        let mut command = redis::cmd("PUBLISH");
        command.arg(&name[..]).arg(&envelope::encode_notice(joined, info)[..]);
        drop(self.ask(&name, command, false));
    }

    pub fn add_presence(
        self: &Arc<Self>,
        channel: &ChannelName,
        info: Arc<ClientInfo>,
        ttl: Duration,
    ) -> EngineAnswer<()> {
        let ends = Instant::now() + ttl.min(super::FAR);
        self.present.add(channel, info.clone(), ends);
        // Where it fails the next renewal adds it.
        self.adding(channel, &[Entry { info, ends }]).then(|added| added.map(drop))
    }

    pub fn remove_presence(self: &Arc<Self>, channel: &ChannelName, client: SessionId) -> EngineAnswer<()> {
        self.present.remove(channel, client);
        let (key, mut command) = self.present_call(channel, "remove");
        command.arg(client.to_string());
        self.ask(&key, command, false).then(|removed| removed.map(drop))
    }

    /// Who is present; as far as this node knows by itself while Redis is away.
    pub fn presence(self: &Arc<Self>, channel: &ChannelName) -> EngineAnswer<Vec<Arc<ClientInfo>>> {
        let (key, command) = self.present_call(channel, "list");
        let (core, channel) = (self.clone(), channel.clone());
        self.ask(&key, command, false).then(move |answer| match answer {
            Ok(Value::Array(all)) => Ok(all.into_iter().filter_map(info_of).map(Arc::new).collect()),
            Ok(_) => Err(odd("who is present")),
            Err(Error::Unreachable(_)) => Ok(core.present.own(&channel)),
            Err(error) => Err(error),
        })
    }

    pub fn presence_stats(self: &Arc<Self>, channel: &ChannelName) -> EngineAnswer<PresenceStats> {
        let (key, command) = self.present_call(channel, "count");
        let (core, channel) = (self.clone(), channel.clone());
        self.ask(&key, command, false).then(move |answer| match answer {
            Ok(Value::Array(counts)) => match counts[..] {
                [Value::Int(clients), Value::Int(users)] => {
                    Ok(PresenceStats { clients: clients.max(0) as usize, users: users.max(0) as usize })
                }
                _ => Err(odd("how many are present")),
            },
            Ok(_) => Err(odd("how many are present")),
            Err(Error::Unreachable(_)) => {
                let own = core.present.own(&channel);
                let users: std::collections::HashSet<_> = own.iter().map(|info| &info.user).collect();
                Ok(PresenceStats { clients: own.len(), users: users.len() })
            }
            Err(error) => Err(error),
        })
    }
}

fn info_of(value: Value) -> Option<ClientInfo> {
    match value {
        Value::BulkString(bytes) => envelope::read_info(&bytes),
        _ => None,
    }
}

/// Renews this node's entries, as long as the engine is there: three times in the life of each, so that one that was late or
/// lost is made good in time.
pub(super) async fn renew(core: Weak<Core>) {
    loop {
        let Some(strong) = core.upgrade() else { return };
        let period = strong.config.presence_ttl / 3;
        let began = Instant::now();
        for channels in strong.present.channels().chunks(AT_ONCE) {
            let due = channels.iter().map(|channel| (channel, strong.present.due(channel)));
            let renewals = due.flat_map(|(channel, due)| {
                let renew = |batch: &[SessionId]| strong.renewing(channel, batch).map(Asked::wait);
                due.chunks(BATCH).filter_map(renew).collect::<Vec<_>>()
            });
            futures_util::future::join_all(renewals).await;
        }
        drop(strong);
        tokio::time::sleep(period.saturating_sub(began.elapsed())).await;
    }
}

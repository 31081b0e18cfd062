//! What is kept of sessions that lost their connections, so that their clients can resume them.
use crate::types::{ChannelName, Group, Handshake, Identity, Json, Place, SessionId};
use foldhash::quality::RandomState;
use serde_json::{Map, Value};
use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A session's data, which its handlers share. Cheap to clone; comes back with the session.
#[derive(Clone)]
pub struct SessionData(Arc<Noted>);

struct Noted {
    json: Mutex<Json>,
    fields: OnceLock<Box<Map<String, Value>>>,
    extension: OnceLock<Box<dyn SessionExtension>>,
}

/// What a layer above keeps of a session.
pub trait SessionExtension: Any + Send + Sync {
    /// The session's token was renewed, or its client has come back: with another token, or another request. Called before anything
    /// is delivered under it.
    fn renewed(&self, identity: &Identity, handshake: Option<&Handshake>);
}

impl Default for SessionData {
    fn default() -> Self {
        let json = Mutex::new(Json::null());
        SessionData(Arc::new(Noted { json, fields: OnceLock::new(), extension: OnceLock::new() }))
    }
}

impl SessionData {
    /// What was noted last; null where nothing was.
    pub fn get(&self) -> Json {
        self.locked().clone()
    }

    /// Notes this in the place of what was noted before.
    pub fn set(&self, json: Json) {
        *self.locked() = json;
    }

    /// The fields that the session was given when it was let in; none where it was given none.
    pub fn fields(&self) -> Option<&Map<String, Value>> {
        self.0.fields.get().map(|fields| &**fields)
    }

    /// Gives the session its fields, once.
    pub(super) fn give(&self, fields: Map<String, Value>) {
        self.0.fields.get_or_init(|| Box::new(fields));
    }

    /// What a layer above keeps of the session: made by the first who asks, who decides its type. One that asks for another type
    /// gets what it makes itself.
    pub fn extension<T: SessionExtension + Clone>(&self, make: impl Fn() -> T) -> T {
        let kept: &dyn Any = &**self.0.extension.get_or_init(|| Box::new(make()));
        kept.downcast_ref::<T>().cloned().unwrap_or_else(make)
    }

    /// Tells the layer above that the session is renewed, where that keeps something of it.
    pub(super) fn renewed(&self, identity: &Identity, handshake: Option<&Handshake>) {
        if let Some(extension) = self.0.extension.get() {
            extension.renewed(identity, handshake);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Json> {
        // A poisoned lock is that of a whole value: it is only ever replaced.
        self.0.json.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that may be come back to.
#[derive(Clone)]
pub struct RecoverableSession {
    /// Its id.
    pub id: SessionId,
    /// What it belongs to.
    pub home: ChannelName,
    /// Who it was.
    pub identity: Arc<Identity>,
    /// The groups it was in.
    pub groups: Vec<Group>,
    /// What its handlers had noted.
    pub data: SessionData,
    /// Where it stood with the last event that was sent to it and could be brought again; none if none was.
    pub sent: Option<Place>,
    /// How far its home was when it left.
    pub left: Place,
}

impl RecoverableSession {
    /// Where to go on from, for a client that got everything up to `since` (nothing, if that is none).
    ///
    /// A client that has the last event it was sent has missed what came after it left, and nothing else: events for
    /// others may have pushed its own place out of the history meanwhile. Volatile events may have brought it further.
    pub fn resume_from(&self, since: Option<&Place>) -> Option<Place> {
        match (since, &self.sent) {
            (None, None) => Some(self.left.clone()),
            (Some(since), Some(sent)) if since.reaches(sent) => Some(self.left.clone()),
            // Of a place that this node has not told nothing can be known.
            (Some(since), _) => Some(since.clone()).filter(|since| since.aside.is_some() == self.left.aside.is_some()),
            // It was sent something and says that it got nothing: where that began is not known any more.
            (None, Some(_)) => None,
        }
    }
}

/// The sessions that are kept, by the secret their clients were told. A table behind a lock that is held for a look-up only.
pub struct RecoverableSessions {
    table: Mutex<Table>,
    limit: usize,
}

#[derive(Default)]
struct Table {
    sessions: HashMap<Arc<str>, (RecoverableSession, Instant), RandomState>,
    /// Oldest first; what has been taken out meanwhile is still named here.
    order: VecDeque<(Arc<str>, Instant)>,
}

impl RecoverableSessions {
    /// At most `limit` sessions are kept; one more pushes the oldest out.
    pub fn new(limit: usize) -> Self {
        RecoverableSessions { table: Mutex::default(), limit }
    }

    /// Keeps a session for this time; how many had to go for it.
    pub fn put(&self, key: Arc<str>, session: RecoverableSession, time: Duration) -> usize {
        let now = Instant::now();
        let mut table = self.table();
        table.forget_old(now);
        let mut pushed_out = 0;
        while table.sessions.len() >= self.limit
            && let Some((oldest, _)) = table.order.pop_front()
        {
            pushed_out += usize::from(table.sessions.remove(&oldest).is_some());
        }
        // Those that were taken out are named until their time is over: clients that come and go must not make it long.
        if table.order.len() > 2 * self.limit {
            let Table { sessions, order } = &mut *table;
            order.retain(|(key, until)| sessions.get(key).is_some_and(|(_, kept)| kept == until));
        }
        table.order.push_back((key.clone(), now + time));
        table.sessions.insert(key, (session, now + time));
        pushed_out
    }

    /// Takes a session out, if it is kept, its time is not over, and it is meant; else it stays.
    pub fn take_if(&self, key: &str, is_meant: impl FnOnce(&RecoverableSession) -> bool) -> Option<RecoverableSession> {
        let mut table = self.table();
        table.forget_old(Instant::now());
        let (session, until) = table.sessions.get(key)?;
        if *until <= Instant::now() || !is_meant(session) {
            return None;
        }
        table.sessions.remove(key).map(|(session, _)| session)
    }

    /// Forgets the sessions of such identities.
    pub fn forget(&self, is_gone: impl Fn(&Identity) -> bool) {
        self.table().sessions.retain(|_, (session, _)| !is_gone(&session.identity));
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.table().sessions.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.table.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Table {
    /// The times of different homes differ: one that is over may stand behind one that is not, until it is asked for.
    fn forget_old(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(_, until)| *until <= now)
            && let Some((key, _)) = self.order.pop_front()
        {
            if self.sessions.get(&key).is_some_and(|(_, until)| *until <= now) {
                self.sessions.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Epoch, Position, Space};

    fn place(offset: u64) -> Place {
        Place::of(Position { offset, epoch: Epoch::new("e") })
    }

    fn session(sent: Option<u64>, left: u64) -> RecoverableSession {
        RecoverableSession {
            id: SessionId::random(),
            home: ChannelName::in_space(Space::SocketIo, "/", 255).expect("a valid name"),
            identity: Identity::nobody(),
            groups: vec![],
            data: SessionData::default(),
            sent: sent.map(place),
            left: place(left),
        }
    }

    fn take(kept: &RecoverableSessions, key: &str) -> Option<RecoverableSession> {
        kept.take_if(key, |_| true)
    }

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_session_is_taken_once_and_only_in_its_time() {
        let kept = RecoverableSessions::new(10);
        kept.put("a".into(), session(None, 0), MINUTE);
        kept.put("b".into(), session(None, 0), MINUTE);
        assert!(kept.take_if("a", |_| false).is_none(), "it stays for whom it is kept");
        assert!(take(&kept, "a").is_some());
        assert!(take(&kept, "a").is_none());
        tokio::time::advance(MINUTE).await;
        assert!(take(&kept, "b").is_none());
        assert!(kept.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn past_the_bound_the_oldest_goes() {
        let kept = RecoverableSessions::new(2);
        let pushed_out: Vec<_> =
            ["a", "b", "c"].into_iter().map(|key| kept.put(key.into(), session(None, 0), MINUTE)).collect();
        assert_eq!(pushed_out, [0, 0, 1]);
        assert!(take(&kept, "a").is_none() && take(&kept, "b").is_some() && take(&kept, "c").is_some());
    }

    #[test]
    fn who_has_the_last_event_it_was_sent_goes_on_from_where_it_left() {
        assert_eq!(session(None, 9).resume_from(None), Some(place(9)));
        assert_eq!(session(Some(3), 9).resume_from(Some(&place(3))), Some(place(9)));
        assert_eq!(session(Some(3), 9).resume_from(Some(&place(2))), Some(place(2)));
        assert_eq!(session(Some(3), 9).resume_from(None), None);
        assert_eq!(session(Some(3), 9).resume_from(Some(&place(5))), Some(place(9)), "a volatile event told it so");
    }
}

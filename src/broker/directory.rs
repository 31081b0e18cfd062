//! The live sessions, by id and by user.
use crate::delivery::{Holder, SessionOrder};
use crate::types::SessionId;
use foldhash::quality::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// The way to a session. One for all who hold it: a copy of its own costs an actor two allocations more.
pub type SessionRef = Arc<dyn Holder>;

/// The sessions of a node. A table behind a lock that is held for a look-up only, not an actor: with an actor each client
/// that comes or goes would wake another thread, which costs more than all else that is done for it here.
#[derive(Default)]
pub struct Directory(Mutex<Table>);

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionId, Entry, RandomState>,
    users: HashMap<Arc<str>, HashSet<SessionId>, RandomState>,
}

struct Entry {
    user: Arc<str>,
    session: SessionRef,
}

/// A session as the directory knows it. Cheap to clone.
#[derive(Clone)]
pub struct DirectoryEntry {
    /// Its user; empty for nobody in particular.
    pub user: Arc<str>,
    /// Its id.
    pub id: SessionId,
    /// The way to it.
    pub session: SessionRef,
}

/// Which sessions are meant.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// All of this user; empty for any, where a session is named.
    pub user: String,
    /// Only this one.
    pub session: Option<SessionId>,
    /// But not these.
    pub except: Vec<SessionId>,
}

/// How many sessions there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attendance {
    /// Sessions.
    pub sessions: usize,
    /// Different users among them, all anonymous ones counting as one.
    pub users: usize,
}

impl Directory {
    /// Adds a session.
    pub fn enter(&self, session: SessionId, user: Arc<str>, me: SessionRef) {
        let mut table = self.table();
        table.sessions.insert(session, Entry { user: user.clone(), session: me });
        // Anonymous sessions are not one user: the API names users, and "" names nobody.
        if !user.is_empty() {
            table.users.entry(user).or_default().insert(session);
        }
    }

    /// Removes this session. Where its client has come back to it on another thread, the id is another actor's
    /// by now, and stays.
    pub fn exit(&self, session: SessionId, user: &str, me: &SessionRef) {
        let mut table = self.table();
        if table.sessions.get(&session).is_none_or(|known| !Arc::ptr_eq(&known.session, me)) {
            return;
        }
        table.sessions.remove(&session);
        if let Some(sessions) = table.users.get_mut(user) {
            sessions.remove(&session);
            if sessions.is_empty() {
                table.users.remove(user);
            }
        }
    }

    /// Whether a session is let in.
    pub fn has(&self, session: SessionId) -> bool {
        self.table().sessions.contains_key(&session)
    }

    /// Orders the sessions that are meant to do something; how many were told.
    pub fn order(&self, target: &Target, order: &SessionOrder) -> usize {
        let meant = self.table().find(target);
        meant.iter().for_each(|session| session.order(order.clone()));
        meant.len()
    }

    /// Every session.
    pub fn everyone(&self) -> Vec<SessionRef> {
        self.table().sessions.values().map(|entry| entry.session.clone()).collect()
    }

    /// How many sessions match a user and an id. Without a user, sessions of all users match, anonymous ones too; without an id,
    /// all of them.
    pub fn count(&self, user: Option<&str>, session: Option<SessionId>) -> usize {
        let table = self.table();
        match (session, user) {
            (Some(id), user) => usize::from(table.named(id, user).is_some()),
            (None, Some(user)) => table.users.get(user).map_or(0, HashSet::len),
            (None, None) => table.sessions.len(),
        }
    }

    /// The sessions that [`Directory::count`] counts, in no order. They are copied while the table is locked, and chosen from
    /// outside: every worker needs that lock.
    pub fn matching(&self, user: Option<&str>, session: Option<SessionId>) -> Vec<DirectoryEntry> {
        let table = self.table();
        match (session, user) {
            (Some(id), user) => table.named(id, user).into_iter().collect(),
            (None, Some(user)) => {
                table.users.get(user).into_iter().flatten().filter_map(|id| table.named(*id, None)).collect()
            }
            (None, None) => table.sessions.iter().map(|(id, entry)| entry.of(*id)).collect(),
        }
    }

    /// How many sessions there are.
    pub fn attendance(&self) -> Attendance {
        let table = self.table();
        let named: usize = table.users.values().map(HashSet::len).sum();
        let anonymous = usize::from(named < table.sessions.len());
        Attendance { sessions: table.sessions.len(), users: table.users.len() + anonymous }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Entry {
    fn of(&self, id: SessionId) -> DirectoryEntry {
        DirectoryEntry { user: self.user.clone(), id, session: self.session.clone() }
    }
}

impl Table {
    /// The session of this id, where it is of this user or any user will do.
    fn named(&self, id: SessionId, user: Option<&str>) -> Option<DirectoryEntry> {
        let entry = self.sessions.get(&id).filter(|entry| user.is_none_or(|user| user == &*entry.user));
        entry.map(|entry| entry.of(id))
    }

    fn find(&self, target: &Target) -> Vec<SessionRef> {
        let of_user = self.users.get(target.user.as_str());
        let meant: Vec<SessionId> = match (target.session, target.user.is_empty()) {
            (Some(session), true) => vec![session],
            (Some(session), false) => {
                of_user.filter(|all| all.contains(&session)).map(|_| session).into_iter().collect()
            }
            (None, _) => of_user.into_iter().flatten().copied().collect(),
        };
        let meant = meant.into_iter().filter(|session| !target.except.contains(session));
        meant.filter_map(|session| Some(self.sessions.get(&session)?.session.clone())).collect()
    }
}

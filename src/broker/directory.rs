//! Which sessions are let in, by id and by user.
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

    /// At most `most` of the sessions that match a user and an id, and how many match. Without a user, sessions of all users match,
    /// anonymous ones too; without an id, all of them. Where more match, these are the first by user and id, in no order.
    pub fn first(&self, user: Option<&str>, session: Option<SessionId>, most: usize) -> (Vec<SessionRef>, usize) {
        let table = self.table();
        let mut meant = table.meant(user, session);
        let count = meant.len();
        if count > most {
            meant.select_nth_unstable(most);
            meant.truncate(most);
        }
        let meant = meant.iter().filter_map(|(_, id)| table.sessions.get(id));
        (meant.map(|entry| entry.session.clone()).collect(), count)
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

impl Table {
    fn meant(&self, user: Option<&str>, session: Option<SessionId>) -> Vec<(&str, SessionId)> {
        let named = |id: SessionId| self.sessions.get(&id).map(|entry| (&*entry.user, id));
        match (session, user) {
            (Some(id), _) => named(id).filter(|(of, _)| user.is_none_or(|user| user == *of)).into_iter().collect(),
            (None, Some(user)) => self.users.get(user).into_iter().flatten().filter_map(|id| named(*id)).collect(),
            (None, None) => self.sessions.iter().map(|(id, entry)| (&*entry.user, *id)).collect(),
        }
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

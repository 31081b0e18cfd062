//! Which sessions are let in, by id and by user.
use super::Session;
use crate::types::SessionId;
use actix::Addr;
use foldhash::quality::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The sessions of a node.
#[derive(Default)]
pub struct Directory {
    sessions: HashMap<SessionId, Addr<Session>, RandomState>,
    users: HashMap<Arc<str>, HashSet<SessionId>, RandomState>,
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

impl Directory {
    /// Adds a session.
    pub fn enter(&mut self, session: SessionId, user: Arc<str>, addr: Addr<Session>) {
        self.sessions.insert(session, addr);
        // Anonymous sessions are not one user: the API names users, and "" names nobody.
        if !user.is_empty() {
            self.users.entry(user).or_default().insert(session);
        }
    }

    /// Removes a session.
    pub fn exit(&mut self, session: SessionId, user: &str) {
        self.sessions.remove(&session);
        if let Some(sessions) = self.users.get_mut(user) {
            sessions.remove(&session);
            if sessions.is_empty() {
                self.users.remove(user);
            }
        }
    }

    /// The sessions that are meant.
    pub fn find(&self, target: &Target) -> Vec<&Addr<Session>> {
        let of_user = self.users.get(target.user.as_str());
        let meant: Vec<SessionId> = match (target.session, target.user.is_empty()) {
            (Some(session), true) => vec![session],
            (Some(session), false) => {
                of_user.filter(|all| all.contains(&session)).map(|_| session).into_iter().collect()
            }
            (None, _) => of_user.into_iter().flatten().copied().collect(),
        };
        let meant = meant.into_iter().filter(|session| !target.except.contains(session));
        meant.filter_map(|session| self.sessions.get(&session)).collect()
    }

    /// Every session.
    pub fn everyone(&self) -> impl Iterator<Item = &Addr<Session>> {
        self.sessions.values()
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many different users they belong to, anonymous ones counting as one.
    pub fn users(&self) -> usize {
        let named: usize = self.users.values().map(HashSet::len).sum();
        self.users.len() + usize::from(named < self.sessions.len())
    }
}

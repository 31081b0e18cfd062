//! The sessions that are in, by whose they are: those whose rights a change touches are found here.
use super::rights::Principal;
use crate::types::SessionId;
use foldhash::quality::RandomState;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whose a session is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Owner {
    /// Nobody in particular: it has the public role.
    Public,
    /// A user, by its id.
    User(SmolStr),
    /// The holder of an API token, by the id of that.
    Token(SmolStr),
}

/// The sessions of this node. Bounded by its connections.
#[derive(Default)]
pub struct Members(Mutex<Table>);

#[derive(Default)]
struct Table {
    sessions: HashMap<SessionId, Member, RandomState>,
    owners: HashMap<Owner, HashSet<SessionId, RandomState>, RandomState>,
}

struct Member {
    owner: Owner,
    principal: Principal,
    /// One whose client has come back on another thread enters before the one before it leaves.
    times: usize,
}

impl Members {
    /// A session is in, in the group of this role or token.
    pub fn enter(&self, id: SessionId, owner: Owner, principal: Principal) {
        let mut table = self.table();
        table.owners.entry(owner.clone()).or_default().insert(id);
        let times = table.sessions.get(&id).map_or(0, |member| member.times) + 1;
        table.sessions.insert(id, Member { owner, principal, times });
    }

    /// A session that has entered is gone.
    pub fn leave(&self, id: SessionId) {
        let mut table = self.table();
        let Some(member) = table.sessions.get_mut(&id) else { return };
        member.times -= 1;
        if member.times > 0 {
            return;
        }
        let Some(Member { owner, .. }) = table.sessions.remove(&id) else { return };
        if let Some(sessions) = table.owners.get_mut(&owner) {
            sessions.remove(&id);
            if sessions.is_empty() {
                table.owners.remove(&owner);
            }
        }
    }

    /// By which role or token a session is told something.
    pub fn principal(&self, id: SessionId) -> Option<Principal> {
        self.table().sessions.get(&id).map(|member| member.principal.clone())
    }

    /// The sessions of an owner, with their roles or tokens.
    pub fn of(&self, owner: &Owner) -> Vec<(SessionId, Principal)> {
        let table = self.table();
        let sessions = table.owners.get(owner).into_iter().flatten();
        sessions.filter_map(|id| Some((*id, table.sessions.get(id)?.principal.clone()))).collect()
    }

    /// Notes that a session has another role from now on; false where it is gone.
    pub fn set(&self, id: SessionId, principal: Principal) -> bool {
        match self.table().sessions.get_mut(&id) {
            Some(member) => {
                member.principal = principal;
                true
            }
            None => false,
        }
    }

    /// Whether nobody is in.
    pub fn is_empty(&self) -> bool {
        self.table().sessions.is_empty()
    }

    /// All owners that have sessions.
    pub fn owners(&self) -> Vec<Owner> {
        self.table().owners.keys().cloned().collect()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that can panic happens between two changes that belong together.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_found_by_its_owner_until_it_has_left_as_often_as_it_came() {
        let (members, id) = (Members::default(), SessionId::random());
        let (owner, role) = (Owner::User("7".into()), |id: &str| Principal::Role(id.into()));
        members.enter(id, owner.clone(), role("1"));
        members.enter(id, owner.clone(), role("2"));
        members.leave(id);
        assert_eq!(members.of(&owner), [(id, role("2"))]);
        assert!(members.set(id, role("3")) && members.principal(id) == Some(role("3")));
        members.leave(id);
        members.leave(id);
        assert!(members.of(&owner).is_empty() && members.owners().is_empty() && !members.set(id, role("1")));
    }
}

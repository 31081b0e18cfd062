//! What a node knows of a Strapi application, and what becomes of its sessions when that changes.
use super::config::Config;
use super::content::ContentTypes;
use super::door::{Standing, standing};
use super::members::{Members, Owner};
use super::queue::{Cause, Change, Queue};
use super::reading::Reading;
use super::rights::{Documents, Principal, Rights};
use crate::auth::strapi::Keys;
use crate::broker::handler::SessionView;
use crate::broker::{Node, Target};
use crate::delivery::{Instruct, SessionOrder};
use crate::types::{Audience, ChannelName, Disconnect, Fault, Group, Json, ReplyError, SessionId};
use arc_swap::ArcSwap;
use serde_json::Value;
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Under this name nodes tell each other of changes.
pub const TOLD: &str = "strapi";
/// For so long after a change of a user those who come in are looked at again: they may have been let in before it.
const ENTERING: Duration = Duration::from_secs(60);
/// Before rights are read again that could not be.
const AGAIN: Duration = Duration::from_secs(1);

/// What a node knows.
pub struct State {
    pub config: Config,
    pub keys: Keys,
    pub types: ContentTypes,
    /// The channel of the namespace.
    pub home: ChannelName,
    /// Those that hold: none while they cannot be read.
    pub rights: ArcSwap<Rights>,
    /// Those that were read last: the rooms that sessions are in.
    known: ArcSwap<Rights>,
    pub members: Members,
    pub queue: Queue,
    ready: watch::Sender<bool>,
    user_changed: Mutex<Option<Instant>>,
}

impl State {
    /// Nothing is known yet.
    pub fn new(config: Config, keys: Keys, types: ContentTypes, home: ChannelName, queue: Queue) -> Self {
        State {
            config,
            keys,
            types,
            home,
            rights: ArcSwap::default(),
            known: ArcSwap::default(),
            members: Members::default(),
            queue,
            ready: watch::channel(false).0,
            user_changed: Mutex::default(),
        }
    }

    /// Waits until the rights are known, at most for this time. Fails with 100 where they are not.
    pub async fn is_ready(&self, time: Duration) -> Result<(), Fault> {
        let mut ready = self.ready.subscribe();
        let known = tokio::time::timeout(time, ready.wait_for(|ready| *ready)).await;
        match known {
            Ok(Ok(_)) => Ok(()),
            _ => Err(ReplyError::INTERNAL.into()),
        }
    }

    /// Heeds a change here and on the other nodes; done when all that can be reached do.
    pub async fn changed(&self, node: &Node, change: Change) {
        let Ok(words) = Json::write(&change) else { return };
        // One after the other: what happened here before the change is on its way before the others heed it.
        self.queue.change(change, Cause::Changed).await;
        let told = node.everywhere().tell(TOLD, words).await;
        if !told.missing.is_empty() {
            log::warn!(
                "roles, tokens or users have changed, and these nodes could not be told: {}; they read roles and tokens again \
                 within strapi.refresh",
                told.missing.join(", ")
            );
        }
    }

    /// The users with sessions here whom a change touches.
    pub fn touched(&self, change: &Change) -> Vec<SmolStr> {
        if change.users.is_empty() && !change.any_users {
            return vec![];
        }
        // Before the sessions are looked at: those that come in later look at this.
        *self.user_changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if !change.any_users {
            let ids: BTreeSet<SmolStr> = change.users.iter().map(SmolStr::from).collect();
            return ids.into_iter().filter(|id| !self.members.of(&Owner::User(id.clone())).is_empty()).collect();
        }
        let user = |owner| if let Owner::User(id) = owner { Some(id) } else { None };
        self.members.owners().into_iter().filter_map(user).collect()
    }

    /// A session is in. What has changed since it was let in is made good.
    pub fn entered(&self, session: &SessionView, owner: Owner, principal: Principal) {
        self.members.enter(session.id, owner.clone(), principal.clone());
        let (node, known) = (session.node(), self.known.load());
        let room = |group: &&Group| !group.is_no_room();
        let granted = session.identity.groups.iter().find(room).cloned();
        let room = known.room(&principal).cloned();
        if room != granted {
            self.regroup(node, Audience::of([Group::of_session(session.id)]), room, granted);
        }
        match &owner {
            Owner::Token(_) if known.room(&principal).is_none() => self.end(node, session.id),
            Owner::Public => self.settle_public(node, &known, vec![(session.id, principal)]),
            Owner::User(id) if self.has_user_changed() => {
                let change = Change { users: vec![id.to_string()], ..Change::default() };
                // Where it cannot be looked at again, it comes again.
                if !self.queue.note_change(change) {
                    self.order(node, session.id, Disconnect::INTERNAL);
                }
            }
            _ => {}
        }
    }

    fn has_user_changed(&self) -> bool {
        let changed = *self.user_changed.lock().unwrap_or_else(PoisonError::into_inner);
        changed.is_some_and(|at| at.elapsed() < ENTERING)
    }

    /// Has what was read hold from now on.
    pub fn apply(self: &Arc<Self>, node: &Node, reading: Reading, cause: Cause) {
        match reading.rights {
            Some(Ok(documents)) => self.apply_rights(node, &documents),
            Some(Err(error)) => {
                log::error!("roles, permissions or API tokens cannot be read ([strapi]): {error}");
                // Nobody is told what was perhaps taken away.
                if cause == Cause::Changed || !*self.ready.borrow() {
                    self.rights.store(Arc::default());
                    self.ready.send_replace(false);
                    let state = Arc::downgrade(self);
                    actix_rt::spawn(async move {
                        tokio::time::sleep(AGAIN).await;
                        if let Some(state) = state.upgrade() {
                            state.queue.note_change(Change { rights: true, ..Change::default() });
                        }
                    });
                }
            }
            None => {}
        }
        reading.users.into_iter().for_each(|(id, user)| self.apply_user(node, id, user));
    }

    fn apply_rights(&self, node: &Node, documents: &Documents) {
        let now = Arc::new(Rights::read(documents, self.config.public_role.as_deref()));
        let before = self.known.swap(now.clone());
        self.rights.store(now.clone());
        self.ready.send_replace(true);
        let all: BTreeSet<&Principal> = before.principals().chain(now.principals()).collect();
        for principal in all {
            let (old, new) = (before.room(principal), now.room(principal));
            // Before the first reading nobody is in.
            if old != new && !self.members.is_empty() {
                self.regroup(node, Audience::of([principal.group()]), new.cloned(), old.cloned());
            }
            if let (Principal::Token(id), false) = (principal, now.is_same_token(&before, principal)) {
                self.members.of(&Owner::Token(id.clone())).iter().for_each(|(session, _)| self.end(node, *session));
            }
        }
        if before.public != now.public {
            self.settle_public(node, &now, self.members.of(&Owner::Public));
        }
    }

    /// Has sessions without a token be in the role that is public now.
    fn settle_public(&self, node: &Node, rights: &Rights, sessions: Vec<(SessionId, Principal)>) {
        let Some(public) = &rights.public else { return };
        sessions.into_iter().for_each(|(id, before)| self.change_role(node, rights, id, (&before, public)));
    }

    fn apply_user(&self, node: &Node, id: SmolStr, user: Result<Option<Value>, ReplyError>) {
        let (sessions, known) = (self.members.of(&Owner::User(id)), self.known.load());
        let standing =
            user.map(|user| user.map_or(Standing::Out, |user| standing(&user, self.config.email_confirmation)));
        for (session, before) in sessions {
            match &standing {
                Ok(Standing::Has(role)) => self.change_role(node, &known, session, (&before, role)),
                Ok(Standing::WithoutRole | Standing::Out) => self.end(node, session),
                // Nobody knows what it may be told: its client connects again.
                Err(_) => self.order(node, session, Disconnect::INTERNAL),
            }
        }
    }

    fn change_role(&self, node: &Node, rights: &Rights, id: SessionId, (before, now): (&Principal, &Principal)) {
        if before == now || !self.members.set(id, now.clone()) {
            return;
        }
        let audience = Audience::of([Group::of_session(id)]);
        let groups = |principal: &Principal| [Some(principal.group()), rights.room(principal).cloned()];
        let (join, leave) = (groups(now), groups(before));
        self.instruct(node, audience, join.into_iter().flatten().collect(), leave.into_iter().flatten().collect());
    }

    fn regroup(&self, node: &Node, audience: Audience, join: Option<Group>, leave: Option<Group>) {
        self.instruct(node, audience, join.into_iter().collect(), leave.into_iter().collect());
    }

    fn instruct(&self, node: &Node, audience: Audience, join: Vec<Group>, mut leave: Vec<Group>) {
        // Two roles may have one room.
        leave.retain(|group| !join.contains(group));
        node.homes().instruct(&self.home, audience, Instruct::Regroup { join, leave });
    }

    /// A session whose client could not come in any more ends for good.
    fn end(&self, node: &Node, id: SessionId) {
        self.order(node, id, Disconnect::INVALID_TOKEN);
    }

    fn order(&self, node: &Node, id: SessionId, reason: Disconnect) {
        let target = Target { session: Some(id), ..Target::default() };
        node.sessions().directory().order(&target, &SessionOrder::Disconnect(reason));
    }
}

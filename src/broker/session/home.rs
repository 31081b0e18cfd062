//! The home of a session: the channel that addresses it, resuming an earlier session, and being kept for that.
use super::Session;
use super::join::Wanted;
use super::viewing::is_meant;
use crate::broker::handler::{CONNECTION, DISCONNECT, EmitCall, HomeMembership};
use crate::broker::{RecoverableSession, SessionData};
use crate::metrics::Metrics;
use crate::protocol::{Connect, Home, Recover};
use crate::types::{ChannelName, ClientInfo, Disconnect, Event, Group, Identity, Json, Place, SessionId};
use actix::prelude::*;
use rand::RngExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The state of a session in its home.
pub(super) struct HomeState {
    pub membership: Arc<HomeMembership>,
    /// The secret with which its client may come back, and for how long; none where it is not kept.
    key: Option<Arc<str>>,
    kept_for: Duration,
    /// The groups it begins in, its own first.
    groups: Vec<Group>,
    /// Where to go on from, for a client that came back.
    resume_from: Option<Place>,
    /// Where its client stood with the last event that it was sent before, or is brought now.
    sent: Option<Place>,
    /// The client has ended it on purpose: nobody comes back.
    pub is_left: bool,
    /// The handlers of its connection have not been told yet.
    pub is_new: bool,
    /// Acknowledgements that wait for what was emitted before them.
    barriers: usize,
}

/// The state with which a session begins in its home.
struct Beginning {
    groups: Vec<Group>,
    data: SessionData,
    resume_from: Option<Place>,
    sent: Option<Place>,
}

impl Session {
    /// Moves in, under the id and into the groups of the earlier session that the client proves to be its own.
    pub(super) fn move_in(&mut self, connect: &Connect) {
        let Some(home) = &connect.home else { return };
        let earlier = self.earlier(home);
        let resume = home.resume.as_ref();
        let resume_from = earlier.as_ref().and_then(|kept| kept.resume_from(resume.and_then(|r| r.since.as_ref())));
        match earlier.filter(|_| resume_from.is_some()) {
            Some(kept) => {
                self.rename(kept.id);
                // The same secret: by that the client sees that it is back.
                let key = resume.map(|resume| Arc::from(resume.key.as_str()));
                self.enter_home(
                    home,
                    key,
                    Beginning { groups: kept.groups, data: kept.data, resume_from, sent: kept.sent },
                    connect,
                );
                self.renew_noted();
            }
            None => self.enter_anew(home, connect),
        }
    }

    /// The session that the client claims, if it is kept and was the same user's in the same home.
    fn earlier(&self, home: &Home) -> Option<RecoverableSession> {
        let resume = home.resume.as_ref().filter(|_| home.kept_for.is_some())?;
        let same = |one: &Identity, other: &Identity| one.realm == other.realm && one.user == other.user;
        // Who may not have it leaves it there for whom it is kept.
        // Whom a door has put into other groups since begins anew: what it missed was not meant for it.
        let same_groups = |kept: &RecoverableSession| self.identity.groups.iter().all(|one| kept.groups.contains(one));
        let is_mine = |kept: &RecoverableSession| {
            kept.home == home.channel && same(&kept.identity, &self.identity) && same_groups(kept)
        };
        self.node().sessions().recoverable().take_if(&resume.key, is_mine)
    }

    fn enter_anew(&mut self, home: &Home, connect: &Connect) {
        let own = Group::of_session(self.id);
        let groups = std::iter::once(own).chain(self.identity.groups.iter().cloned()).collect();
        let data = SessionData::default();
        self.enter_home(
            home,
            home.kept_for.map(|_| new_key()),
            Beginning { groups, data, resume_from: None, sent: None },
            connect,
        );
    }

    fn enter_home(&mut self, home: &Home, key: Option<Arc<str>>, beginning: Beginning, connect: &Connect) {
        let Beginning { groups, data, resume_from, sent } = beginning;
        let membership = Arc::new(HomeMembership {
            channel: home.channel.clone(),
            data,
            greeting: connect.data.clone(),
            handshake: connect.handshake.clone(),
            is_resumed: resume_from.is_some(),
            has_emitted: AtomicBool::new(false),
        });
        let kept_for = home.kept_for.unwrap_or_default();
        let state = HomeState {
            membership,
            key,
            kept_for,
            groups,
            resume_from,
            sent,
            is_left: false,
            is_new: true,
            barriers: 0,
        };
        self.home = Some(Box::new(state));
    }

    /// What was missed cannot be brought: the session is a new one after all.
    pub(super) fn stay_after_all(&mut self, connect: &Connect) {
        let Some(home) = &connect.home else { return };
        self.rename(SessionId::random());
        self.enter_anew(home, connect);
    }

    fn rename(&mut self, id: SessionId) {
        self.id = id;
        self.info = Arc::new(ClientInfo { client: id, ..(*self.info).clone() });
    }

    /// The listener that makes the session one of its home.
    pub(super) fn wanted_by_home(&self) -> Option<(ChannelName, Wanted)> {
        let state = self.home.as_ref()?;
        let channel = state.membership.channel.clone();
        let policy = self.node().channels().namespace(&channel)?;
        let (recover, aside) = state.resume_from.clone().map(|from| (from.position, from.aside)).unzip();
        let recover = recover.map(|from| Recover { offset: from.offset, epoch: from.epoch });
        let kept = state.key.is_some() && policy.has_history();
        let wanted = Wanted {
            groups: state.groups.clone(),
            positioned: kept,
            recoverable: kept,
            // Told apart from the others: events for other groups count, and are not brought.
            recover_max: Some(policy.history_size),
            reject_unrecovered: recover.is_some(),
            recover,
            aside: aside.flatten(),
            server_side: true,
            ..Wanted::default()
        };
        Some((channel, wanted))
    }

    /// Of what was missed, what is for this session, and where its client stands with each.
    pub(super) fn meant_for_me(&mut self, missed: Vec<Arc<Event>>) -> Vec<(Arc<Event>, Place)> {
        let Some(state) = &mut self.home else { return vec![] };
        let Some(mut place) = state.resume_from.clone() else { return vec![] };
        let placed = missed.into_iter().map(|event| {
            event.position.iter().for_each(|position| place.pass(position));
            (event, place.clone())
        });
        let meant: Vec<_> = placed.filter(|(event, _)| is_meant(event, &state.groups)).collect();
        if let Some((_, last)) = meant.last() {
            state.sent = Some(last.clone());
        }
        meant
    }

    /// Whether `channel` is the home.
    pub(super) fn is_home(&self, channel: &ChannelName) -> bool {
        self.home.as_ref().is_some_and(|state| state.membership.channel == *channel)
    }

    /// The secret with which the client may come back.
    pub(super) fn resume_key(&self) -> Option<String> {
        self.home.as_ref()?.key.as_deref().map(str::to_owned)
    }

    /// Tells the handlers of the home's connections; whether there are any, which then go before the client's commands.
    pub(super) fn welcome_home(&mut self, ctx: &mut Context<Self>) -> bool {
        let Some(state) = self.home.as_mut() else { return false };
        if !std::mem::take(&mut state.is_new) {
            return false;
        }
        let args = state.membership.greeting.as_ref().map_or("[{}]".to_owned(), |said| format!("[{}]", said.as_str()));
        let Some(told) = self.call(CONNECTION, args).and_then(|call| self.node().handlers().emit(call)) else {
            return false;
        };
        self.later(ctx, told.answer, |session, _, ctx| session.proceed(ctx));
        true
    }

    /// Does something when all has arrived that handlers have emitted in the home so far: that goes by way of its channel, and
    /// what a handler says of itself does not.
    pub(super) fn after_emitted(
        &mut self,
        ctx: &mut Context<Self>,
        act: impl FnOnce(&mut Self, &mut Context<Self>) + 'static,
    ) {
        let (id, node) = (self.id, self.node().clone());
        let Some(state) = &mut self.home else { return act(self, ctx) };
        if state.barriers == 0 && !state.membership.has_emitted.swap(false, Ordering::Relaxed) {
            return act(self, ctx);
        }
        state.barriers += 1;
        let home = state.membership.channel.clone();
        // The answer comes back behind all that is on the way.
        let arrived = async move { drop(node.homes().groups(&home, id).await) };
        self.later(ctx, arrived, move |session, (), ctx| {
            if let Some(state) = &mut session.home {
                state.barriers -= 1;
            }
            act(session, ctx);
        });
    }

    /// The session ends: it is kept if its client may come back, and the handlers of its home are told.
    pub(super) fn move_out(&mut self, reason: &Disconnect) {
        let Some(state) = self.home.take() else { return };
        // They are told of the end of what they were told of.
        if !state.is_new {
            let words = if self.is_ended_by_us { words(reason) } else { &reason.reason };
            let call = self.call_from(&state, DISCONNECT, format!("[{}]", serde_json::Value::from(words)));
            if let Some(told) = self.node().handlers().emit(call) {
                actix_rt::spawn(told.answer);
            }
        }
        // Whom we sent away for good does not come back, nor whose token has expired.
        let may_return = !self.is_ended_by_us || reason.reconnect() && *reason != Disconnect::CONNECTION_EXPIRED;
        if !state.is_left && may_return {
            self.keep(*state);
        }
    }

    /// Where its home stands; none where it has none.
    pub(super) fn home_place(&self) -> Option<Option<Place>> {
        let home = &self.home.as_ref()?.membership.channel;
        Some(self.worker.status(home, self.subs.get(home)?.key)?.passed)
    }

    fn keep(&self, state: HomeState) {
        let Some(key) = state.key else { return };
        let home = state.membership.channel.clone();
        let Some(sub) = self.subs.get(&home) else { return };
        let Some(status) = self.worker.status(&home, sub.key) else { return };
        let Some(left) = self.last_words.left.clone().unwrap_or(status.passed) else { return };
        let kept = RecoverableSession {
            id: self.id,
            home,
            identity: self.identity.clone(),
            groups: status.groups,
            data: state.membership.data.clone(),
            // Who came back and was sent nothing since still has what it had then.
            sent: status.sent.or(state.sent),
            left,
        };
        let pushed_out = self.node().sessions().recoverable().put(key, kept, state.kept_for);
        (0..pushed_out).for_each(|_| Metrics::count(&self.node().metrics().drops, "kept"));
    }

    /// A call of the session to the handlers of its home.
    pub(super) fn call(&self, event: &str, args: String) -> Option<EmitCall> {
        self.home.as_ref().map(|state| self.call_from(state, event, args))
    }

    fn call_from(&self, state: &HomeState, event: &str, args: String) -> EmitCall {
        let args = Json::parse(args.into()).unwrap_or_else(|_| Json::null());
        let view = crate::broker::handler::SessionView { home: Some(state.membership.clone()), ..self.view() };
        let home = state.membership.channel.clone();
        EmitCall { session: view, home, event: event.to_owned(), args, attachments: vec![], wants_ack: false }
    }
}

/// A secret of 128 bits from the system's generator.
fn new_key() -> Arc<str> {
    format!("{:032x}", rand::rng().random::<u128>()).into()
}

/// What the handlers of a home are told of an end that came from us, in the words of Socket.IO.
fn words(reason: &Disconnect) -> &'static str {
    match reason {
        reason if *reason == Disconnect::SHUTDOWN => "server shutting down",
        reason if reason.reconnect() => "forced server close",
        _ => "server namespace disconnect",
    }
}

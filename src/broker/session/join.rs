//! The steps of a join that commands, tokens, handlers and the API share (decision 28).
use super::kept::{Receiver, joined_and_brought};
use super::revoked::Right;
use super::viewing::joined_and_shown;
use super::{Session, Subscription};
use crate::auth::Overrides;
use crate::broker::Namespace;
use crate::broker::channel::{Join, Joined, Member};
use crate::broker::handler::LifecycleEvent;
use crate::delivery::{Claimant, GroupMember, Listener, Settled, Since};
use crate::filter::{TagsFilter, Topics, chained, filtered};
use crate::protocol::{Recover, Recovered, Subscribed};
use crate::types::{ChannelName, ClientInfo, Fault, Group, Json, Position, ReplyError};
use actix::prelude::*;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a listener shall be, everything decided.
#[derive(Default)]
pub(super) struct Wanted {
    pub info: Option<Json>,
    pub data: Option<Json>,
    pub presence: bool,
    pub announced: bool,
    pub notices: bool,
    /// Joins and leaves are told because that was asked for, and may be.
    pub asked_notices: bool,
    pub positioned: bool,
    pub recoverable: bool,
    pub recover: Option<Recover>,
    /// The place in the history that this node alone has, where it recovers from that, too.
    pub aside: Option<Position>,
    pub reject_unrecovered: bool,
    pub compaction: bool,
    pub filter: Option<TagsFilter>,
    pub topics: Option<Rc<Topics>>,
    pub expires_at: Option<i64>,
    pub server_side: bool,
    pub right: Right,
    pub overrides: Overrides,
    /// The groups it begins in, its own first.
    pub groups: Vec<Group>,
    /// For whom kept events are brought, in a channel that keeps on request.
    pub claimant: Option<Arc<Claimant>>,
    /// How many events a recovery may bring; none for what `limits.recover_max` says.
    pub recover_max: Option<usize>,
}

/// A join under way.
pub(super) struct Plan {
    pub channel: ChannelName,
    pub wanted: Wanted,
    /// Tells it from a later one to the same channel.
    turn: u64,
}

/// What a client asks for beside the listener itself.
#[derive(Default, Clone, Copy)]
pub(super) struct Asked {
    pub positioned: bool,
    pub recoverable: bool,
    pub join_leave: bool,
    /// Whether the session may read the channel's history and presence, too.
    pub history: bool,
    pub presence: bool,
}

impl Wanted {
    /// What a namespace grants to who asks, `overrides` going before the namespace.
    pub fn under(namespace: &Namespace, overrides: &Overrides, asked: Asked) -> Self {
        let or = |flag: Option<crate::auth::Flag>, otherwise: bool| flag.map_or(otherwise, |flag| flag.value);
        let recoverable = or(overrides.force_recovery, namespace.force_recovery)
            || asked.recoverable && (namespace.allow_recovery || asked.history);
        let positioned = or(overrides.force_positioning, namespace.force_positioning)
            || asked.positioned && (namespace.allow_positioning || asked.history);
        let announced = or(overrides.join_leave, namespace.join_leave);
        let forced = or(overrides.force_push_join_leave, namespace.force_push_join_leave);
        let asked_notices = !forced && asked.join_leave && asked.presence;
        Wanted {
            presence: or(overrides.presence, namespace.presence),
            announced,
            notices: announced && (forced || asked_notices),
            asked_notices,
            // Without a history no position could be kept: to promise one would be to promise what is lost in silence.
            positioned: (recoverable || positioned) && namespace.has_history(),
            recoverable: recoverable && namespace.has_history(),
            overrides: *overrides,
            ..Wanted::default()
        }
    }
}

impl Wanted {
    /// The same in a channel of another space: whoever is there is not told of a guest, and what is kept there is not its.
    fn for_a_guest(self) -> Self {
        let (presence, announced, notices) = (false, false, false);
        Wanted {
            presence,
            announced,
            notices,
            positioned: false,
            recoverable: false,
            recover: None,
            claimant: None,
            ..self
        }
    }
}

impl Session {
    /// The groups that a listener of the session begins in, its own first; none in a channel whose events are for everybody.
    pub(super) fn groups_in(&self, namespace: &Namespace) -> Vec<Group> {
        match namespace.has_groups {
            true => {
                let most = self.node().limits().groups_per_session;
                if self.identity.groups.len() > most {
                    self.node().metrics().reached("groups_per_session");
                }
                let of_identity = self.identity.groups.iter().take(most).cloned();
                [Group::of_session(self.id)].into_iter().chain(of_identity).collect()
            }
            false => vec![],
        }
    }

    /// Puts the listener into the hub, holding back, and asks the channel.
    pub(super) fn begin_join(
        &mut self,
        channel: ChannelName,
        wanted: Wanted,
        ctx: &mut Context<Self>,
    ) -> (Plan, impl Future<Output = Result<Joined, Fault>> + use<>) {
        // A channel that shows another space has no events of its own.
        let source = self.node().channels().source(&channel).ok().flatten();
        let mut wanted = if source.is_some() { wanted.for_a_guest() } else { wanted };
        let member =
            Member { info: self.info_in(wanted.info.clone()), presence: wanted.presence, announced: wanted.announced };
        let mut view = self.view_of(&channel);
        if let Some(filter) = wanted.filter.take() {
            view = Some(filtered(filter, view));
        }
        if let Some(topics) = wanted.topics.clone() {
            view = Some(filtered(topics, view));
        }
        let mut listener = Listener::joining(self.outlet.clone(), self.me(ctx));
        listener.notices = wanted.notices;
        listener.member = GroupMember::of(self.id, &wanted.groups);
        if let Some(member) = &mut listener.member {
            member.claimant = wanted.claimant.clone();
        }
        if let Some(source) = &source {
            listener.shown_as = Some(Box::new(channel.clone()));
            // The views of where the events come from hold for guests, too.
            let theirs = self.view_of(&source.channel);
            view = Some(source.view(chained(theirs, view)));
            listener.member = GroupMember::of(self.id, source.room.as_slice());
        }
        listener.view = view.clone().map(|view| self.viewed(view));
        let source = source.map(|source| Box::new(source.channel));
        let listened = source.as_deref().unwrap_or(&channel).clone();
        let key = self.worker.listen(&listened, listener);
        self.joins += 1;
        let turn = self.joins;
        let subscription = Subscription {
            key,
            source,
            turn,
            membership: None,
            member: member.clone(),
            server_side: wanted.server_side,
            right: wanted.right.clone(),
            overrides: wanted.overrides,
            asked_notices: wanted.asked_notices,
            topics: wanted.topics.clone(),
            ends: None,
            ended: None,
        };
        self.subs.insert(channel.clone(), Box::new(subscription));
        let recover = wanted.recover.as_ref().filter(|_| wanted.recoverable);
        let recover = recover.map(|from| Position { offset: from.offset, epoch: from.epoch.clone() });
        let (answer, joined) = oneshot::channel();
        let hub = self.worker.hub();
        let recover_max = wanted.recover_max.unwrap_or(self.node().limits().recover_max);
        let (positioned, aside) = (wanted.positioned, wanted.aside.clone());
        let receiver = wanted.claimant.clone().map(|claimant| Receiver {
            channel: listened.clone(),
            claimant,
            groups: wanted.groups.clone(),
            view: view.clone(),
        });
        let kept = receiver.is_some();
        let join = Join { channel: listened, hub, member, positioned, recover, aside, recover_max, kept, answer };
        self.worker.join(join);
        let joined = joined_and_shown(joined, view, wanted.groups.clone(), self.node());
        let joined = joined_and_brought(joined, receiver, self.node().clone());
        (Plan { channel, wanted, turn }, joined)
    }

    /// Takes the channel's answer. The listener still holds back: the reply goes out first, then [`Session::begin`].
    pub(super) fn finish_join(
        &mut self,
        plan: Plan,
        joined: Result<Joined, Fault>,
        ctx: &mut Context<Self>,
    ) -> Result<(Subscribed, Since), Fault> {
        let Plan { channel, wanted, turn } = plan;
        // The subscription may have been ended meanwhile, and another one begun.
        let Some(sub) = self.subs.get(&channel).filter(|sub| sub.turn == turn) else {
            return Err(ReplyError::INTERNAL.into());
        };
        // The right to it may have been lost meanwhile: the reply tells of the join, and of nothing that was said there.
        let (key, is_ended, source) = (sub.key, sub.ended.is_some(), sub.source(&channel).clone());
        let joined = joined.inspect_err(|_| self.drop_subscription(&channel))?;
        let number = wanted.compaction.then_some(joined.number);
        let told = joined.since.clone();
        let settled = self.worker.with_listener(&source, key, |listener| {
            listener.number = number;
            listener.settle(joined.since)
        });
        let (since, overflowed) = match settled.ok_or(Fault::Reply(ReplyError::INTERNAL))? {
            Settled::AsTold(since) => (since, false),
            Settled::Later(since) => {
                self.node().metrics().reached("join_buffer");
                (since, true)
            }
            // It comes back as soon as its client knows of it.
            Settled::Cut => (told, false),
        };
        let recovery = joined.recovery.map(|recovery| match overflowed || is_ended {
            true => Recovered { complete: false, events: vec![] },
            false => recovery,
        });
        if !is_ended && wanted.reject_unrecovered && recovery.as_ref().is_some_and(|recovery| !recovery.complete) {
            self.drop_subscription(&channel);
            return Err(ReplyError::UNRECOVERABLE_POSITION.into());
        }
        self.schedule_subscription(&channel, wanted.expires_at, ctx);
        if let Some(sub) = self.subs.get_mut(&channel) {
            let membership = sub.membership.insert(joined.membership);
            // What others see of the user may have changed while the join was under way.
            membership.renew(&sub.member);
        }
        let complete = recovery.as_ref().is_some_and(|recovery| recovery.complete);
        let position = since.top.clone().map(|top| match (&wanted.recover, complete) {
            // The offset told is the one that was asked from: the events that follow bring it up (contract, 4h).
            (Some(from), true) => Position { offset: from.offset, epoch: top.position.epoch },
            _ => top.position,
        });
        let subscribed = Subscribed {
            expiry: self.time_until(wanted.expires_at),
            recoverable: wanted.recoverable,
            positioned: wanted.positioned,
            position,
            recovery,
            kept: if is_ended { vec![] } else { joined.kept },
            data: wanted.data,
            compact_id: number,
        };
        Ok((subscribed, since))
    }

    /// The reply is in the outbox: lets the listener go.
    pub(super) fn begin(&mut self, channel: &ChannelName, since: Since) {
        let Some(sub) = self.subs.get(channel) else { return };
        let (ended, key, source) = (sub.ended.clone(), sub.key, sub.source(channel).clone());
        self.worker.go_live(&source, key, since);
        // Behind the reply, and with what is shown of the user by now.
        if let Some(membership) = self.subs.get_mut(channel).and_then(|sub| sub.membership.as_mut()) {
            membership.announce();
        }
        self.node().handlers().tell(LifecycleEvent::Subscribed(self.view(), channel.clone()));
        if let Some(reason) = ended {
            self.unsubscribe_and_say(channel, reason);
        } else if self.worker.is_cut(&source, key) {
            self.worker.come_back(&source, key);
        }
    }

    /// Ends a listener, if there is one: out of the hub, then out of the channel.
    pub(super) fn drop_subscription(&mut self, channel: &ChannelName) {
        let Some(mut sub) = self.subs.remove(channel) else { return };
        self.worker.unlisten(sub.source(channel), sub.key);
        self.goes_on(sub.ends.take());
        if sub.membership.is_some() {
            self.node().handlers().tell(LifecycleEvent::Unsubscribed(self.view(), channel.clone()));
        }
    }

    pub(super) fn info_in(&self, chan_info: Option<Json>) -> Arc<ClientInfo> {
        match chan_info {
            None => self.info.clone(),
            info => Arc::new(ClientInfo { chan_info: info, ..(*self.info).clone() }),
        }
    }
}

//! How listeners join and leave a channel (decision 28).
use super::message::Announce;
use super::presence::{Presence, drive};
use super::{Channel, Listening};
use super::{Join, Joined, Leave, Membership};
use crate::broker::fault;
use crate::broker::handler::LifecycleEvent;
use crate::broker::hub::{Backlog, HubId, kept_is_unknown};
use crate::broker::{Namespace, recovery};
use crate::delivery::{Seq, Since, Skipped};
use crate::engine::{EngineAnswer, Error, HistoryPage, HistoryQuery};
use crate::protocol::Recovered;
use crate::types::{Answer, Place, ReplyError, SessionId};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a join reads before it is answered.
struct Start {
    page: Option<HistoryPage>,
    listed: Option<Listed>,
}

/// Where a join begins.
struct Begins {
    seq: Seq,
    /// What this node alone has kept of the channel up to there.
    aside: Option<HistoryPage>,
}

/// An entry in presence that ends with its join, unless that comes about.
struct Listed {
    presence: Arc<Presence>,
    client: SessionId,
    stays: bool,
}

impl Drop for Listed {
    fn drop(&mut self) {
        if !self.stays {
            drive(self.presence.remove(self.client));
        }
    }
}

impl Channel {
    fn admit(&mut self, hub: HubId) {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        if self.listeners.load(Ordering::Relaxed) == 1 {
            self.node.handlers().tell(LifecycleEvent::Occupied { channel: self.name.clone() });
        }
        if self.hubs.is_empty() {
            self.begin_to_follow();
        }
        match self.hubs.iter_mut().find(|h| h.handle.id == hub) {
            Some(hub) => hub.listeners += 1,
            None => {
                let Some(handle) = self.node.hubs().get(hub) else { return };
                let backlog = Arc::new(Backlog::new(Seq::from(self.life) << 64));
                self.hubs.push(Listening { handle, listeners: 1, skipped: Skipped::default(), backlog });
            }
        }
    }

    fn dismiss(&mut self, hub: HubId, ctx: &mut Context<Self>) {
        let Some(at) = self.hubs.iter().position(|h| h.handle.id == hub) else { return };
        self.hubs[at].listeners -= 1;
        if self.hubs[at].listeners == 0 {
            self.hubs.swap_remove(at);
        }
        if self.listeners.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.node.handlers().tell(LifecycleEvent::Vacated { channel: self.name.clone() });
            self.stop_following();
            self.all_are_back();
            drive(self.node.engine().unsubscribe(&self.name));
        }
        self.check_idle_later(ctx);
    }

    /// What a join reads: the bus first, then the history up to its top (decision 28).
    fn start_join(&mut self, join: &Join, namespace: &Namespace, ctx: &mut Context<Self>) -> EngineAnswer<Start> {
        let page = self.read_for_join(join, namespace, ctx);
        if !join.member.presence {
            return page.then(|page| Ok(Start { page: page?, listed: None }));
        }
        // Before the answer: the session, on another worker or node, may ask who is present as soon as it has it.
        let (presence, info) = (self.presence(), join.member.info.clone());
        page.and_then(move |page| {
            let listed = Listed { presence, client: info.client, stays: false };
            listed.presence.list(info).then(move |_| Ok(Start { page, listed: Some(listed) }))
        })
    }

    fn read_for_join(
        &mut self,
        join: &Join,
        namespace: &Namespace,
        ctx: &mut Context<Self>,
    ) -> EngineAnswer<Option<HistoryPage>> {
        let sink = self.sink(ctx);
        let subscribed = self.node.engine().subscribe(&self.name, sink);
        let Some(retention) = namespace.retention().filter(|_| join.positioned || join.kept || self.wants_top()) else {
            return subscribed.then(|result| result.map(|()| None));
        };
        let limit = if join.kept { retention.size } else { join.recover.as_ref().map_or(0, |_| join.recover_max + 1) };
        let query = HistoryQuery { limit, since: join.recover.clone(), reverse: false };
        let (engine, name) = (self.node.engine().clone(), self.name.clone());
        // What is kept on request is an addition: the listener stands without it.
        let metrics = (namespace.keeps_on_request && !join.positioned).then(|| self.node.metrics().clone());
        subscribed.and_then(move |()| {
            engine.history(&name, query, retention).then(move |result| match (result, metrics) {
                (Err(error), Some(metrics)) => {
                    kept_is_unknown(&error, &metrics);
                    Ok(None)
                }
                (result, _) => result.map(Some),
            })
        })
    }

    fn finish_join(&mut self, join: Join, begins: Begins, outcome: Result<Start, Error>, ctx: &mut Context<Self>) {
        let Start { mut page, listed } = match outcome {
            Ok(start) => start,
            Err(error) => {
                self.dismiss(join.hub, ctx);
                let _ = join.answer.send(Err(fault::of_engine(error).into()));
                return;
            }
        };
        self.follows();
        if let Some(page) = &page {
            self.observe(&page.top);
            self.stand_at(&page.top);
        }
        let kept = match &mut page {
            Some(page) if join.kept => std::mem::take(&mut page.events),
            _ => vec![],
        };
        let Begins { seq, aside } = begins;
        let top = page.as_ref().map(|page| page.top.clone()).filter(|_| join.positioned);
        let top = top.map(|position| Place { position, aside: aside.as_ref().map(|page| page.top.clone()) });
        let bounds = (join.recover_max, self.node.limits().recover_bytes);
        let metrics = self.node.metrics();
        let recovery = join.recover.map(|from| {
            let recovered = recovery::recovered(page, &from, bounds.0, bounds.1, metrics);
            match aside {
                Some(aside) => recovery::and_aside(recovered, aside, join.aside, bounds, metrics),
                None => recovered,
            }
        });
        let handlers = self.node.handlers();
        let guarded = |events: Vec<_>| events.into_iter().map(|event| handlers.guarded(event)).collect();
        let recovery = recovery.map(|recovered| Recovered { events: guarded(recovered.events), ..recovered });
        let kept = guarded(kept);
        let presence = join.member.presence.then(|| self.presence());
        let membership = Membership::new(self.me.clone(), presence, join.hub, join.member.clone());
        let joined =
            Joined { since: Since { seq, top, ..Since::default() }, recovery, kept, number: self.number, membership };
        if let Some(mut listed) = listed {
            // From now on it ends with the membership.
            listed.stays = true;
        }
        if let Err(Ok(unwanted)) = join.answer.send(Ok(joined)) {
            // The session ended while it waited; it has not been announced to anybody.
            unwanted.membership.forget();
            self.dismiss(join.hub, ctx);
        }
    }
}

impl Handler<Join> for Channel {
    type Result = ();

    fn handle(&mut self, join: Join, ctx: &mut Self::Context) {
        if !self.is_active() {
            return self.put_off(join);
        }
        let Some(namespace) = self.node.channels().namespace(&self.name) else {
            self.check_idle_later(ctx);
            let _ = join.answer.send(Err(ReplyError::UNKNOWN_CHANNEL.into()));
            return;
        };
        self.admit(join.hub);
        // Both now: what comes behind them reaches the listener by itself.
        let begins = Begins { seq: self.seq, aside: self.read_aside(&join, &namespace) };
        match self.start_join(&join, &namespace, ctx) {
            Answer::Ready(outcome) => self.finish_join(join, begins, outcome, ctx),
            Answer::Later(outcome) => {
                self.joining += 1;
                ctx.spawn(outcome.into_actor(self).map(move |outcome, channel, ctx| {
                    channel.joining -= 1;
                    channel.finish_join(join, begins, outcome, ctx);
                }));
            }
        }
    }
}

impl Handler<Announce> for Channel {
    type Result = ();

    fn handle(&mut self, Announce(info): Announce, _: &mut Self::Context) {
        self.tell(true, info);
    }
}

impl Handler<Leave> for Channel {
    type Result = ();

    fn handle(&mut self, leave: Leave, ctx: &mut Self::Context) {
        let (info, announced) = (leave.member.info.clone(), leave.is_announced);
        self.dismiss(leave.hub, ctx);
        drop(leave);
        if announced {
            self.tell(false, info);
        }
    }
}

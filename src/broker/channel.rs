//! A channel: gives each event its position, keeps the order, and knows which hubs listen.
use super::handler::LifecycleEvent;
use super::listener::Since;
use super::message::{
    Ended, Forgotten, HubHandle, HubItem, Join, Joined, Lagging, Leave, Member, Membership, Publish, Retire, Retired,
    Route, Routed,
};
use super::{Body, Delivery, HubId, Namespace, Node, recovery};
use crate::engine::{EngineAnswer, HistoryPage, HistoryQuery, PublishOptions, Published, Retention};
use crate::metrics::NamespaceMetrics;
use crate::protocol::Push;
use crate::types::{Answer, ChannelName, Event, Fault, ReplyError};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;

/// An empty channel waits this long before it offers to end, so that a reload of a page does not remake it.
const LINGER: Duration = Duration::from_secs(1);
/// A presence entry ends with its session, whichever way that ends; this time only bounds what could be left of one in an
/// engine that outlives the process.
const PRESENCE_TTL: Duration = Duration::from_secs(30 * 24 * 3600);

/// The actor of one channel.
pub struct Channel {
    node: Node,
    name: ChannelName,
    number: u32,
    hubs: Vec<Listening>,
    /// Sessions that listen, all hubs together; read by the registry.
    listeners: Arc<AtomicUsize>,
    /// Deliveries so far.
    seq: u64,
    /// Publishes and joins that wait for the engine.
    waiting: usize,
    phase: Phase,
    idle_check: bool,
    counted: NamespaceMetrics,
}

struct Listening {
    handle: HubHandle,
    listeners: usize,
    /// The hub has been told that it is behind, and has taken nothing since.
    behind: bool,
}

#[derive(PartialEq)]
enum Phase {
    Active,
    /// The channel has offered to end and passes on what it gets; it ends when `hubs` hubs have forgotten its address.
    Retiring {
        forgotten: usize,
        hubs: Option<usize>,
    },
}

impl Channel {
    /// A channel nobody listens to yet. `listeners` is shared with the registry; `number` is unique on the node.
    pub fn new(node: Node, name: ChannelName, number: u32, listeners: Arc<AtomicUsize>) -> Self {
        let counted = node.metrics().namespace(name.namespace());
        node.metrics().channels.inc();
        Channel {
            node,
            name,
            number,
            hubs: vec![],
            listeners,
            seq: 0,
            waiting: 0,
            phase: Phase::Active,
            idle_check: false,
            counted,
        }
    }

    fn fan_out(&mut self, body: Body) {
        self.seq += 1;
        if self.hubs.is_empty() {
            return;
        }
        let delivery = Arc::new(Delivery::new(self.name.clone(), body, self.seq));
        for hub in &mut self.hubs {
            hub.offer(&delivery);
        }
    }

    fn options(&self, publish: &mut Publish, retention: Option<Retention>) -> PublishOptions {
        PublishOptions {
            retention: retention.filter(|_| !publish.skip_history),
            idempotency: publish.idempotency.take(),
            version: publish.version.take(),
        }
    }

    fn accept(&mut self, publish: Publish, outcome: Result<Published, crate::engine::Error>) {
        let position = match outcome {
            Ok(Published::Deliver(event)) => {
                let position = event.position.clone();
                self.counted.publishes.inc();
                self.fan_out(Body::Event(event));
                position
            }
            Ok(Published::OnBus(position) | Published::Repeated(position)) => position,
            Err(error) => return publish.answer.give(Err(refusal(&error))),
        };
        publish.answer.give(Ok(position));
    }

    fn admit(&mut self, hub: HubId) {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        if self.listeners.load(Ordering::Relaxed) == 1 {
            self.node.tell(LifecycleEvent::Occupied { channel: self.name.clone() });
        }
        match self.hubs.iter_mut().find(|h| h.handle.id == hub) {
            Some(hub) => hub.listeners += 1,
            None => {
                let Some(handle) = self.node.hub(hub) else { return };
                self.hubs.push(Listening { handle, listeners: 1, behind: false });
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
            self.node.tell(LifecycleEvent::Vacated { channel: self.name.clone() });
            let _ = self.node.engine().unsubscribe(&self.name);
        }
        self.check_idle_later(ctx);
    }

    fn is_idle(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) == 0 && self.waiting == 0
    }

    fn check_idle_later(&mut self, ctx: &mut Context<Self>) {
        if self.is_idle() && !self.idle_check && self.phase == Phase::Active {
            self.idle_check = true;
            ctx.run_later(LINGER, |channel, ctx| {
                channel.idle_check = false;
                if channel.is_idle() && channel.phase == Phase::Active {
                    // From now on nothing is taken in, so that a join that is on its way meets the next channel of
                    // this name instead of one that is about to end.
                    channel.phase = Phase::Retiring { forgotten: 0, hubs: None };
                    let retire = Retire { channel: channel.name.clone(), addr: ctx.address() };
                    channel.node.registry().do_send(retire);
                }
            });
        }
    }

    /// What a join reads: the bus first, then the history up to its top (decision 28).
    fn start_join(&self, join: &Join, namespace: &Namespace) -> EngineAnswer<Option<HistoryPage>> {
        let subscribed = self.node.engine().subscribe(&self.name);
        let Some(retention) = namespace.retention().filter(|_| join.positioned) else {
            return subscribed.then(|result| result.map(|()| None));
        };
        let limits = self.node.limits();
        let query = HistoryQuery {
            limit: join.recover.as_ref().map_or(0, |_| limits.recover_max + 1),
            since: join.recover.clone(),
            reverse: false,
        };
        let (engine, name) = (self.node.engine().clone(), self.name.clone());
        subscribed.and_then(move |()| engine.history(&name, query, retention).then(|result| result.map(Some)))
    }

    fn finish_join(
        &mut self,
        join: Join,
        seq: u64,
        outcome: Result<Option<HistoryPage>, crate::engine::Error>,
        ctx: &mut Context<Self>,
    ) {
        let page = match outcome {
            Ok(page) => page,
            Err(error) => {
                self.dismiss(join.hub, ctx);
                let _ = join.answer.send(Err(Fault::Reply(refusal(&error))));
                return;
            }
        };
        let top = page.as_ref().map(|page| page.top.clone());
        let recovery = join.recover.map(|from| recovery::recovered(page, &from, self.node.limits()));
        let membership = Membership::new(ctx.address(), join.hub, join.member.clone());
        let joined = Joined { since: Since { seq, top }, recovery, number: self.number, membership };
        if join.member.presence {
            // Before the answer: the session, on another worker, may ask who is present as soon as it has it.
            let _ = self.node.engine().add_presence(&self.name, join.member.info.clone(), PRESENCE_TTL);
        }
        if let Err(Ok(unwanted)) = join.answer.send(Ok(joined)) {
            // The session ended while it waited; it has not been announced to anybody.
            unwanted.membership.forget();
            if join.member.presence {
                let _ = self.node.engine().remove_presence(&self.name, join.member.info.client);
            }
            return self.dismiss(join.hub, ctx);
        }
        self.announce(join.member);
    }

    fn announce(&mut self, member: Member) {
        if member.announced {
            let push = Push::Join { channel: self.name.clone(), info: member.info };
            self.fan_out(Body::Notice(push));
        }
    }
}

impl Listening {
    fn offer(&mut self, delivery: &Arc<Delivery>) {
        match self.handle.inlet.try_send(HubItem::Delivery(delivery.clone())) {
            Ok(()) => self.behind = false,
            // Once is enough: the hub itself notices the gap at the next delivery that it takes.
            Err(TrySendError::Full(_)) if !self.behind => {
                self.behind = true;
                self.handle.addr.do_send(Lagging::Behind(delivery.channel.clone(), delivery.seq));
            }
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {}
        }
    }
}

fn refusal(error: &crate::engine::Error) -> ReplyError {
    match error {
        crate::engine::Error::Unreachable(_) => ReplyError::INTERNAL,
        crate::engine::Error::Limit(_) => ReplyError::LIMIT_EXCEEDED,
    }
}

impl Actor for Channel {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(self.node.limits().channel_queue);
    }
}

impl Handler<Publish> for Channel {
    type Result = ();

    fn handle(&mut self, mut publish: Publish, ctx: &mut Self::Context) {
        if self.phase != Phase::Active {
            let what = Routed::Publish(Box::new(publish));
            return self.node.registry().do_send(Route { hub: None, passed_on: true, what });
        }
        let Some(namespace) = self.node.namespace(&self.name) else {
            return publish.answer.give(Err(ReplyError::UNKNOWN_CHANNEL));
        };
        let options = self.options(&mut publish, namespace.retention());
        let event = Event {
            channel: self.name.clone(),
            data: publish.data.clone(),
            tags: publish.tags.take(),
            publisher: publish.publisher.take(),
            position: None,
        };
        match self.node.engine().publish(event, options) {
            Answer::Ready(outcome) => {
                self.accept(publish, outcome);
                self.check_idle_later(ctx);
            }
            Answer::Later(outcome) => {
                self.waiting += 1;
                ctx.spawn(outcome.into_actor(self).map(|outcome, channel, ctx| {
                    channel.waiting -= 1;
                    channel.accept(publish, outcome);
                    channel.check_idle_later(ctx);
                }));
            }
        }
    }
}

impl Handler<Join> for Channel {
    type Result = ();

    fn handle(&mut self, join: Join, ctx: &mut Self::Context) {
        if self.phase != Phase::Active {
            let (hub, what) = (Some(join.hub), Routed::Join(join));
            return self.node.registry().do_send(Route { hub, passed_on: true, what });
        }
        let Some(namespace) = self.node.namespace(&self.name) else {
            let _ = join.answer.send(Err(ReplyError::UNKNOWN_CHANNEL.into()));
            return;
        };
        self.admit(join.hub);
        let seq = self.seq;
        match self.start_join(&join, &namespace) {
            Answer::Ready(outcome) => self.finish_join(join, seq, outcome, ctx),
            Answer::Later(outcome) => {
                self.waiting += 1;
                ctx.spawn(outcome.into_actor(self).map(move |outcome, channel, ctx| {
                    channel.waiting -= 1;
                    channel.finish_join(join, seq, outcome, ctx);
                }));
            }
        }
    }
}

impl Handler<Leave> for Channel {
    type Result = ();

    fn handle(&mut self, leave: Leave, ctx: &mut Self::Context) {
        let Member { info, presence, announced } = leave.member;
        if presence {
            let _ = self.node.engine().remove_presence(&self.name, info.client);
        }
        self.dismiss(leave.hub, ctx);
        if announced {
            self.fan_out(Body::Notice(Push::Leave { channel: self.name.clone(), info }));
        }
    }
}

impl Channel {
    fn end_if_forgotten(&mut self, ctx: &mut Context<Self>) {
        if let Phase::Retiring { forgotten, hubs: Some(hubs) } = self.phase
            && forgotten >= hubs
        {
            ctx.stop();
        }
    }
}

impl Handler<Retired> for Channel {
    type Result = ();

    fn handle(&mut self, retired: Retired, ctx: &mut Self::Context) {
        let Phase::Retiring { hubs, .. } = &mut self.phase else { return };
        match retired {
            Retired::Once(count) => *hubs = Some(count),
            Retired::Refused => self.phase = Phase::Active,
        }
        self.end_if_forgotten(ctx);
        self.check_idle_later(ctx);
    }
}

impl Handler<Forgotten> for Channel {
    type Result = ();

    fn handle(&mut self, _: Forgotten, ctx: &mut Self::Context) {
        if let Phase::Retiring { forgotten, .. } = &mut self.phase {
            *forgotten += 1;
        }
        self.end_if_forgotten(ctx);
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.node.metrics().channels.dec();
        if self.phase != Phase::Active {
            self.node.registry().do_send(Ended { channel: self.name.clone() });
        }
        // Only after a panic: a channel retires when nobody listens.
        for hub in &self.hubs {
            hub.handle.addr.do_send(Lagging::ChannelLost(self.name.clone()));
        }
    }
}

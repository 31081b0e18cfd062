//! Events that are kept on request: each user who subscribes while an event is kept receives it once.
use super::topics::Widened;
use super::viewing::{is_meant, shown};
use super::{Session, Step};
use crate::broker::channel::Joined;
use crate::broker::hub::{counted, kept_is_unknown};
use crate::broker::{Namespace, Node};
use crate::delivery::{Claimant, ListenerKey, Settled, Since, Ticket};
use crate::engine::{Claim, HistoryQuery};
use crate::filter::{Topics, View, filtered};
use crate::protocol::{Reply, Subscribed};
use crate::types::{ANY_PLUGIN_USER, ChannelName, Event, Fault, Group, IdentityKind, Position, Topic};
use actix::prelude::*;
use std::rc::Rc;
use std::sync::Arc;

/// The name of the bound of bytes in the metrics.
const BYTES: &str = "kept_bytes";

/// A listener that is to be brought kept events, and what decides which.
pub(super) struct Receiver {
    pub channel: ChannelName,
    pub claimant: Arc<Claimant>,
    pub groups: Vec<Group>,
    pub view: Option<Rc<dyn View>>,
}

/// A listener that is brought events of a further topic, and holds back live events meanwhile.
struct Paused {
    channel: ChannelName,
    key: ListenerKey,
    /// Which of the session's joins made the listener.
    turn: u64,
    since: Since,
    /// How many events the channel keeps.
    most: usize,
}

impl Session {
    /// The claimant of the kept events that the session receives in a channel of this policy; none if the channel does not keep on request.
    /// A guest is a claimant of its own, and so is a backend whose token names no plugin.
    pub(super) fn claimant_in(&self, namespace: &Namespace) -> Option<Arc<Claimant>> {
        let retention = namespace.retention().filter(|_| namespace.keeps_on_request)?;
        let (user, kind) = (&self.identity.user, self.identity.kind);
        let is_alone = user.is_empty() || kind == IdentityKind::Anonymous || &**user == ANY_PLUGIN_USER;
        let name = if is_alone { self.id.to_string().into() } else { user.clone() };
        Some(Arc::new(Claimant { name, ttl: retention.ttl }))
    }

    /// Answers a subscribe to a further topic of a channel, with the kept events of that topic.
    pub(super) fn answer_widened(&mut self, ticket: Ticket, widened: Widened, ctx: &mut Context<Self>) -> Step {
        let begun = match widened {
            Widened::Already => None,
            Widened::By(channel, topic) => self.begin_to_bring(channel, &topic),
        };
        let Some((paused, kept)) = begun else { return Step::Done(Ok(Reply::Subscribed(Box::default()))) };
        self.later(ctx, kept, move |session, kept, ctx| session.bring_kept(ticket, paused, kept, ctx));
        Step::Waits
    }

    /// Pauses the listener of a channel that keeps on request, and reads the kept events of a topic. None if there is nothing to bring.
    fn begin_to_bring(
        &mut self,
        channel: ChannelName,
        topic: &Topic,
    ) -> Option<(Paused, impl Future<Output = Vec<Arc<Event>>> + use<>)> {
        let namespace = self.node().channels().namespace(&channel)?;
        let (claimant, retention) = (self.claimant_in(&namespace)?, namespace.retention()?);
        let (key, turn) = self.subs.get(&channel).map(|sub| (sub.key, sub.turn))?;
        let topics = Topics::of(topic)?;
        let since = self.worker.with_listener(&channel, key, |listener| listener.pause())??;
        let (view, groups) = (self.view_of(&channel), self.groups_in(&namespace));
        let receiver = Receiver { channel: channel.clone(), claimant, groups, view: Some(filtered(topics, view)) };
        let query = HistoryQuery { limit: retention.size, since: None, reverse: false };
        let page = self.node().engine().history(&channel, query, retention);
        let node = self.node().clone();
        let kept = async move {
            match page.wait().await {
                Ok(page) => {
                    let guarded = page.events.into_iter().map(|event| node.handlers().guarded(event)).collect();
                    receiver.unclaimed(guarded, &node).await
                }
                Err(error) => {
                    kept_is_unknown(&error, node.metrics());
                    vec![]
                }
            }
        };
        Some((Paused { channel, key, turn, since, most: retention.size }, kept))
    }

    fn bring_kept(&mut self, ticket: Ticket, paused: Paused, kept: Vec<Arc<Event>>, ctx: &mut Context<Self>) {
        let Paused { channel, key, turn, mut since, most } = paused;
        // The subscription may have been ended meanwhile.
        if self.subs.get(&channel).is_none_or(|sub| sub.turn != turn) {
            return self.resume(ticket, Ok(Reply::Subscribed(Box::default())), ctx);
        }
        // Events that were brought earlier may still be on their way from the hub: the newest of them, as many as a channel keeps.
        let earlier = since.brought.iter().rev().take(most.saturating_sub(kept.len())).rev().cloned();
        since.brought = earlier.chain(positions(&kept)).collect();
        let settled = self.worker.with_listener(&channel, key, |listener| listener.settle(since.clone()));
        let (since, has_lost) = match settled {
            Some(Settled::AsTold(since)) => (since, false),
            Some(Settled::Later(since)) => {
                self.node().metrics().reached("join_buffer");
                (since, true)
            }
            Some(Settled::Cut) | None => (since, false),
        };
        self.conclude(ticket, Ok(Reply::Subscribed(Box::new(Subscribed { kept, ..Subscribed::default() }))), ctx);
        self.worker.go_live(&channel, key, since);
        if has_lost {
            // Topics that it had before are missing events, too, which nothing else would tell.
            return self.resync(&channel, ctx);
        }
        if self.worker.is_cut(&channel, key) {
            self.worker.come_back(&channel, key);
        }
        self.proceed(ctx);
    }
}

impl Receiver {
    /// The events that the listener is brought: those for its groups that its view shows and its claimant has not received. None if the
    /// view or the engine fails. They count as received from now on.
    async fn unclaimed(&self, kept: Vec<Arc<Event>>, node: &Node) -> Vec<Arc<Event>> {
        let meant = kept.into_iter().filter(|event| is_meant(event, &self.groups)).collect();
        let seen = match &self.view {
            Some(view) => shown(meant, |_| true, &**view, node).await.unwrap_or_default(),
            None => meant,
        };
        self.claimed(seen, node).await
    }

    /// Those of these events that the claimant has not received, the newest that fill half of an outbox, and at least one: live events
    /// behind them must not cut a client that is still reading. What was received before takes no room from what was not.
    async fn claimed(&self, mut seen: Vec<Arc<Event>>, node: &Node) -> Vec<Arc<Event>> {
        let mut left = node.limits().outbox / 2;
        let mut brought = vec![];
        while !seen.is_empty() {
            let fitting = fitting(&seen, left).max(usize::from(brought.is_empty()));
            if fitting == 0 {
                node.metrics().reached(BYTES);
                break;
            }
            let mut newest = seen.split_off(seen.len() - fitting);
            if !self.claim(&mut newest, node).await {
                break;
            }
            left = left.saturating_sub(newest.iter().map(|event| event.bytes()).sum());
            newest.append(&mut brought);
            brought = newest;
        }
        brought
    }

    /// Claims events for the claimant and leaves those that are new to it; false where that cannot be told.
    async fn claim(&self, events: &mut Vec<Arc<Event>>, node: &Node) -> bool {
        let Some(epoch) = events.first().and_then(|event| Some(event.position.as_ref()?.epoch.clone())) else {
            return false;
        };
        let Claimant { name, ttl } = &*self.claimant;
        let offsets = positions(events).map(|position| position.offset).collect();
        let claim = Claim { epoch, offsets, claimants: vec![name.clone()], ttl: *ttl };
        let claimed = node.engine().claim(&self.channel, claim).wait().await;
        let Some(claimed) = counted(claimed, node.metrics()) else { return false };
        let is_new = |event: &Event| event.position.as_ref().is_some_and(|at| claimed.new.contains(&at.offset));
        events.retain(|event| is_new(event));
        true
    }
}

/// The outcome of a join, with the kept events that the listener is brought.
pub(super) async fn joined_and_brought(
    joined: impl Future<Output = Result<Joined, Fault>>,
    receiver: Option<Receiver>,
    node: Node,
) -> Result<Joined, Fault> {
    let mut joined = joined.await?;
    if let Some(receiver) = receiver {
        joined.kept = receiver.unclaimed(std::mem::take(&mut joined.kept), &node).await;
        joined.since.brought = positions(&joined.kept).collect();
    }
    Ok(joined)
}

fn positions(events: &[Arc<Event>]) -> impl Iterator<Item = Position> {
    events.iter().filter_map(|event| event.position.clone())
}

/// How many of these events fit into so many bytes, from the newest.
fn fitting(events: &[Arc<Event>], most: usize) -> usize {
    let sizes = events.iter().rev().scan(0_usize, |sum, event| {
        *sum += event.bytes();
        Some(*sum)
    });
    sizes.take_while(|sum| *sum <= most).count()
}

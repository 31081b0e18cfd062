//! A channel: gives each event its position, keeps the order, and knows which hubs listen.
mod abroad;
mod aside;
mod following;
mod joining;
mod message;
mod port;
mod presence;
mod publish;
mod publishing;
mod retirement;

use super::Node;
use super::hub::{Backlog, HubHandle, HubItem, Lagging};
use crate::delivery::{Body, Delivery, Seq, Skipped};
use crate::metrics::NamespaceMetrics;
use crate::types::{ChannelName, Place};
use abroad::Abroad;
use actix::prelude::*;
use following::Following;
pub use message::{ChannelRef, Forgotten, Join, Joined, Leave, Member, Membership, Passing, Retired, Unsent};
pub(super) use port::port;
pub use presence::Presence;
pub use publish::{Publish, PublishAnswer, PublishOutcome};
use publishing::Publishing;
use retirement::Phase;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use tokio::sync::mpsc::error::TrySendError;

/// The actor of one channel.
pub struct Channel {
    node: Node,
    name: ChannelName,
    /// Who is present, once somebody is to be listed.
    presence: Option<Arc<Presence>>,
    me: ChannelRef,
    number: u32,
    /// Most channels are listened to by few: the first stands here itself.
    hubs: SmallVec<[Listening; 1]>,
    /// Sessions that listen, all hubs together; read by the registry.
    listeners: Arc<AtomicUsize>,
    life: u64,
    /// The count of the last delivery.
    seq: Seq,
    publishing: Publishing,
    /// Joins that wait for the engine.
    joining: usize,
    following: Following,
    abroad: Abroad,
    /// Where listeners stand that have got all that was sent, in a home with history; none until that is known.
    stands: Option<Place>,
    phase: Phase,
    idle_check: bool,
    counted: NamespaceMetrics,
}

struct Listening {
    handle: HubHandle,
    listeners: usize,
    /// What did not fit since the last that did.
    skipped: Skipped,
    /// What did not fit into its queue.
    backlog: Arc<Backlog>,
}

impl Channel {
    /// A channel nobody listens to yet, to which `me` leads. `listeners` is shared with the registry; `number` is unique on the node, and `life`
    /// greater than that of any earlier channel.
    pub fn new(
        node: Node,
        name: ChannelName,
        number: u32,
        (me, life): (ChannelRef, u64),
        listeners: Arc<AtomicUsize>,
    ) -> Self {
        let counted = node.metrics().namespace(name.namespace());
        node.metrics().channels.inc();
        Channel {
            node,
            name,
            presence: None,
            me,
            number,
            hubs: SmallVec::new(),
            listeners,
            life,
            seq: Seq::from(life) << 64,
            publishing: Publishing::default(),
            joining: 0,
            following: Following::default(),
            abroad: Abroad::default(),
            stands: None,
            phase: Phase::Active,
            idle_check: false,
            counted,
        }
    }

    fn presence(&mut self) -> Arc<Presence> {
        let (node, name) = (&self.node, &self.name);
        let make = || Arc::new(Presence::new(node.engine().clone(), node.metrics().clone(), name.clone()));
        self.presence.get_or_insert_with(make).clone()
    }

    fn fan_out(&mut self, body: Body) {
        self.show_taps(&body);
        let body = match body {
            Body::Event(event) => Body::Event(self.node.handlers().guarded(event)),
            other => other,
        };
        self.seq += 1;
        let stands = self.stand(&body);
        let round = body.round();
        if let Some(round) = round {
            self.node.homes().rounds().sent(round, self.hubs.len());
        }
        // Also where nobody listens: then the numbers are complete at once.
        let tally = body.account().and_then(|name| self.node.accounts().begin(name));
        if self.hubs.is_empty() {
            return;
        }
        let mut delivery = Delivery::new(self.name.clone(), body, self.seq);
        (delivery.stands, delivery.tally) = (stands, tally);
        let delivery = Arc::new(delivery);
        for hub in &mut self.hubs {
            let is_taken = hub.offer(&delivery);
            // A hub that does not get the event asks nobody.
            if let Some(round) = round.filter(|_| !is_taken) {
                self.node.homes().rounds().asked(round, []);
            }
            if let Some(tally) = delivery.tally.as_ref().filter(|_| !is_taken) {
                tally.leave_out();
            }
        }
    }
}

impl Channel {
    /// Shows those who watch what is about to be delivered, as it is before anything is held back from listeners.
    fn show_taps(&self, body: &Body) {
        if let Body::Event(event) = body
            && self.node.taps().is_any()
        {
            self.node.taps().show(event);
        }
    }
}

impl Listening {
    /// Whether the hub has taken it.
    fn offer(&mut self, delivery: &Arc<Delivery>) -> bool {
        match self.handle.inlet.try_send(HubItem::Delivery(delivery.clone(), self.skipped)) {
            Ok(()) => {
                self.skipped = Skipped::default();
                true
            }
            Err(TrySendError::Full(_)) => {
                self.skipped.add(&delivery.body);
                self.fall_behind(&delivery.channel, delivery.seq, self.skipped.is_undone);
                false
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }

    /// Something did not fit: those who listen now are told, also where nothing more comes.
    fn fall_behind(&self, channel: &ChannelName, seq: Seq, is_undone: bool) {
        if self.backlog.add(seq, is_undone) {
            self.handle.addr.do_send(Lagging::Behind(channel.clone(), self.backlog.clone()));
        }
    }
}

impl Actor for Channel {
    type Context = Context<Self>;
}

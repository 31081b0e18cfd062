//! What the actors say to each other.
mod publish;

pub use publish::{Publish, PublishAnswer, PublishDone};

use super::channel::{drive, list};
use super::hub::{Hub, HubId};
use super::routing::RoutePlace;
use super::{Channel, Node};
use crate::delivery::{Delivery, Instruction, ListenerKey, Seq, Since, Skipped, Ticket};
use crate::protocol::{Command, Recovered};
use crate::types::{ChannelName, ClientInfo, Disconnect, Fault, Position};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// A command of a client, to its session.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Ask {
    /// Names the command's place in the order of answers.
    pub ticket: Ticket,
    /// What is asked.
    pub command: Command,
}

/// The connection of a session is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Gone {
    /// What the client was told, or would have been.
    pub reason: Disconnect,
}

/// A join on its way to its channel. The listener is in its hub already, holding back what comes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Join {
    /// Where to.
    pub channel: ChannelName,
    /// Where the listener is.
    pub hub: HubId,
    /// Who, for presence and for the join that others are told.
    pub member: Member,
    /// Tell the top of the history.
    pub positioned: bool,
    /// Bring what came after this position.
    pub recover: Option<Position>,
    /// And after this one, in the history that this node alone has.
    pub aside: Option<Position>,
    /// At most this many events.
    pub recover_max: usize,
    /// Who waits.
    pub answer: oneshot::Sender<Result<Joined, Fault>>,
}

/// A listener as the others in the channel see it.
#[derive(Clone)]
pub struct Member {
    /// What they are told.
    pub info: Arc<ClientInfo>,
    /// Kept in presence.
    pub presence: bool,
    /// Told of as join and leave.
    pub announced: bool,
}

/// A listener is counted by its channel from now on.
pub struct Joined {
    /// Where it begins.
    pub since: Since,
    /// What became of a recovery; none if none was asked for.
    pub recovery: Option<Recovered>,
    /// The channel's number on this node.
    pub number: u32,
    /// Its place in the channel.
    pub membership: Membership,
}

/// A listener's place in its channel. Dropping it leaves, so that no path forgets to: neither a session that ends while
/// its join is under way, nor one that panics.
pub struct Membership {
    addr: Addr<Channel>,
    leave: Option<Leave>,
}

impl Membership {
    /// A place taken in the channel at `addr`.
    pub fn new(addr: Addr<Channel>, node: &Node, channel: &ChannelName, hub: HubId, member: Member) -> Self {
        Membership { addr, leave: Some(Leave { node: node.clone(), channel: channel.clone(), hub, member }) }
    }

    /// The member is seen otherwise from now on: in presence, and when it leaves.
    pub fn renew(&mut self, member: &Member) {
        let Some(leave) = self.leave.as_mut().filter(|leave| !Arc::ptr_eq(&leave.member.info, &member.info)) else {
            return;
        };
        leave.member.info = member.info.clone();
        if leave.member.presence {
            drive(list(&leave.node, &leave.channel, member.info.clone()));
        }
    }

    /// Gives up the place without telling the channel, which itself undoes the join; the member's presence ends here.
    pub fn forget(mut self) {
        self.leave = None;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        if let Some(leave) = self.leave.take() {
            self.addr.do_send(leave);
        }
    }
}

/// A listener is gone. Its presence ends with this message, whether its channel gets it or has died before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Leave {
    node: Node,
    channel: ChannelName,
    /// Where it was.
    pub hub: HubId,
    /// Who it was.
    pub member: Member,
}

impl Drop for Leave {
    fn drop(&mut self) {
        if self.member.presence {
            drive(self.node.engine().remove_presence(&self.channel, self.member.info.client));
        }
    }
}

/// To the registry: pass this on to its channel, which is made if there is none, and tell the hub where it lives.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Route {
    /// The hub that asks, on whose worker a new channel is placed; none for callers outside the workers.
    pub hub: Option<HubId>,
    /// It comes from a channel that is retiring: older than whatever else waits for that channel's end.
    pub passed_on: bool,
    /// What to pass on.
    pub what: Routed,
    /// Its place among what is on its way; none for joins, and for what a retiring channel passes on, which that channel's
    /// queue has bounded.
    pub place: Option<RoutePlace>,
}

/// What the registry passes on.
pub enum Routed {
    /// A publish.
    Publish(Box<Publish>),
    /// A join.
    Join(Join),
    /// Something to be done to its listeners.
    Instruction(Instruction),
}

/// To the registry: this channel is empty, and offers to end.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Retire {
    /// Its name.
    pub channel: ChannelName,
    /// Its address.
    pub addr: Addr<Channel>,
}

/// To a channel: what became of its offer to retire.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Retired {
    /// Nobody is told your address any more; you may end once this many hubs have said [`Forgotten`].
    Once(usize),
    /// A hub could not be told just now: go on, with what came meanwhile first.
    Refused,
}

/// To the registry: a channel has ended, and has passed on all it got; or it died.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Ended {
    /// Its name.
    pub channel: ChannelName,
    /// Which of those that have had this name.
    pub life: u64,
}

/// To a channel: this hub has forgotten your address; all it sent before has arrived.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Forgotten(pub HubId);

/// To a hub, in order with deliveries.
pub enum HubItem {
    /// Something for the listeners of a channel, and what the hub was not sent before it.
    Delivery(Arc<Delivery>, Skipped),
    /// What the channel should have delivered with this count is lost, beside what the hub was not sent before.
    Gap(ChannelName, Seq, Skipped),
    /// Where a channel lives.
    Route(ChannelName, Addr<Channel>),
    /// A channel is about to end.
    Forget(ChannelName, Forgetting),
}

/// A hub's order to forget a channel's address. Dropping it says that it is done, so that a hub that ends with its thread
/// does not keep the channel from ending.
pub struct Forgetting(Addr<Channel>, HubId);

impl Forgetting {
    /// To be done by this hub.
    pub fn new(addr: Addr<Channel>, hub: HubId) -> Self {
        Forgetting(addr, hub)
    }

    /// What to forget.
    pub fn addr(&self) -> &Addr<Channel> {
        &self.0
    }
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        self.0.do_send(Forgotten(self.1));
    }
}

/// To a hub, past its full queue.
#[derive(Message)]
#[rtype(result = "()")]
pub enum Lagging {
    /// Deliveries of the channel did not fit.
    Behind(ChannelName, Arc<Backlog>),
    /// A listener missed something while it joined, and is to come back.
    Cut(ChannelName, ListenerKey),
    /// The channel's actor died; it would have counted no further than this.
    ChannelLost(ChannelName, Seq),
}

/// How far a hub is behind with a channel: the channel says how far the last delivery went that did not fit, as long as the hub
/// has not looked. So the hub has at most one message of it in its mailbox, and misses none.
#[derive(Debug)]
pub struct Backlog {
    /// The channel's counts are above this.
    base: Seq,
    upto: AtomicU64,
    /// Among it was something that was to be done to listeners.
    is_undone: AtomicBool,
    is_told: AtomicBool,
}

impl Backlog {
    /// Nothing is missing yet of a channel whose counts are above `base`, by less than 2^64.
    pub fn new(base: Seq) -> Self {
        Backlog { base, upto: AtomicU64::new(0), is_undone: AtomicBool::new(false), is_told: AtomicBool::new(false) }
    }

    /// The delivery of this count did not fit; whether the hub is to be told.
    pub fn add(&self, seq: Seq, is_undone: bool) -> bool {
        let above = u64::try_from(seq.saturating_sub(self.base)).unwrap_or(u64::MAX);
        self.upto.store(above, Ordering::SeqCst);
        self.is_undone.fetch_or(is_undone, Ordering::SeqCst);
        !self.is_told.swap(true, Ordering::SeqCst)
    }

    /// The hub looks: how far it is behind, and whether something was to be done. In this order: what is added after the look is
    /// told anew.
    pub fn take(&self) -> (Seq, bool) {
        self.is_told.store(false, Ordering::SeqCst);
        let is_undone = self.is_undone.swap(false, Ordering::SeqCst);
        (self.base + Seq::from(self.upto.load(Ordering::SeqCst)), is_undone)
    }
}

/// How to reach a hub from any thread.
#[derive(Clone)]
pub struct HubHandle {
    /// Its name.
    pub id: HubId,
    /// The thread it is on, for placing channels there.
    pub arbiter: ArbiterHandle,
    /// Its queue.
    pub inlet: mpsc::Sender<HubItem>,
    /// Its mailbox, for what must not be lost.
    pub addr: Addr<Hub>,
}

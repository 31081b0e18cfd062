//! The messages to a channel, and the port through which any thread sends them.
use super::presence::{Presence, drive};
use super::publish::Publish;
use crate::broker::hub::HubId;
use crate::delivery::{Instruction, Since};
use crate::protocol::Recovered;
use crate::types::{ChannelName, ClientInfo, Event, Fault, Position};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::oneshot;

/// Sends messages to a channel's actor. What is sent from one thread arrives in this order.
pub trait ChannelPort: Send + Sync {
    /// Which of those that have had this name it is.
    fn life(&self) -> u64;

    /// Whether it still takes anything.
    fn is_there(&self) -> bool;

    /// Sends a publish, unless its queue is full or it has ended: then it comes back.
    fn publish(&self, publish: Publish) -> Result<(), Unsent>;

    /// Sends something to be done to its listeners; false where its queue is full.
    fn instruct(&self, instruction: Instruction) -> bool;

    /// Sends a join: bounded by its session, which has at most as many under way as it may have channels.
    fn join(&self, join: Join);

    /// Has the listeners told that somebody has come.
    fn announce(&self, info: Arc<ClientInfo>);

    /// Tells it that a listener is gone.
    fn leave(&self, leave: Leave);

    /// Tells it what became of its offer to retire.
    fn retired(&self, retired: Retired);

    /// Tells it that a hub has forgotten the address; all that was sent from there before has arrived.
    fn forgotten(&self, hub: HubId);
}

/// A publish that did not get into a channel's queue.
pub enum Unsent {
    /// The queue is full.
    Full(Box<Publish>),
    /// The channel has ended.
    Ended(Box<Publish>),
}

/// The port of a channel, which many hold.
pub type ChannelRef = Arc<dyn ChannelPort>;

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
    /// Bring all that is kept for those who subscribe later, in a channel that keeps on request.
    pub kept: bool,
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
    /// What was kept when the join began, for whomever, oldest first; empty where it was not asked for.
    pub kept: Vec<Arc<Event>>,
    /// The channel's number on this node.
    pub number: u32,
    /// Its place in the channel.
    pub membership: Membership,
}

/// A listener's place in its channel. Dropping it leaves, so that no path forgets to: neither a session that ends while
/// its join is under way, nor one that panics.
pub struct Membership {
    channel: ChannelRef,
    leave: Option<Leave>,
}

impl Membership {
    /// A place taken in this channel. `presence` lists the member, if it is listed.
    pub fn new(channel: ChannelRef, presence: Option<Arc<Presence>>, hub: HubId, member: Member) -> Self {
        Membership { channel, leave: Some(Leave { presence, hub, member, is_announced: false }) }
    }

    /// The member is seen otherwise from now on: in presence, and when it leaves.
    pub fn renew(&mut self, member: &Member) {
        let Some(leave) = self.leave.as_mut().filter(|leave| !Arc::ptr_eq(&leave.member.info, &member.info)) else {
            return;
        };
        leave.member.info = member.info.clone();
        if let Some(presence) = &leave.presence {
            drive(presence.list(member.info.clone()));
        }
    }

    /// The client knows of its place: now the others are told of it, if they shall be.
    pub fn announce(&mut self) {
        if let Some(leave) = self.leave.as_mut().filter(|leave| leave.member.announced && !leave.is_announced) {
            leave.is_announced = true;
            self.channel.announce(leave.member.info.clone());
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
            self.channel.leave(leave);
        }
    }
}

/// A listener is gone. Its presence ends with this message, whether its channel gets it or has died before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Leave {
    presence: Option<Arc<Presence>>,
    /// Where it was.
    pub hub: HubId,
    /// Who it was.
    pub member: Member,
    /// The others have been told that it came.
    pub is_announced: bool,
}

impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(presence) = &self.presence {
            drive(presence.remove(self.member.info.client));
        }
    }
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

/// To a channel: this hub has forgotten your address; all it sent before has arrived.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Forgotten(pub HubId);

/// Something that is on its way to a channel through the registry, until it has reached its channel.
pub struct Passing(Arc<AtomicUsize>);

impl Passing {
    /// One more.
    pub fn one(of: &Arc<AtomicUsize>) -> Self {
        of.fetch_add(1, Ordering::AcqRel);
        Passing(of.clone())
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tell the listeners that somebody has come.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Announce(pub Arc<ClientInfo>);

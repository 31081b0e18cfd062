//! The messages to the registry, and the port through which any thread sends them.
use crate::broker::channel::{ChannelRef, Join, Passing, Publish};
use crate::broker::hub::HubId;
use crate::delivery::Instruction;
use crate::types::{BoxFuture, ChannelName, ReplyError};
use actix::prelude::*;
use tokio::sync::OwnedSemaphorePermit;

/// Sends messages to the registry.
pub trait RegistryPort: Send + Sync {
    /// Whether it is still there.
    fn is_there(&self) -> bool;

    /// Sends something to be passed on to its channel.
    fn route(&self, route: Route);

    /// Offers to end a channel.
    fn retire(&self, retire: Retire);

    /// Tells it that a channel has ended.
    fn ended(&self, ended: Ended);

    /// The channels that have listeners, with how many they have.
    fn occupied(&self) -> BoxFuture<Result<Vec<(ChannelName, usize)>, ReplyError>>;

    /// How many listeners a channel has: none where it is not there.
    fn listeners(&self, channel: &ChannelName) -> BoxFuture<Result<usize, ReplyError>>;

    /// How many channels have listeners, and how many those are.
    fn count(&self) -> BoxFuture<Result<(usize, usize), ReplyError>>;

    /// Runs something on the registry's thread, where an actix system is at hand.
    fn run(&self, what: Box<dyn FnOnce() + Send>);
}

/// The place of one publish or instruction, given back when it has reached its channel.
pub struct RoutePlace(#[expect(dead_code, reason = "it is held, and given back when dropped")] OwnedSemaphorePermit);

impl RoutePlace {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        RoutePlace(permit)
    }
}

/// To the registry: pass this on to its channel, which is made if there is none, and tell the hub where it lives.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Route {
    /// The hub that asks, to be told the channel's address; none for callers outside the workers.
    pub hub: Option<HubId>,
    /// Where a new channel lives.
    pub choice: HubChoice,
    /// It comes from a channel that is retiring: older than whatever else waits for that channel's end.
    pub passed_on: bool,
    /// What to pass on.
    pub what: Routed,
    /// Its place among what is on its way; none for joins, and for what a retiring channel passes on, which that channel's
    /// queue has bounded.
    pub place: Option<RoutePlace>,
    /// Given back when it has reached its channel; none for what a retiring channel passes on.
    pub passing: Option<Passing>,
}

/// Where a channel lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubChoice {
    /// On the worker of this hub.
    Hub(HubId),
    /// On one of the workers, by the channel's name.
    ByName,
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

impl From<Publish> for Routed {
    fn from(publish: Publish) -> Self {
        Routed::Publish(Box::new(publish))
    }
}

impl From<Join> for Routed {
    fn from(join: Join) -> Self {
        Routed::Join(join)
    }
}

impl From<Instruction> for Routed {
    fn from(instruction: Instruction) -> Self {
        Routed::Instruction(instruction)
    }
}

/// To the registry: this channel is empty, and offers to end.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Retire {
    /// Its name.
    pub channel: ChannelName,
    /// Its address.
    pub address: ChannelRef,
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

/// Asks for the channels that have listeners, with how many they have.
#[derive(Message)]
#[rtype(result = "Vec<(ChannelName, usize)>")]
pub(super) struct Occupied;

/// Asks how many listeners a channel has.
#[derive(Message)]
#[rtype(result = "usize")]
pub(super) struct Listeners(pub ChannelName);

/// Asks how many channels have listeners, and how many those are.
#[derive(Message)]
#[rtype(result = "(usize, usize)")]
pub(super) struct Count;

/// Asks to run something on the registry's thread.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Run(pub Box<dyn FnOnce() + Send>);

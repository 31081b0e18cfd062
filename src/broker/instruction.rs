//! What is done to the listeners of a channel, in order with its events: whoever regroups them and then publishes finds them
//! regrouped.
use super::message::SessionOrder;
use crate::types::{Audience, ChannelName, Group};
use actix::prelude::*;

/// Something done to those listeners of a channel that are meant.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Instruction {
    /// The channel.
    pub channel: ChannelName,
    /// Which of its listeners.
    pub audience: Audience,
    /// What.
    pub what: Instruct,
}

/// What is done to a listener.
#[derive(Debug, Clone)]
pub enum Instruct {
    /// It enters and leaves groups; its own, named after its session, it keeps.
    Regroup {
        /// Enters these.
        join: Vec<Group>,
        /// Leaves these.
        leave: Vec<Group>,
    },
    /// Its session is ordered to do something.
    Order(SessionOrder),
}

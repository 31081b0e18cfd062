//! Instructions for the listeners of a channel, in order with its events: whoever changes groups and then publishes finds the groups
//! changed.
use super::{Loss, SessionOrder};
use crate::types::{Audience, ChannelName, Group};
use actix::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

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
    /// Events have been lost to it that nobody can bring, or may have been: it is told, and goes on.
    Lag(Loss),
    /// Somebody wants to know which groups it is in.
    Tell(GroupsQuery),
}

/// Whom to tell the groups of the first listener that is found.
#[derive(Debug, Clone)]
pub struct GroupsQuery(Arc<Mutex<Option<oneshot::Sender<Vec<Group>>>>>);

impl GroupsQuery {
    /// Somebody who waits.
    pub fn new(waiting: oneshot::Sender<Vec<Group>>) -> Self {
        GroupsQuery(Arc::new(Mutex::new(Some(waiting))))
    }

    /// Tells, unless another one was told of before.
    pub fn tell(&self, groups: &[Group]) {
        // A poisoned lock is that of a whole value: it is only ever taken.
        if let Some(waiting) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Who waited may have given up.
            let _ = waiting.send(groups.to_vec());
        }
    }
}

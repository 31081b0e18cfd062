//! The messages to a session.
use crate::delivery::Ticket;
use crate::protocol::Command;
use crate::types::{Disconnect, ReplyError};
use actix::prelude::*;

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

/// The outcome of a publish of a session, back to it.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct PublishDone {
    /// Which command it was.
    pub ticket: Ticket,
    /// None if it was accepted.
    pub refused: Option<ReplyError>,
}

//! The messages to the inbox.
use super::ListenerId;
use super::queue::EventQueue;
use crate::types::{ChannelName, ReplyError};
use actix::prelude::*;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Add a listener.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Register {
    pub channel: ChannelName,
    pub id: ListenerId,
    pub queue: Arc<EventQueue>,
    /// Told when the subscription stands.
    pub answer: oneshot::Sender<Result<(), ReplyError>>,
}

/// Take a listener out.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Unregister(pub ChannelName, pub ListenerId);

//! The messages to the inbox.
use super::ListenerId;
use super::queue::EventQueue;
use crate::filter::View;
use crate::types::{ChannelName, ReplyError};
use actix::prelude::*;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::oneshot;

/// How the session of a listener sees a channel; asked on the thread where it hears.
pub(super) type ViewOf = Arc<dyn Fn(&ChannelName) -> Option<Rc<dyn View>> + Send + Sync>;

/// Add a listener.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Register {
    pub channel: ChannelName,
    pub id: ListenerId,
    pub view_of: ViewOf,
    pub queue: Arc<EventQueue>,
    /// Told when the subscription stands.
    pub answer: oneshot::Sender<Result<(), ReplyError>>,
}

/// Take a listener out.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Unregister(pub ChannelName, pub ListenerId);

//! What clients are told without asking, on any wire. Events are encoded separately: [`super::Encoding::event`].
use super::{Expiry, Subscribed};
use crate::types::{ChannelName, ClientInfo, Disconnect, Json, Unsubscribed};
use std::sync::Arc;

/// Something the client did not ask for.
#[derive(Debug, Clone)]
pub enum Push {
    /// Somebody listens to a channel from now on.
    Join {
        /// Where.
        channel: ChannelName,
        /// Who.
        info: Arc<ClientInfo>,
    },
    /// Somebody does not listen any more.
    Leave {
        /// Where.
        channel: ChannelName,
        /// Who.
        info: Arc<ClientInfo>,
    },
    /// The server subscribed this session.
    Subscribe {
        /// Where.
        channel: ChannelName,
        /// As in the reply to a subscribe.
        subscribed: Box<Subscribed>,
    },
    /// The server ended a subscription.
    Unsubscribe {
        /// Where.
        channel: ChannelName,
        /// Why.
        reason: Unsubscribed,
    },
    /// The session's listener of a channel has missed events that nobody can bring, and goes on.
    Lagged {
        /// Where.
        channel: ChannelName,
        /// How many, at least.
        count: u64,
    },
    /// A message to this session alone.
    Message(Json),
    /// The connection's expiry changed.
    Refresh(Option<Expiry>),
    /// The connection ends (for carriers without a close frame).
    Disconnect(Disconnect),
}

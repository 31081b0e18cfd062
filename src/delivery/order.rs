//! Commands of the server to a session.
use super::{DescriptionQuery, Ticket};
use crate::auth::{Overrides, SubscriptionOptions};
use crate::protocol::Recover;
use crate::types::{ChannelName, Disconnect, Event, Identity, Json, ReplyError, Revocation, Unsubscribed};
use actix::prelude::*;
use std::sync::Arc;

/// What the server orders a session to do.
#[derive(Message, Clone, Debug)]
#[rtype(result = "()")]
pub enum SessionOrder {
    /// Subscribe by itself.
    Subscribe(Box<(ChannelName, SubscribeOptions)>),
    /// End a subscription and say so.
    Unsubscribe(ChannelName, Unsubscribed),
    /// End all subscriptions and say so for each.
    UnsubscribeAll(Unsubscribed),
    /// End.
    Disconnect(Disconnect),
    /// Change when the session ends, and what others see of it.
    Refresh {
        /// In seconds since 1970; none for never.
        expire_at: Option<i64>,
        /// New information about the user, if there is some.
        info: Option<Json>,
    },
    /// Stand for somebody else from now on, who has shown a token; none is nobody in particular again.
    Identify(Option<Arc<Identity>>),
    /// Tell the client.
    Message(Json),
    /// Bring the client this event of the session's home: past the channel, so in no order with the others there.
    Bring(Arc<Event>),
    /// Something of what its token granted has been taken back, of tokens that say they were issued up to this time.
    Revoke(Arc<Revocation>, i64),
    /// Tell of itself: who it is, and what it listens to.
    Describe(Arc<DescriptionQuery>),
    /// Events of this channel were lost on the way: the listener has to come back.
    Resync(ChannelName),
}

/// How a server-side subscription differs from what its namespace says.
#[derive(Debug, Clone, Default)]
pub struct SubscribeOptions {
    /// Shown to others as `chan_info`.
    pub info: Option<Json>,
    /// Given to the client with the subscription.
    pub data: Option<Json>,
    /// Settings of the namespace that do not hold here.
    pub overrides: Overrides,
    /// When it ends, in seconds since 1970.
    pub expire_at: Option<i64>,
    /// Bring what came after this position.
    pub recover: Option<Recover>,
}

impl From<SubscriptionOptions> for SubscribeOptions {
    fn from(granted: SubscriptionOptions) -> Self {
        let SubscriptionOptions { info, data, overrides } = granted;
        SubscribeOptions { info, data, overrides, ..SubscribeOptions::default() }
    }
}

/// Who is told what is done to a listener: its session, or whoever else holds it.
pub trait Holder: Send + Sync {
    /// Has it done, sooner or later.
    fn order(&self, order: SessionOrder);

    /// Tells the outcome of a publish: none where it was accepted. Who publishes no commands is never told.
    fn published(&self, ticket: Ticket, refused: Option<ReplyError>) {
        let _ = (ticket, refused);
    }
}

//! What a session tells of itself to whoever inspects the sessions of a node.
use crate::types::{ChannelName, IdentityKind, SessionId, Space};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::mpsc;

/// A session as it tells of itself. Nothing in it lets anybody in, and nothing is for handlers alone: no token and none of its
/// claims but the user and the groups, and no `meta`. Nodes send it to each other in this form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// Its id.
    pub client: SessionId,
    /// Its user; empty for nobody in particular.
    pub user: Arc<str>,
    /// What kind of party it stands for.
    pub kind: IdentityKind,
    /// The `[auth]` block that its token was verified with; empty where there was none.
    pub realm: Arc<str>,
    /// The channel that it is registered to publish in; none for a session that is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<String>,
    /// The groups of its identity, such as roles and entity refs; sorted.
    pub groups: Vec<String>,
    /// What it is subscribed to, by space and name. At most `limits.channels_per_connection`, and its home.
    pub subscriptions: Vec<DescribedSubscription>,
}

/// A subscription as its session tells of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DescribedSubscription {
    /// The space of its channel.
    pub space: Space,
    /// The channel's name in that space.
    pub channel: String,
    /// The topics that it is limited to; empty where it is to the whole channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
}

/// Asks sessions to tell of themselves. Each session that is asked gets a copy, and drops it when it has answered, is not meant or
/// has ended: once all copies are gone, no more answers come.
#[derive(Debug, Clone)]
pub struct DescriptionQuery {
    subscribed_to: Option<ChannelName>,
    // Bounded by the sessions that are asked, each of which answers once.
    waiting: mpsc::UnboundedSender<SessionDescription>,
}

impl DescriptionQuery {
    /// A query to all sessions that get it or, where a channel is named, to those of them that are subscribed to it; and where
    /// the answers come.
    pub fn new(subscribed_to: Option<ChannelName>) -> (Self, mpsc::UnboundedReceiver<SessionDescription>) {
        let (waiting, told) = mpsc::unbounded_channel();
        (DescriptionQuery { subscribed_to, waiting }, told)
    }

    /// The channel that the sessions meant are subscribed to; none where all are meant.
    pub fn subscribed_to(&self) -> Option<&ChannelName> {
        self.subscribed_to.as_ref()
    }

    /// Answers with the description of a session.
    pub fn tell(&self, description: SessionDescription) {
        // Whoever waited may have given up.
        let _ = self.waiting.send(description);
    }
}

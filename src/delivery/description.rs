//! How a session describes itself to whoever inspects the sessions of a node.
use crate::types::{ChannelName, IdentityKind, SessionId, Space};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// A session as it tells of itself. Nothing in it lets anybody in, and nothing is for handlers alone: no token and none of its
/// claims but the user and the groups, and no `meta`. Nodes send it to each other in this form, and the HTTP API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionDescription {
    /// The session's id. A connection of Socket.IO has one for each namespace.
    #[schema(value_type = String)]
    pub client: SessionId,
    /// The user; empty for nobody in particular.
    #[schema(value_type = String)]
    pub user: Arc<str>,
    /// `anonymous`, `user`, `service` or `key`.
    #[schema(value_type = String)]
    pub kind: IdentityKind,
    /// The realm of its token: `auth.realm`, which is empty by default, or `backstage` on the wires of Backstage, for their guests,
    /// too. Without a token it is empty on all other wires.
    #[schema(value_type = String)]
    pub realm: Arc<str>,
    /// The channel that it is registered to publish in; left out where it is not registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<String>,
    /// Its groups, such as roles and entity refs; sorted.
    pub groups: Vec<String>,
    /// What it is subscribed to, by space and channel. At most `limits.channels_per_connection`, and its home.
    pub subscriptions: Vec<DescribedSubscription>,
    /// How its client is connected; left out for a session that server code opened, and by nodes of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<TransportDescription>,
}

/// How the client of a session is connected. Sessions that share a connection share its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransportDescription {
    /// The protocol that the client speaks, by the name that metrics give it, such as `centrifuge`.
    pub wire: Cow<'static, str>,
    /// What takes messages to the client now: `websocket` or `polling`.
    pub carrier: Cow<'static, str>,
    /// How messages are written, such as `json`.
    pub encoding: Cow<'static, str>,
    /// Whether the client connected over TLS, to the broker or to a trusted proxy before it.
    pub encrypted: bool,
    /// What waits for the client.
    pub queue: QueueDescription,
}

/// What is queued for a client and not yet taken by its socket or poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueDescription {
    /// Bytes, with the framing of a WebSocket.
    pub bytes: usize,
    /// Messages; one with binary attachments counts once.
    pub messages: usize,
    /// `limits.outbox`, in bytes: a client for which more is queued is disconnected as too slow.
    pub limit: usize,
}

/// A subscription as its session tells of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct DescribedSubscription {
    /// The space of the channel: `user`, `socketio`, `service`, `plugin`, `signals` or `internal`.
    #[schema(value_type = String)]
    pub space: Space,
    /// The channel's name there.
    pub channel: String,
    /// The topics that it is limited to; left out where it is to the whole channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
}

/// Asks one session to tell of itself, or only whether it is meant. The session drops the query when it has answered, is not meant or
/// has ended; whoever waits for the answer learns of that, too.
#[derive(Debug)]
pub struct DescriptionQuery {
    subscribed_to: Option<ChannelName>,
    is_in_full: bool,
    // Sending uses the sender up, and the query is in an order, which is shared.
    waiting: Mutex<Option<oneshot::Sender<Option<SessionDescription>>>>,
}

/// Where the answer to a [`DescriptionQuery`] comes: a description, or none where it was only asked whether the session is meant. An
/// error where the session is not meant, or has ended.
pub type DescriptionAnswer = oneshot::Receiver<Option<SessionDescription>>;

impl DescriptionQuery {
    /// Asks for a description; where a channel is named, of a session that is subscribed to it.
    pub fn in_full(subscribed_to: Option<ChannelName>) -> (Arc<Self>, DescriptionAnswer) {
        Self::new(subscribed_to, true)
    }

    /// Asks only whether the session is subscribed to a channel.
    pub fn whether_subscribed(to: ChannelName) -> (Arc<Self>, DescriptionAnswer) {
        Self::new(Some(to), false)
    }

    fn new(subscribed_to: Option<ChannelName>, is_in_full: bool) -> (Arc<Self>, DescriptionAnswer) {
        let (waiting, answer) = oneshot::channel();
        (Arc::new(DescriptionQuery { subscribed_to, is_in_full, waiting: Mutex::new(Some(waiting)) }), answer)
    }

    /// The channel that the session must be subscribed to; none where any session is meant.
    pub fn subscribed_to(&self) -> Option<&ChannelName> {
        self.subscribed_to.as_ref()
    }

    /// Answers for a session that is meant. It is described only where that is asked for. The first answer counts.
    pub fn answer(&self, describe: impl FnOnce() -> SessionDescription) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            // Whoever waited may have given up.
            let _ = waiting.send(self.is_in_full.then(describe));
        }
    }
}

//! How clients are answered, on any wire.
use crate::types::{Account, ClientInfo, Epoch, Event, Json, Place, Position, ReplyError, SessionId};
use bytes::Bytes;
use std::sync::Arc;

/// The answer to a command.
#[derive(Debug, Clone)]
pub enum Reply {
    /// It was refused.
    Error(ReplyError),
    /// To connect.
    Connected(Box<Connected>),
    /// To subscribe.
    Subscribed(Box<Subscribed>),
    /// To unsubscribe.
    Unsubscribed,
    /// To register.
    Registered,
    /// To publish.
    Published,
    /// To a publish that asks for an account.
    Accounted(Box<AccountReply>),
    /// To presence.
    Presence(Presence),
    /// To presence stats.
    PresenceStats {
        /// Sessions present.
        clients: usize,
        /// Different users among them.
        users: usize,
    },
    /// To history.
    History(HistoryPage),
    /// To rpc.
    Rpc(Option<Json>),
    /// To an event that asked to be acknowledged.
    Acknowledged {
        /// What the handler answered: an array.
        args: Json,
        /// The binary parts that placeholders in the arguments stand for.
        attachments: Vec<Bytes>,
    },
    /// To refresh: the new expiry.
    Refreshed(Option<Expiry>),
    /// To sub_refresh: the new expiry.
    SubRefreshed(Option<Expiry>),
}

/// The answer to a publish that asks for an account.
#[derive(Debug, Clone)]
pub struct AccountReply {
    /// The channel that it was published into, or was to be.
    pub channel: String,
    /// The topic of the event.
    pub topic: Option<String>,
    /// What the client said to ask for the account.
    pub asked: Json,
    /// What became of the event, or why it was refused.
    pub outcome: Result<Account, ReplyError>,
}

/// Something ends, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Seconds from now.
    pub ttl: u32,
}

/// The session is in.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its id.
    pub client: SessionId,
    /// The broker's version.
    pub version: String,
    /// From the connecting handler.
    pub data: Option<Json>,
    /// When the token ends.
    pub expiry: Option<Expiry>,
    /// Server-side subscriptions by channel.
    pub subs: Vec<(String, Subscribed)>,
    /// Seconds between heartbeats; 0 where the transport's own are used.
    pub ping: u32,
    /// Whether the client must answer heartbeats.
    pub pong: bool,
    /// The secret with which the client may come back to this session; none where sessions are not kept.
    pub resume_key: Option<String>,
    /// What a session that came back missed in its home, to be told before this reply; each with where its client stands then.
    pub missed: Vec<(Arc<Event>, Place)>,
}

/// A listener stands.
#[derive(Debug, Clone, Default)]
pub struct Subscribed {
    /// When the subscription ends.
    pub expiry: Option<Expiry>,
    /// Whether the client may come back with a position.
    pub recoverable: bool,
    /// Whether events carry positions that the client should keep.
    pub positioned: bool,
    /// Where the listener begins: the top of the history, or the position recovered from. None without positions.
    pub position: Option<Position>,
    /// What recovery was tried.
    pub recovery: Option<Recovered>,
    /// What was kept for the user and is brought now, oldest first: on the wires that have words for that it is told behind the reply.
    pub kept: Vec<Arc<Event>>,
    /// From the subscribing handler or token.
    pub data: Option<Json>,
    /// The number that pushes carry instead of the channel's name.
    pub compact_id: Option<u32>,
}

/// What became of a recovery.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// Whether `events` is exactly what was missed.
    pub complete: bool,
    /// What was missed, oldest first; empty unless complete.
    pub events: Vec<Arc<Event>>,
}

/// Who is in a channel.
pub type Presence = Vec<(String, Arc<ClientInfo>)>;

/// A part of a channel's history.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The events in the order asked for.
    pub events: Vec<Arc<Event>>,
    /// The newest offset.
    pub offset: u64,
    /// The epoch it counts in.
    pub epoch: Epoch,
}

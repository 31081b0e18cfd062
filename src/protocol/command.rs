//! What clients can ask for, on any wire.
use crate::types::{ChannelName, Epoch, FilterNode, Group, Handshake, Json, Place, Tags, Topic};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A command with the id its reply must carry.
#[derive(Debug, Clone)]
pub struct Request {
    /// The client's id of the command, or what a wire without ids has it say of the command; 0 where there is nothing to say.
    pub id: u32,
    /// What is asked for.
    pub command: Command,
}

/// What a client asks for.
#[derive(Debug, Clone)]
pub enum Command {
    /// Let me in.
    Connect(Box<Connect>),
    /// Add a listener to a channel.
    Subscribe(Box<Subscribe>),
    /// Remove it.
    Unsubscribe(Unsubscribe),
    /// Become the publisher of a channel: all that the session publishes from then on goes there.
    Register(String),
    /// Publish into a channel.
    Publish(Publish),
    /// Who is in a channel?
    Presence(String),
    /// How many are in a channel?
    PresenceStats(String),
    /// What was published in a channel?
    History(History),
    /// Ask a handler.
    Rpc(Rpc),
    /// Tell a handler; no reply.
    Send(Json),
    /// An event of the client's own, for the handlers of its name.
    Emit(Box<Emit>),
    /// The client's answer to an event that asked for one; no reply.
    Acknowledge(Box<Acknowledge>),
    /// The client ends its session, and not its connection; no reply.
    Leave,
    /// A new connection token.
    Refresh(Refresh),
    /// A new subscription token.
    SubRefresh(SubRefresh),
    /// The answer to our heartbeat.
    Pong,
    /// Known to the protocol and refused here, with the error the contract names.
    Refused(crate::types::ReplyError),
}

/// The first command of a connection.
#[derive(Debug, Clone, Default)]
pub struct Connect {
    /// A connection token; empty for none.
    pub token: String,
    /// For the connecting handler.
    pub data: Option<Json>,
    /// The client's name, such as `js`.
    pub name: String,
    /// The client's version.
    pub version: String,
    /// Headers emulated by a client that cannot set them.
    pub headers: HashMap<String, String>,
    /// Where the client stands in the server-side subscriptions it knows of.
    pub subs: HashMap<String, Recover>,
    /// Whether the client has other sessions in the same connection, which goes on without this one.
    pub shares_connection: bool,
    /// What the session belongs to, on a wire whose sessions belong to something.
    pub home: Option<Home>,
    /// The request with which the connection began, where handlers may ask for it.
    pub handshake: Option<Arc<Handshake>>,
}

/// What a session belongs to from its first moment to its last: a Socket.IO namespace.
#[derive(Debug, Clone)]
pub struct Home {
    /// The channel that addresses its sessions. Each listens to it without asking, as a group of its own id.
    pub channel: ChannelName,
    /// For how long the session is kept after its connection is lost; none where it is not.
    pub kept_for: Option<Duration>,
    /// What the client says of an earlier session of its own.
    pub resume: Option<Resume>,
}

/// A client's claim to a session that was kept for it.
#[derive(Clone)]
pub struct Resume {
    /// The secret that the client was told when it connected.
    pub key: String,
    /// The last event it got, as the wire wrote its place; none where it says that it got none.
    pub since: Option<Place>,
}

/// The key is a secret.
impl std::fmt::Debug for Resume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resume").field("since", &self.since).finish_non_exhaustive()
    }
}

/// An event of a client's own.
#[derive(Debug, Clone)]
pub struct Emit {
    /// Its name.
    pub event: String,
    /// Its arguments as sent, without the name: an array.
    pub args: Json,
    /// The binary parts that placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
    /// Whether the client waits for an acknowledgement.
    pub wants_ack: bool,
}

/// A client's answer to an event.
#[derive(Debug, Clone)]
pub struct Acknowledge {
    /// The number that the event carried ([`crate::types::Envelope::ack`]).
    pub round: u64,
    /// Its arguments as sent: an array.
    pub args: Json,
    /// The binary parts that placeholders in the arguments stand for.
    pub attachments: Vec<Bytes>,
}

/// Where a client stood when it was cut off.
#[derive(Debug, Clone)]
pub struct Recover {
    /// The last offset it saw.
    pub offset: u64,
    /// The epoch that offset counts in; empty if it knows none.
    pub epoch: Epoch,
}

/// Adds a listener.
#[derive(Debug, Clone, Default)]
pub struct Subscribe {
    /// The channel as the client wrote it; never empty on a wire that closes for an empty name.
    pub channel: String,
    /// A subscription token; empty for none.
    pub token: String,
    /// For the subscribing handler.
    pub data: Option<Json>,
    /// Recover from here.
    pub recover: Option<Recover>,
    /// Asks for positions.
    pub positioned: bool,
    /// Asks for positions and the right to recover.
    pub recoverable: bool,
    /// Asks for joins and leaves.
    pub join_leave: bool,
    /// Asks for deltas of this kind (none are spoken yet).
    pub delta: String,
    /// Passes only events whose tags match.
    pub filter: Option<FilterNode>,
    /// Answer an unrecoverable position with error 112 instead of `recovered: false` (flag 2).
    pub reject_unrecovered: bool,
    /// Offers that pushes carry a number instead of the channel's name (flag 1).
    pub compaction: bool,
    /// Of which topics events are wanted. On a wire with topics a session may subscribe to a channel more than once, and listens
    /// to all topics that it has named.
    pub topic: Topic,
}

/// Removes a listener.
#[derive(Debug, Clone)]
pub struct Unsubscribe {
    /// The channel.
    pub channel: String,
    /// On a wire with topics, the one that is wanted no more: the listener goes with the last.
    pub topic: Topic,
}

/// Publishes an event.
#[derive(Debug, Clone, Default)]
pub struct Publish {
    /// The channel; of a session that has registered, that counts which it has registered for.
    pub channel: String,
    /// The payload; none is error 107.
    pub data: Option<Json>,
    /// Tags, such as a topic.
    pub tags: Option<Tags>,
    /// Only listeners in one of these groups are meant; none for all.
    pub to: Option<Vec<Group>>,
    /// The session itself does not get it, though it listens.
    pub spares_publisher: bool,
    /// Keep it for users who subscribe later; error 108 in a channel that does not keep on request.
    pub keep: bool,
    /// Asks what becomes of the event, and is said again in the answer: see [`AccountReply`](super::AccountReply).
    pub account: Option<Json>,
}

impl Command {
    /// Whether answers to other commands need not wait for the one to this.
    pub fn is_answered_late(&self) -> bool {
        match self {
            Command::Rpc(_) => true,
            Command::Publish(publish) => publish.account.is_some(),
            _ => false,
        }
    }
}

impl Unsubscribe {
    /// Removes the listener whatever its topics.
    pub fn all(channel: String) -> Self {
        Unsubscribe { channel, topic: Topic::Unnamed }
    }
}

/// Reads a channel's history.
#[derive(Debug, Clone)]
pub struct History {
    /// The channel.
    pub channel: String,
    /// How many events: none or 0 for the top position only, negative for as many as one answer may hold.
    pub limit: i32,
    /// After this position.
    pub since: Option<Recover>,
    /// Newest first.
    pub reverse: bool,
}

/// Asks a handler.
#[derive(Debug, Clone)]
pub struct Rpc {
    /// Which one.
    pub method: String,
    /// With what.
    pub data: Option<Json>,
}

/// A new connection token.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// The token, never empty.
    pub token: String,
}

/// A new subscription token.
#[derive(Debug, Clone)]
pub struct SubRefresh {
    /// The channel.
    pub channel: String,
    /// The token.
    pub token: String,
}

impl Command {
    /// The channel that the command names, unparsed.
    pub fn channel(&self) -> Option<&str> {
        match self {
            Command::Subscribe(c) => Some(&c.channel),
            Command::Unsubscribe(c) => Some(&c.channel),
            Command::Register(channel) => Some(channel),
            Command::Publish(c) => Some(&c.channel),
            Command::Presence(channel) | Command::PresenceStats(channel) => Some(channel),
            Command::History(c) => Some(&c.channel),
            Command::SubRefresh(c) => Some(&c.channel),
            _ => None,
        }
    }
}

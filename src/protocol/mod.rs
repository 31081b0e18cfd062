//! Wires as pure translation: bytes to [`Command`], [`Reply`] and [`Push`] to bytes. No actor and no socket here.
//!
//! A wire is one folder. An encoding of a wire (JSON today, Protobuf next) is a [`Wire`] value; listeners with the same
//! encoding share the same frames.
pub mod backstage;
pub mod centrifuge;
mod command;
mod frame;
mod push;
mod reply;
pub mod socketio;

pub use command::{
    Acknowledge, Command, Connect, Emit, History, Home, Publish, Recover, Refresh, Request, Resume, Rpc, SubRefresh,
    Subscribe, Unsubscribe,
};
pub use frame::{Frame, FrameBuilder, Payload};
pub use push::Push;
pub use reply::{AccountReply, Connected, Expiry, HistoryPage, Presence, Recovered, Reply, Subscribed};

use crate::types::{ChannelName, Disconnect, Event, Identity, NameError, Place};
use bytes::Bytes;
use std::time::Duration;

/// How many encodings there can be; see [`Encoding::slot`].
pub const ENCODINGS: usize = 5;

/// How everything that many listeners get is written: one encoding of one wire. Listeners of the same encoding share the
/// same frames.
pub trait Encoding {
    /// The encoding's place in the table of frames that an event carries; unique below [`ENCODINGS`].
    fn slot(&self) -> usize;

    /// What operators are told that clients of the encoding are written in, such as `json`.
    fn label(&self) -> &'static str;

    /// Tells variants of the encoding apart that write this channel's things differently, such as by what the listener's
    /// session belongs to; none where all write them alike.
    fn variant(&self, channel: &ChannelName) -> Option<&str> {
        let _ = channel;
        None
    }

    /// Something the client did not ask for; see [`Encoding::has_pushes`].
    fn push(&self, push: &Push) -> Frame;

    /// Whether clients are told anything but events without asking: joins and leaves, ends of subscriptions, gaps. A wire that
    /// has no words for those says no, and its clients get none.
    fn has_pushes(&self) -> bool {
        true
    }

    /// An event of a channel as every listener of this encoding gets it.
    fn event(&self, event: &Event) -> Frame;

    /// The same for listeners who stand at `place` when they have got it, in a home. A wire whose events tell their own
    /// positions, or none, keeps the default.
    fn event_at(&self, event: &Event, place: Option<&Place>) -> Frame {
        let _ = place;
        self.event(event)
    }

    /// The same for listeners who were given the number `id` for the channel ([`Subscribed::compact_id`]). A wire without
    /// such numbers keeps the default: the event as everybody gets it.
    fn event_compact(&self, event: &Event, id: u32) -> Frame {
        let _ = id;
        self.event(event)
    }
}

/// What the names of channels mean that clients of a wire write.
pub trait Names: Send + Sync {
    /// The channel of this name, which must have at most `limit` bytes.
    fn channel(&self, name: &str, limit: usize) -> Result<ChannelName, NameError>;

    /// What requests of the wire call the field that holds such a name.
    fn field(&self) -> &'static str {
        "channel"
    }

    /// Whether they name the channels of everybody. Where they do not, a client is subscribed to none of those by tokens, handlers or
    /// the API either: on its wire such a channel would look like one of its own.
    fn is_of_everybody(&self) -> bool {
        false
    }

    /// Why a session of this identity may not register as the publisher of a channel ([`Command::Register`]), in words for its
    /// client. A wire without such a command keeps the default: nobody may.
    fn may_register(&self, identity: &Identity, channel: &ChannelName) -> Result<(), &'static str> {
        let _ = (identity, channel);
        Err("nobody registers here")
    }
}

/// The channels of everybody.
#[derive(Debug, Clone, Copy)]
pub struct UserNames;

impl Names for UserNames {
    fn channel(&self, name: &str, limit: usize) -> Result<ChannelName, NameError> {
        ChannelName::user(name, limit)
    }

    fn is_of_everybody(&self) -> bool {
        true
    }
}

/// Where a token stands in the request that begins a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the header `Authorization: Bearer …` (RFC 6750, section 2.1).
    Header,
    /// In the query, under this name: browsers cannot set headers of a WebSocket.
    Query(&'static str),
    /// In the header, or else in the query.
    HeaderOrQuery(&'static str),
    /// As the one subprotocol that the client offers (RFC 6455, section 11.3.4), which is echoed: of the headers of a WebSocket a
    /// page sets only this one.
    Subprotocol,
}

/// What the heartbeats of a wire are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heartbeats {
    /// Messages of the wire's own, as often as the endpoint says.
    Messages,
    /// WebSocket pings (RFC 6455, section 5.5.2) this far apart. A client that has not answered one when the next is due is gone.
    Pings {
        /// Between them.
        interval: Duration,
    },
}

/// One encoding of a wire of commands and replies: the two directions as functions. Stateless, so that one value serves
/// all connections.
pub trait Wire: Encoding + Send + Sync + 'static {
    /// The wire's name for metrics and logs.
    fn name(&self) -> &'static str;

    /// The WebSocket subprotocols that name this encoding (RFC 6455, section 1.9); a client may also ask for none.
    fn subprotocols(&self) -> &'static [&'static str] {
        &[]
    }

    /// What names this encoding in the query of a request (`format=…`); none where nothing does.
    fn format(&self) -> Option<&'static str> {
        None
    }

    /// Encodings of the wire that clients may ask for and that are not spoken here: the subprotocol of each, and its format. A
    /// client that asks for one is told so by a close after the handshake.
    fn unspoken(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// What its clients' names of channels mean. A wire whose channels are not those of everybody says otherwise.
    fn names(&self) -> &'static dyn Names {
        &UserNames
    }

    /// The name of the authenticator that its clients' tokens are for; none for that of the section `[auth]`. A broker has it by
    /// `BrokerBuilder::authenticator`.
    fn authenticator(&self) -> Option<&'static str> {
        None
    }

    /// Where a token stands in the request that asks for a connection, if it is to be verified before the connection is there: a
    /// client without a good one is answered with 401 and has no session, one with a good one is in from the start, and says
    /// no [`Command::Connect`]. It has no command for another token either, so its session ends with its token, without a while to
    /// bring one. None where clients connect by that command.
    fn token_place(&self) -> Option<TokenPlace> {
        None
    }

    /// Whether a client that shows no token there is taken for the guest of its authenticator, where that has one.
    fn admits_guests(&self) -> bool {
        false
    }

    /// What a client is told that is in from the start; none where nothing is.
    fn welcome(&self, connected: &Connected) -> Option<Frame> {
        let _ = connected;
        None
    }

    /// Reads the next request of a message, taking its bytes off the front of `rest`; none when the message is used up.
    /// A message that breaks the protocol ends the connection with the fault returned.
    ///
    /// A message that is empty from the start looks used up: begin with [`Wire::decode_first`].
    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect>;

    /// Reads the first request of a message, as [`Wire::decode`] does; a message without one breaks the protocol.
    fn decode_first(&self, rest: &mut Bytes) -> Result<Request, Disconnect> {
        self.decode(rest)?.ok_or(Disconnect::BAD_REQUEST)
    }

    /// Whether a binary message is read like a text; else it is passed over.
    fn reads_binary(&self) -> bool {
        true
    }

    /// The answer to the request of this id; none where the wire has none.
    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame>;

    /// The status code of the WebSocket close (RFC 6455, section 7.4) that tells a client of this end.
    fn close_code(&self, reason: &Disconnect) -> u16 {
        reason.code
    }

    /// What the heartbeats are.
    fn heartbeats(&self) -> Heartbeats {
        Heartbeats::Messages
    }

    /// The heartbeat, where heartbeats are messages.
    fn ping(&self) -> Frame;
}

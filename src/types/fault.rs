//! Faults: what a client is told when something is refused, and the numbers it is told with.
//!
//! Source: Centrifugo's client protocol, error, unsubscribe and disconnect codes. The ranges tell a client what to do:
//! errors below 100 are its own; disconnects 3000-3499 and 4000-4499 ask it to reconnect, 3500-3999 and 4500-4999 not to;
//! unsubscribes from 2500 ask it to subscribe again.
use super::Json;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// An error reply: the command was refused, the connection goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplyError {
    /// The number; an application's own are 400 to 1999.
    pub code: u32,
    /// The reason in words.
    pub message: Cow<'static, str>,
    /// Whether trying again may succeed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
    /// What the application says beside it, on wires that have a place for that.
    #[serde(skip)]
    pub data: Option<Json>,
}

/// The end of a connection, with what its client is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disconnect {
    /// The number: 3000-3999 ours, 4000-4999 the application's.
    pub code: u16,
    /// The reason in words, at most 123 bytes (RFC 6455, section 5.5).
    pub reason: Cow<'static, str>,
}

/// The end of one subscription that the client did not ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsubscribed {
    /// The number: from 2500 on the client subscribes again by itself.
    pub code: u32,
    /// The reason in words.
    pub reason: Cow<'static, str>,
}

/// How a command was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error reply; the connection goes on.
    Reply(ReplyError),
    /// The connection ends.
    Close(Disconnect),
}

macro_rules! reply_errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal $message:literal $temporary:literal;)*) => {
        impl ReplyError {
            $($(#[$doc])* pub const $name: ReplyError =
                ReplyError { code: $code, message: Cow::Borrowed($message), temporary: $temporary, data: None };)*
        }
    };
}

reply_errors! {
    /// Something failed on our side; trying again may help.
    INTERNAL = 100 "internal server error" true;
    /// The session is not allowed in at all.
    UNAUTHORIZED = 101 "unauthorized" false;
    /// No namespace of that name.
    UNKNOWN_CHANNEL = 102 "unknown channel" false;
    /// The rule of the channel does not admit this session.
    PERMISSION_DENIED = 103 "permission denied" false;
    /// No such method.
    METHOD_NOT_FOUND = 104 "method not found" false;
    /// The session listens there already.
    ALREADY_SUBSCRIBED = 105 "already subscribed" false;
    /// A bound was reached.
    LIMIT_EXCEEDED = 106 "limit exceeded" false;
    /// The command makes no sense.
    BAD_REQUEST = 107 "bad request" false;
    /// Switched off for this channel.
    NOT_AVAILABLE = 108 "not available" false;
    /// The token has expired; a new one may be accepted.
    TOKEN_EXPIRED = 109 "token expired" false;
    /// The session or subscription has expired.
    EXPIRED = 110 "expired" false;
    /// Too much at once; trying again later may help.
    TOO_MANY_REQUESTS = 111 "too many requests" true;
    /// The position asked from cannot be recovered.
    UNRECOVERABLE_POSITION = 112 "unrecoverable position" false;
}

macro_rules! disconnects {
    ($($(#[$doc:meta])* $name:ident = $code:literal $reason:literal;)*) => {
        impl Disconnect {
            $($(#[$doc])* pub const $name: Disconnect = Disconnect { code: $code, reason: Cow::Borrowed($reason) };)*

            /// The disconnects that have a name here, for checking a code that an operator gives.
            pub const NAMED: &'static [Disconnect] = &[$(Disconnect::$name),*];
        }
    };
}

disconnects! {
    /// The peer closed its side.
    CONNECTION_CLOSED = 3000 "connection closed";
    /// The node stops.
    SHUTDOWN = 3001 "shutdown";
    /// Something failed on our side.
    INTERNAL = 3004 "internal server error";
    /// The connection's token has expired.
    CONNECTION_EXPIRED = 3005 "connection expired";
    /// A server-side subscription has expired.
    SUBSCRIPTION_EXPIRED = 3006 "subscription expired";
    /// More was queued than the outbox holds.
    SLOW = 3008 "slow";
    /// The socket refused a write.
    WRITE_ERROR = 3009 "write error";
    /// A gap in a server-side subscription that cannot be filled.
    INSUFFICIENT_STATE = 3010 "insufficient state";
    /// The operator asks the client to come back.
    FORCE_RECONNECT = 3011 "force reconnect";
    /// No pong came back in time.
    NO_PONG = 3012 "no pong";
    /// Too much at once.
    TOO_MANY_REQUESTS = 3013 "too many requests";
    /// The token is not one of ours.
    INVALID_TOKEN = 3500 "invalid token";
    /// The client broke the protocol.
    BAD_REQUEST = 3501 "bad request";
    /// No connect command came in time.
    STALE = 3502 "stale";
    /// The operator closed the connection.
    FORCE_DISCONNECT = 3503 "force disconnect";
    /// The node holds as many connections as it may.
    CONNECTION_LIMIT = 3504 "connection limit";
    /// The session would listen to more channels than it may.
    CHANNEL_LIMIT = 3505 "channel limit";
    /// The client asked for an encoding that is not spoken here.
    INAPPROPRIATE_PROTOCOL = 3506 "inappropriate protocol";
    /// The session may not do this at all.
    PERMISSION_DENIED = 3507 "permission denied";
    /// There is nobody to take this.
    NOT_AVAILABLE = 3508 "not available";
    /// The client made too many errors.
    TOO_MANY_ERRORS = 3509 "too many errors";
    /// A handler ended the connection with all its sessions.
    FORCE_CLOSE = 3510 "connection closed by the server";
}

impl ReplyError {
    /// An application's own error, which trying again does not cure. `code`: 400 to 1999.
    pub fn new(code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        ReplyError { code, message: message.into(), temporary: false, data: None }
    }

    /// Error 107 that names the field, as its sender wrote it, and says what is wrong with it: `why` goes on behind the name, as in
    /// "is missing".
    pub fn bad_field(field: &str, why: impl fmt::Display) -> Self {
        ReplyError { message: format!("bad request: field {field:?} {why}").into(), ..Self::BAD_REQUEST }
    }

    /// Error 107 for a field that must be there and not be empty.
    pub fn missing_field(field: &str) -> Self {
        Self::bad_field(field, "is missing")
    }
}

impl Unsubscribed {
    /// The operator ended the subscription.
    pub const SERVER: Unsubscribed = Unsubscribed { code: 2000, reason: Cow::Borrowed("server unsubscribe") };
    /// Events were lost on the way; the client subscribes again and recovers.
    pub const INSUFFICIENT_STATE: Unsubscribed =
        Unsubscribed { code: 2500, reason: Cow::Borrowed("insufficient state") };
    /// The subscription's token has expired.
    pub const EXPIRED: Unsubscribed = Unsubscribed { code: 2501, reason: Cow::Borrowed("subscription expired") };
}

impl Disconnect {
    /// Whether the client should come back by itself.
    pub fn reconnect(&self) -> bool {
        matches!(self.code, 3000..=3499 | 4000..=4499)
    }
}

impl From<ReplyError> for Fault {
    fn from(error: ReplyError) -> Self {
        Fault::Reply(error)
    }
}

impl From<Disconnect> for Fault {
    fn from(disconnect: Disconnect) -> Self {
        Fault::Close(disconnect)
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ReplyError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Reply(error) => error.fmt(f),
            Fault::Close(reason) => reason.fmt(f),
        }
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

//! Socket.IO 5 packets and how their text is read: `<type>[<n>-][<nsp>,][<ack id>][json]`.
use super::arguments;
use super::placeholders::Named;
use crate::types::Json;
use bytes::Bytes;
use bytestring::ByteString;
use serde_json::value::RawValue;
use std::fmt;

/// The most attachments of one packet (the reference's `maxAttachments`).
pub const MAX_ATTACHMENTS: usize = 10;

/// Events that the library itself makes; a client that sends one is cut off.
pub const RESERVED_NAMES: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One packet. `Debug` tells sizes of payloads, never what is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// The namespace it belongs to.
    pub namespace: Namespace,
    /// What it says.
    pub body: Body,
}

/// What a packet says. Payloads are as they were written, never parsed and written again.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Type 0. From a client, its `auth`; from a server, the new id. Always an object, if there is one.
    Connect(Option<Json>),
    /// Type 1: one side leaves the namespace.
    Disconnect,
    /// Type 2, or 5 where there are attachments.
    Event {
        /// The first element of `args`.
        name: EventName,
        /// The whole array, the name included.
        args: Json,
        /// Asks for an acknowledgement under this id.
        ack: Option<AckId>,
        /// What the placeholders in `args` stand for; at most [`MAX_ATTACHMENTS`].
        attachments: Vec<Bytes>,
    },
    /// Type 2 or 5 without a payload: it has no name, so nobody can handle it. The reference ignores it.
    Nameless {
        /// What came with it, to nobody's use.
        attachments: Vec<Bytes>,
    },
    /// Type 3, or 6 where there are attachments.
    Ack {
        /// The id that the event carried. The reference ignores an acknowledgement without one.
        id: Option<AckId>,
        /// The array of answers; none counts as an empty one.
        args: Option<Json>,
        /// What the placeholders in `args` stand for; at most [`MAX_ATTACHMENTS`].
        attachments: Vec<Bytes>,
    },
    /// Type 4: a server refuses a CONNECT; an object or a string, if there is a payload.
    ConnectError(Option<Json>),
}

/// The first argument of an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A string; unescaped, and none of [`RESERVED_NAMES`].
    Text(ByteString),
    /// A number, as it was written.
    Number(ByteString),
}

/// A namespace's name: `/`, or `/` and more, without a comma. A query is a part of the name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Namespace(ByteString);

/// The number of an event that wants an acknowledgement: decimal digits of any length without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AckId(ByteString);

/// A packet read from its text, and what it still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The packet, without attachments.
    pub packet: Packet,
    /// How many binary messages must follow; at most [`MAX_ATTACHMENTS`].
    pub awaited: usize,
    /// Which of them no placeholder names, one bit each, the last one lowest: they are dropped, and the placeholders of the
    /// others are numbered without them.
    pub unnamed: u16,
}

/// Why a message is no Socket.IO packet. Each ends the whole connection, all namespaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Nothing in it, or the first character is no packet type.
    #[error("no such packet type")]
    UnknownType,
    /// A binary packet whose number of attachments is missing, no number, or not ended by a dash.
    #[error("a binary packet without the number of its attachments")]
    BadAttachmentCount,
    /// More than [`MAX_ATTACHMENTS`] attachments.
    #[error("more than {MAX_ATTACHMENTS} attachments")]
    TooManyAttachments,
    /// The payload is no JSON; with attachments, also one that is nested deeper than 127 levels.
    #[error("a payload that is not valid JSON")]
    Json,
    /// The payload of an event or an acknowledgement is no array.
    #[error("arguments that are not an array")]
    NotAnArray,
    /// An event's first argument is missing, or neither a string nor a number.
    #[error("an event without a name")]
    BadEventName,
    /// One of [`RESERVED_NAMES`].
    #[error("an event with a reserved name")]
    ReservedEventName,
    /// A payload where there must be none, or of another type than the packet's.
    #[error("a payload that does not fit the packet")]
    BadPayload,
    /// A placeholder for an attachment that the packet does not have.
    #[error("a placeholder without an attachment")]
    PlaceholderOutOfRange,
    /// A text message while attachments are awaited.
    #[error("text in the middle of attachments")]
    TextAmidAttachments,
    /// A binary message when none is awaited.
    #[error("a binary message that no packet announced")]
    UnexpectedBinary,
    /// A namespace that does not begin with a slash, or has a comma.
    #[error("not the name of a namespace")]
    BadNamespace,
}

/// Reads the text of a packet, which is the data of an Engine.IO message. Says how many attachments must follow; see
/// [`super::Reassembly`].
pub fn decode(text: &ByteString) -> Result<Decoded, PacketError> {
    let kind = *text.as_bytes().first().ok_or(PacketError::UnknownType)?;
    if !(b'0'..=b'6').contains(&kind) {
        return Err(PacketError::UnknownType);
    }
    let rest = &text[1..];
    let (awaited, rest) = if kind >= b'5' { attachment_count(rest)? } else { (0, rest) };
    let (namespace, rest) = split_namespace(rest);
    let (id, rest) = split_ack_id(rest);
    let payload = match rest {
        "" => None,
        json => {
            Some(Json::of(serde_json::from_str::<&RawValue>(json).map_err(|_| PacketError::Json)?, text.as_bytes()))
        }
    };
    let (payload, unnamed) = match payload {
        Some(json) if kind >= b'5' => {
            let (json, unnamed) = named_alone(json, awaited)?;
            (Some(json), unnamed)
        }
        payload => (payload, 0),
    };
    let body = body(kind, id, payload)?;
    Ok(Decoded { packet: Packet { namespace, body }, awaited, unnamed })
}

/// The payload as it is without those of `count` attachments that no placeholder names, and which those are.
fn named_alone(json: Json, count: usize) -> Result<(Json, u16), PacketError> {
    let named = Named::find(json.as_str(), count)?;
    let unnamed = (0..count).filter(|at| !named.has(*at)).fold(0, |bits, at| bits | 1 << (count - 1 - at));
    let json = match named.renumbered(json.as_str()) {
        Some(text) => Json::parse(text.into()).map_err(|_| PacketError::Json)?,
        None => json,
    };
    Ok((json, unnamed))
}

fn body(kind: u8, id: Option<AckId>, payload: Option<Json>) -> Result<Body, PacketError> {
    let begins = payload.as_ref().map(|json| json.bytes()[0]);
    match (kind, begins) {
        (b'0', None | Some(b'{')) => Ok(Body::Connect(payload)),
        (b'1', None) => Ok(Body::Disconnect),
        (b'4', None | Some(b'{' | b'"')) => Ok(Body::ConnectError(payload)),
        (b'2' | b'5', _) => match payload {
            Some(args) => Body::event(args, id),
            None => Ok(Body::Nameless { attachments: vec![] }),
        },
        (b'3' | b'6', None | Some(b'[')) => Ok(Body::Ack { id, args: payload, attachments: vec![] }),
        (b'3' | b'6', _) => Err(PacketError::NotAnArray),
        _ => Err(PacketError::BadPayload),
    }
}

/// `<n>-` of a binary packet.
fn attachment_count(text: &str) -> Result<(usize, &str), PacketError> {
    let (digits, rest) = text.split_once('-').ok_or(PacketError::BadAttachmentCount)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PacketError::BadAttachmentCount);
    }
    match digits.parse() {
        Ok(count) if count <= MAX_ATTACHMENTS => Ok((count, rest)),
        _ => Err(PacketError::TooManyAttachments),
    }
}

/// From a slash to a comma or the end.
fn split_namespace(text: &str) -> (Namespace, &str) {
    if !text.starts_with('/') {
        return (Namespace::root(), text);
    }
    let (name, rest) = text.split_once(',').unwrap_or((text, ""));
    (Namespace(name.into()), rest)
}

fn split_ack_id(text: &str) -> (Option<AckId>, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let id = (!digits.is_empty()).then(|| match digits.trim_start_matches('0') {
        "" => AckId::from(0),
        digits => AckId(digits.into()),
    });
    (id, rest)
}

impl Body {
    /// An event without attachments; `args` is the array with the name in front. Fails as [`decode`] does where there is
    /// no name in front, or a reserved one.
    pub fn event(args: Json, ack: Option<AckId>) -> Result<Self, PacketError> {
        let name = arguments::event_name(args.as_str())?;
        Ok(Body::Event { name, args, ack, attachments: vec![] })
    }

    /// The arguments of an event without its name: an array, empty for a packet of any other type.
    pub fn arguments(&self) -> Json {
        let args = match self {
            Body::Event { args, .. } => arguments::after_name(args.as_str()),
            _ => "[]".to_owned(),
        };
        Json::parse(args.into()).expect("an array without its first element is an array")
    }

    /// What stands behind the header.
    pub fn payload(&self) -> Option<&Json> {
        match self {
            Body::Connect(json) | Body::ConnectError(json) | Body::Ack { args: json, .. } => json.as_ref(),
            Body::Event { args, .. } => Some(args),
            Body::Disconnect | Body::Nameless { .. } => None,
        }
    }

    /// The attachments, in order.
    pub fn attachments(&self) -> &[Bytes] {
        match self {
            Body::Event { attachments, .. } | Body::Nameless { attachments } | Body::Ack { attachments, .. } => {
                attachments
            }
            Body::Connect(_) | Body::Disconnect | Body::ConnectError(_) => &[],
        }
    }

    /// Adds an attachment; a packet of a type that has none stays as it is.
    pub(super) fn attach(&mut self, bytes: Bytes) {
        if let Body::Event { attachments, .. } | Body::Nameless { attachments } | Body::Ack { attachments, .. } = self {
            attachments.push(bytes);
        }
    }

    /// The type's digit without and with attachments.
    pub(super) fn types(&self) -> (char, char) {
        match self {
            Body::Connect(_) => ('0', '0'),
            Body::Disconnect => ('1', '1'),
            Body::Event { .. } | Body::Nameless { .. } => ('2', '5'),
            Body::Ack { .. } => ('3', '6'),
            Body::ConnectError(_) => ('4', '4'),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.payload().map_or(0, |json| json.bytes().len());
        let attached = self.attachments().len();
        write!(f, "type {} with {bytes} bytes and {attached} attachments", self.types().0)
    }
}

impl Namespace {
    /// Checks a name. Fails with [`PacketError::BadNamespace`] where it does not begin with `/`, or has a comma.
    pub fn new(name: &str) -> Result<Self, PacketError> {
        match name.starts_with('/') && !name.contains(',') {
            true => Ok(Namespace(name.into())),
            false => Err(PacketError::BadNamespace),
        }
    }

    /// `/`, which is left out on the wire.
    pub fn root() -> Self {
        Namespace(ByteString::from_static("/"))
    }

    /// Whether this is `/`.
    pub fn is_root(&self) -> bool {
        self.as_str() == "/"
    }

    /// The name with its slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AckId {
    /// The number, where it is one that a server gave out: those fit 64 bits.
    pub fn number(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

impl From<u64> for AckId {
    fn from(number: u64) -> Self {
        AckId(number.to_string().into())
    }
}

impl fmt::Display for AckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

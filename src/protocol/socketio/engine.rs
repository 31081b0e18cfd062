//! Engine.IO 4: single packets, the bodies that carry several of them in HTTP polling, and the first packet's content.
use crate::protocol::{Frame, Payload};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Stands between the packets of a polling body.
pub const SEPARATOR: u8 = 0x1e;

/// The reference's decoder does not ask for padding, so this one does not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One Engine.IO packet. `Debug` tells its kind and size only: it may carry a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum EnginePacket {
    /// `0`: the server's first packet; its data is an [`Opening`] as JSON.
    Open(ByteString),
    /// `1`: the transport is to be closed.
    Close,
    /// `2`: the server's heartbeat; `probe` as data when a client tries a new transport.
    Ping(ByteString),
    /// `3`: the answer to a ping, with the ping's data.
    Pong(ByteString),
    /// `4`: a message of text.
    Text(ByteString),
    /// A message of bytes; it has no type digit.
    Binary(Bytes),
    /// `5`: the client has moved to the transport it probed.
    Upgrade,
    /// `6`: ends a pending poll during an upgrade.
    Noop,
}

/// Why bytes are no Engine.IO packet. Each ends the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A packet without even a type: an empty frame, an empty body, or two separators in a row.
    #[error("an empty packet")]
    Empty,
    /// The first character is no packet type.
    #[error("no such packet type")]
    UnknownType,
    /// What follows a `b` is not standard base64.
    #[error("a binary message that is not base64")]
    Base64,
    /// A polling body that is not UTF-8.
    #[error("text that is not UTF-8")]
    NotUtf8,
}

impl EnginePacket {
    /// Reads a text frame, or one packet of a polling body. The data shares the memory of `text`.
    ///
    /// Data of packets that have none (`1`, `5`, `6`) is dropped. A binary message as base64 is accepted in a text frame
    /// too.
    pub fn decode(text: &ByteString) -> Result<Self, EngineError> {
        let kind = text.as_bytes().first().ok_or(EngineError::Empty)?;
        if !b"0123456b".contains(kind) {
            return Err(EngineError::UnknownType);
        }
        let data = text.slice_ref(&text[1..]);
        Ok(match kind {
            b'0' => Self::Open(data),
            b'1' => Self::Close,
            b'2' => Self::Ping(data),
            b'3' => Self::Pong(data),
            b'4' => Self::Text(data),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            _ => Self::Binary(BASE64.decode(data.as_bytes()).map_err(|_| EngineError::Base64)?.into()),
        })
    }

    /// The packet as a WebSocket sends it: a text frame, or a binary one for a binary message.
    pub fn frame(&self) -> Frame {
        let (kind, data) = match self {
            Self::Binary(bytes) => return super::encode::binary(bytes),
            Self::Open(data) => ('0', &**data),
            Self::Close => ('1', ""),
            Self::Ping(data) => ('2', &**data),
            Self::Pong(data) => ('3', &**data),
            Self::Text(data) => ('4', &**data),
            Self::Upgrade => ('5', ""),
            Self::Noop => ('6', ""),
        };
        super::encode::text(data.len() + 1, |out| {
            out.push(kind);
            out.push_str(data);
        })
    }
}

impl fmt::Debug for EnginePacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(data) => write!(f, "Open({} bytes)", data.len()),
            Self::Close => f.write_str("Close"),
            Self::Ping(data) => write!(f, "Ping({} bytes)", data.len()),
            Self::Pong(data) => write!(f, "Pong({} bytes)", data.len()),
            Self::Text(data) => write!(f, "Text({} bytes)", data.len()),
            Self::Binary(data) => write!(f, "Binary({} bytes)", data.len()),
            Self::Upgrade => f.write_str("Upgrade"),
            Self::Noop => f.write_str("Noop"),
        }
    }
}

/// The packets of a polling body, one by one: those before the first error are valid, after it there are none.
#[derive(Debug)]
pub struct Polled {
    rest: Option<ByteString>,
}

impl Polled {
    /// Begins to read the body of a POST or of an answer to a GET. An empty body is one empty packet, which is an error.
    /// Fails where the body is not UTF-8. Its length is for the caller to limit.
    pub fn new(body: Bytes) -> Result<Self, EngineError> {
        Ok(Polled { rest: Some(ByteString::try_from(body).map_err(|_| EngineError::NotUtf8)?) })
    }
}

impl Iterator for Polled {
    type Item = Result<EnginePacket, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let packet = match memchr::memchr(SEPARATOR, rest.as_bytes()) {
            Some(end) => {
                self.rest = Some(rest.slice_ref(&rest[end + 1..]));
                EnginePacket::decode(&rest.slice_ref(&rest[..end]))
            }
            None => EnginePacket::decode(&rest),
        };
        if packet.is_err() {
            self.rest = None;
        }
        Some(packet)
    }
}

/// Collects the frames that wait for a polling client into the body that answers its GET.
#[derive(Debug, Default)]
pub struct PollingBody {
    text: String,
}

impl PollingBody {
    /// Adds the messages of a frame, each one packet. A message of bytes becomes `b` and base64; what a WebSocket says for itself
    /// is none. Text that is not UTF-8 cannot come from this codec; its odd bytes are replaced.
    pub fn push(&mut self, frame: &Frame) {
        for payload in frame.payloads() {
            self.separate();
            match payload {
                Payload::Text(text) => self.text.push_str(&String::from_utf8_lossy(text)),
                Payload::Binary(bytes) => {
                    self.text.push('b');
                    BASE64.encode_string(bytes, &mut self.text);
                }
            }
        }
    }

    fn separate(&mut self) {
        if !self.text.is_empty() {
            self.text.push(char::from(SEPARATOR));
        }
    }

    /// The body; empty if nothing was pushed, which a client must not be sent.
    pub fn finish(self) -> ByteString {
        self.text.into()
    }
}

/// What the server tells in its first packet. `Debug` leaves out the id, which is a secret of its client.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// The id of the Engine.IO session, in later requests the only proof of who sends them.
    pub sid: String,
    /// The transports the client may move to: `websocket` while polling, else none.
    pub upgrades: Vec<String>,
    /// Milliseconds from an answered ping to the next.
    pub ping_interval: u64,
    /// Milliseconds in which a ping must be answered.
    pub ping_timeout: u64,
    /// The most bytes a client may put into one POST or one message.
    pub max_payload: u64,
}

impl Opening {
    /// The open packet.
    pub fn packet(&self) -> EnginePacket {
        let text = serde_json::to_string(self).expect("a struct of strings and numbers has a JSON form");
        EnginePacket::Open(text.into())
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("upgrades", &self.upgrades)
            .field("ping_interval", &self.ping_interval)
            .field("ping_timeout", &self.ping_timeout)
            .field("max_payload", &self.max_payload)
            .finish_non_exhaustive()
    }
}

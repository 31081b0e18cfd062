//! What `@socket.io/redis-emitter` and the classic Redis adapters say over Redis: broadcasts as MessagePack, orders as JSON.
//!
//! Source: `@socket.io/redis-emitter` 5.1, `socket.io-redis` 5.4 and 6.1, `@socket.io/redis-adapter` 7.2 and 8.3. Broadcasts
//! are published to `KEY#NSP#` or `KEY#NSP#ROOM#`, orders to `KEY-request#NSP#`.
mod broadcast;
mod msgpack;
mod order;

use crate::types::{Audience, Group, Json};
use bytes::Bytes;

/// Something said to the sockets of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The namespace.
    pub namespace: String,
    /// Which of its sockets are meant.
    pub audience: Audience,
    /// What.
    pub what: What,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An event.
    Event {
        /// Its name.
        name: String,
        /// Its arguments: an array.
        args: Json,
        /// What placeholders in the arguments stand for.
        attachments: Vec<Bytes>,
        /// Only for who can take it at once.
        volatile: bool,
    },
    /// Enter these rooms.
    Join(Vec<Group>),
    /// Leave these rooms.
    Leave(Vec<Group>),
    /// End; with `true` the whole connection.
    Disconnect(bool),
}

/// Why bytes say nothing that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmitterError {
    /// Neither MessagePack nor JSON of the shape that is expected; a room that is neither text nor number.
    #[error("not of the emitter's form")]
    Form,
    /// An event with one of [`super::RESERVED_NAMES`], over which every client that hears it drops its connection.
    #[error("an event with a reserved name")]
    ReservedName,
    /// A request of the adapter's own, which adapters answer among themselves.
    #[error("not for us")]
    NotForUs,
}

/// The patterns of the names under which something is said, for `PSUBSCRIBE`.
pub fn patterns(key: &str) -> [String; 2] {
    let escaped: String =
        key.chars().flat_map(|c| "*?[]\\".contains(c).then_some('\\').into_iter().chain([c])).collect();
    [format!("{escaped}#*"), format!("{escaped}-request#*")]
}

/// Reads what was published under `name`.
pub fn decode(key: &str, name: &str, payload: &[u8]) -> Result<Said, EmitterError> {
    match name.strip_prefix(key).and_then(|rest| rest.strip_prefix("-request#")) {
        Some(rest) => order::read(rest.strip_suffix('#').ok_or(EmitterError::Form)?, payload),
        None => broadcast::read(payload),
    }
}

/// A number as its decimal text, which is the room's name, and an event's. None for one that has no such text.
fn decimal(number: f64) -> Option<String> {
    // Negative zero is written as zero.
    number.is_finite().then(|| (number + 0.0).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_its_key_alone() {
        assert_eq!(patterns("so[c]*"), ["so\\[c\\]\\*#*", "so\\[c\\]\\*-request#*"]);
    }

    #[test]
    fn a_number_has_one_decimal_text() {
        let texts = [42.0, -0.0, 1.5, -3.0, 1e21].map(|number| decimal(number).expect("a number"));
        assert_eq!(texts, ["42", "0", "1.5", "-3", "1000000000000000000000"]);
        assert_eq!([f64::NAN, f64::INFINITY].map(decimal), [None, None]);
    }
}

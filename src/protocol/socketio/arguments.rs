//! Looking into a payload no further than the protocol must: its first element, and where attachments belong.
use super::packet::{EventName, PacketError, RESERVED_NAMES};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The name in front of an event's arguments. `json` is valid JSON of any type.
pub(super) fn event_name(json: &str) -> Result<EventName, PacketError> {
    let elements = json.strip_prefix('[').ok_or(PacketError::NotAnArray)?;
    let mut values = serde_json::Deserializer::from_str(elements);
    // The one error left in valid JSON is that of an empty array.
    let first = <&RawValue>::deserialize(&mut values).map_err(|_| PacketError::BadEventName)?.get();
    match first.as_bytes()[0] {
        b'"' => {
            let name: String = serde_json::from_str(first).map_err(|_| PacketError::BadEventName)?;
            match RESERVED_NAMES.contains(&name.as_str()) {
                true => Err(PacketError::ReservedEventName),
                false => Ok(EventName::Text(name.into())),
            }
        }
        b'-' | b'0'..=b'9' => Ok(EventName::Number(first.into())),
        _ => Err(PacketError::BadEventName),
    }
}

/// The arguments of an event without the name in front: an array. `json` is one that [`event_name`] has read.
pub(super) fn after_name(json: &str) -> String {
    let rest = json.strip_prefix('[').and_then(|elements| {
        let first = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(elements)).ok()?.get();
        // What was borrowed stands in what it was borrowed from.
        let end = first.as_ptr() as usize - elements.as_ptr() as usize + first.len();
        elements[end..].trim_start().strip_prefix(',')
    });
    rest.map_or("[]".to_owned(), |rest| format!("[{rest}"))
}

/// Checks that every placeholder in valid JSON names one of `count` attachments.
pub(super) fn check_placeholders(json: &str, count: usize) -> Result<(), PacketError> {
    let node = serde_json::from_str::<Node>(json).map_err(|_| PacketError::Json)?;
    match node.highest() < count as i128 {
        true => Ok(()),
        false => Err(PacketError::PlaceholderOutOfRange),
    }
}

/// What a value is to a placeholder: its sign, its number, or a tree that may hold others.
enum Node {
    True,
    Number(u64),
    /// The highest attachment that is named inside; -1 for none.
    Tree(i128),
}

/// A number that names no attachment is higher than all of them.
const NO_SUCH: i128 = i128::MAX;

impl Node {
    fn highest(&self) -> i128 {
        match self {
            Node::Tree(highest) => *highest,
            Node::True | Node::Number(_) => -1,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(if value { Node::True } else { Node::Tree(-1) })
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Tree(-1))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Tree(-1))
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Tree(-1))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Tree(-1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let mut highest = -1;
        while let Some(element) = elements.next_element::<Node>()? {
            highest = highest.max(element.highest());
        }
        Ok(Node::Tree(highest))
    }

    /// An object whose `_placeholder` is true stands for an attachment as a whole; what else is in it does not count.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let (mut highest, mut is_placeholder, mut number) = (-1, false, NO_SUCH);
        while let Some(key) = entries.next_key::<Key>()? {
            let value = entries.next_value::<Node>()?;
            match key {
                Key::Placeholder => is_placeholder = matches!(value, Node::True),
                Key::Num => number = if let Node::Number(number) = value { number.into() } else { NO_SUCH },
                Key::Other => {}
            }
            highest = highest.max(value.highest());
        }
        Ok(Node::Tree(if is_placeholder { number } else { highest }))
    }
}

/// The keys that matter; a key of any other bytes is skipped unread.
#[derive(Deserialize)]
#[serde(field_identifier)]
enum Key {
    #[serde(rename = "_placeholder")]
    Placeholder,
    #[serde(rename = "num")]
    Num,
    #[serde(other)]
    Other,
}

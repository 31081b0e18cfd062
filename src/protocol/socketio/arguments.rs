//! Reading a payload no further than the protocol requires: its first element, and where attachments belong.
use super::packet::{EventName, PacketError, RESERVED_NAMES};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The name in front of an event's arguments. `json` is valid JSON of any type.
pub(super) fn event_name(json: &str) -> Result<EventName, PacketError> {
    let elements = json.strip_prefix('[').ok_or(PacketError::NotAnArray)?;
    let mut values = serde_json::Deserializer::from_str(elements);
    // The one error left in valid JSON is that of an empty array.
    let first = <&RawValue>::deserialize(&mut values).map_err(|_| PacketError::BadEventName)?.get();
    match first.as_bytes()[0] {
        b'"' => {
            let name = unescaped(first).ok_or(PacketError::BadEventName)?;
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

/// A valid JSON string without its quotes and escapes. Half a surrogate pair, which JavaScript has in its texts and UTF-8 cannot
/// write, is U+FFFD.
pub(super) fn unescaped(string: &str) -> Option<String> {
    serde_json::from_str(string).or_else(|_| serde_json::from_str(&whole_pairs(string))).ok()
}

/// The same with U+FFFD in place of each surrogate that stands alone.
fn whole_pairs(string: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = string[at..].find('\\') {
        at += found;
        match (unit(&string[at..]), string.get(at + 6..).and_then(unit)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at += 12,
            (Some(0xd800..0xe000), _) => {
                written.push_str(&string[done..at]);
                written.push_str("\\ufffd");
                at += 6;
                done = at;
            }
            // An escape of one character, or `u` and four digits, which are passed over one by one.
            _ => at += 2,
        }
    }
    if done == 0 {
        return Cow::Borrowed(string);
    }
    written.push_str(&string[done..]);
    Cow::Owned(written)
}

/// The code unit of the escape `\uXXXX` that a text begins with.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_read_as_the_replacement_character() {
        let texts = [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\udc00\ud83d\ude00\uD83Dx""#, "\u{fffd}\u{1f600}\u{fffd}x"),
            (r#""\\ud800\n""#, "\\ud800\n"),
            (r#""\\\ud800\ud800""#, "\\\u{fffd}\u{fffd}"),
        ];
        for (escaped, text) in texts {
            assert_eq!(unescaped(escaped).as_deref(), Some(text), "{escaped}");
        }
    }
}

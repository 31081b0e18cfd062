//! MessagePack as JSON, binary parts beside it.
use super::{EmitterError, decimal};
use bytes::Bytes;
use rmpv::Value;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

/// How deep an argument may be nested.
const DEPTH: usize = 128;
/// The levels around an argument: the message, the packet, its data.
const AROUND: usize = 3;
/// What the reader counts down from, at the most: each array and map twice, for itself and for what is in it, and three times
/// a text in the innermost.
const COUNTED: usize = 2 * (AROUND + DEPTH) + 3;
/// The MessagePack extension of dates (MessagePack specification, "Timestamp extension type").
const TIMESTAMP: i8 = -1;

/// Reads one value.
pub(super) fn read(mut payload: &[u8]) -> Result<Value, EmitterError> {
    rmpv::decode::read_value_with_max_depth(&mut payload, COUNTED).map_err(|_| EmitterError::Form)
}

/// Whether an argument is nested deeper than 128 levels, the most that are taken.
pub(super) fn is_too_deep(args: &[Value]) -> bool {
    args.iter().any(|arg| depth(arg) > DEPTH)
}

/// How many arrays and maps stand in one another. The reader has bounded them.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => 1 + entries.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a map has under a key; none where it has nothing there, or is no map.
pub(super) fn field<'a>(map: &'a Value, key: &str) -> Option<&'a Value> {
    map.as_map()?.iter().find(|(of, _)| of.as_str() == Some(key)).map(|(_, value)| value)
}

/// A text, or a number as its decimal text; none for anything else.
pub(super) fn name(value: &Value) -> Option<String> {
    match value {
        Value::Integer(number) => Some(number.to_string()),
        Value::F32(number) => decimal(f64::from(*number)),
        Value::F64(number) => decimal(*number),
        value => value.as_str().map(str::to_owned),
    }
}

/// A value as JSON, its binary parts beside it.
#[derive(Default)]
pub(super) struct Written {
    pub text: String,
    pub attachments: Vec<Bytes>,
}

impl Written {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Nil => self.text.push_str("null"),
            Value::Boolean(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Integer(number) => self.show(number),
            Value::F32(number) => self.number(f64::from(*number)),
            Value::F64(number) => self.number(*number),
            Value::String(text) => self.string(&String::from_utf8_lossy(text.as_bytes())),
            Value::Binary(bytes) => {
                let number = self.attachments.len();
                self.attachments.push(Bytes::copy_from_slice(bytes));
                self.show(&format_args!(r#"{{"_placeholder":true,"num":{number}}}"#));
            }
            Value::Array(elements) => self.array(elements),
            Value::Map(entries) => self.object(entries),
            Value::Ext(kind, bytes) => match (*kind == TIMESTAMP).then(|| time(bytes)).flatten() {
                Some(time) => self.show(&format_args!("\"{}\"", humantime::format_rfc3339_millis(time))),
                None => self.text.push_str("null"),
            },
        }
    }

    pub fn array(&mut self, elements: &[Value]) {
        self.text.push('[');
        for (at, element) in elements.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.value(element);
        }
        self.text.push(']');
    }

    fn object(&mut self, entries: &[(Value, Value)]) {
        self.text.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            match key.as_str() {
                Some(key) => self.string(key),
                None => self.string(&key.to_string()),
            }
            self.text.push(':');
            self.value(value);
        }
        self.text.push('}');
    }

    /// JSON has no infinities and no NaN; JavaScript writes null for them.
    fn number(&mut self, number: f64) {
        match serde_json::Number::from_f64(number) {
            Some(number) => self.show(&number),
            None => self.text.push_str("null"),
        }
    }

    fn string(&mut self, text: &str) {
        self.show(&serde_json::Value::from(text));
    }

    fn show(&mut self, shown: &impl std::fmt::Display) {
        // A String takes all that is written.
        let _ = write!(self.text, "{shown}");
    }
}

/// Seconds in 32 bits; nanoseconds and seconds in 30 and 34; nanoseconds in 32 and signed seconds in 64.
fn time(bytes: &[u8]) -> Option<SystemTime> {
    let (seconds, nanos) = match *bytes {
        [a, b, c, d] => (u64::from(u32::from_be_bytes([a, b, c, d])), 0),
        [..] if bytes.len() == 8 => {
            let both = u64::from_be_bytes(bytes.try_into().ok()?);
            (both & 0x3_ffff_ffff, (both >> 34) as u32)
        }
        [a, b, c, d, ref seconds @ ..] => {
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            (u64::try_from(seconds).ok()?, u32::from_be_bytes([a, b, c, d]))
        }
        _ => return None,
    };
    // The year 9999, past which there is no form for it.
    const END: u64 = 253_402_300_800;
    (seconds < END && nanos < 1_000_000_000).then(|| SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_texts() {
        let mut written = Written::default();
        written.value(&Value::Ext(TIMESTAMP, 1u32.to_be_bytes().to_vec()));
        written.value(&Value::Ext(5, vec![1]));
        assert_eq!(written.text, r#""1970-01-01T00:00:01.000Z"null"#);
    }
}

//! What `@socket.io/redis-emitter` and the classic Redis adapter say over Redis: broadcasts as MessagePack, orders as JSON.
//!
//! Source: `@socket.io/redis-emitter` 5.1 and `@socket.io/redis-adapter` 8.3. Broadcasts are published to `KEY#NSP#` or
//! `KEY#NSP#ROOM#`, orders to `KEY-request#NSP#`.
use super::RESERVED_NAMES;
use crate::types::{Audience, Group, Json};
use bytes::Bytes;
use rmpv::Value;
use serde::Deserialize;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

/// How deep an argument may be nested.
const DEPTH: usize = 128;
/// The MessagePack extension of dates (MessagePack specification, "Timestamp extension type").
const TIMESTAMP: i8 = -1;

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
    /// Neither MessagePack nor JSON of the shape that is expected.
    #[error("not of the emitter's form")]
    Form,
    /// An event with one of [`RESERVED_NAMES`], over which every client that hears it drops its connection.
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

/// Reads what was published under `name`. Orders begin with a brace, broadcasts do not.
pub fn decode(key: &str, name: &str, payload: &[u8]) -> Result<Said, EmitterError> {
    match payload.first() {
        Some(b'{') => order(key, name, payload),
        _ => broadcast(payload),
    }
}

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default)]
    opts: Opts,
    #[serde(default)]
    rooms: Vec<String>,
    #[serde(default)]
    close: bool,
}

#[derive(Deserialize, Default)]
struct Opts {
    #[serde(default)]
    rooms: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
}

fn order(key: &str, name: &str, payload: &[u8]) -> Result<Said, EmitterError> {
    let namespace = name.strip_prefix(key).and_then(|rest| rest.strip_prefix("-request#"));
    let namespace = namespace.and_then(|rest| rest.strip_suffix('#')).ok_or(EmitterError::Form)?.to_owned();
    let Order { kind, opts, rooms, close } = serde_json::from_slice(payload).map_err(|_| EmitterError::Form)?;
    let what = match kind {
        2 => What::Join(groups(rooms)),
        3 => What::Leave(groups(rooms)),
        4 => What::Disconnect(close),
        _ => return Err(EmitterError::NotForUs),
    };
    let audience = Audience { to: groups(opts.rooms), except: groups(opts.except) };
    Ok(Said { namespace, audience, what })
}

/// `[uid, {type, data, nsp}, {rooms, except, flags}]`
fn broadcast(mut payload: &[u8]) -> Result<Said, EmitterError> {
    let value = rmpv::decode::read_value_with_max_depth(&mut payload, DEPTH).map_err(|_| EmitterError::Form)?;
    let Some([_, packet, opts]) = value.as_array().map(Vec::as_slice) else { return Err(EmitterError::Form) };
    let namespace = packet["nsp"].as_str().ok_or(EmitterError::Form)?.to_owned();
    let (name, args) = packet["data"].as_array().and_then(|data| data.split_first()).ok_or(EmitterError::Form)?;
    let name = name.as_str().ok_or(EmitterError::Form)?.to_owned();
    if RESERVED_NAMES.contains(&name.as_str()) {
        return Err(EmitterError::ReservedName);
    }
    let mut written = Written::default();
    written.array(args);
    let args = Json::parse(written.text.into()).map_err(|_| EmitterError::Form)?;
    let names = |value: &Value| {
        let all = value.as_array().into_iter().flatten();
        groups(all.filter_map(|room| room.as_str().map(str::to_owned)).collect())
    };
    let audience = Audience { to: names(&opts["rooms"]), except: names(&opts["except"]) };
    let volatile = opts["flags"]["volatile"].as_bool().unwrap_or(false);
    Ok(Said { namespace, audience, what: What::Event { name, args, attachments: written.attachments, volatile } })
}

fn groups(names: Vec<String>) -> Vec<Group> {
    names.into_iter().map(Group::from).collect()
}

/// A value as JSON, its binary parts beside it.
#[derive(Default)]
struct Written {
    text: String,
    attachments: Vec<Bytes>,
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

    fn array(&mut self, elements: &[Value]) {
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

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    fn said(hex: &str) -> Said {
        decode("socket.io", "socket.io#/#", &bytes(hex)).expect("a broadcast")
    }

    fn event(said: &Said) -> (&str, &str, usize, bool) {
        match &said.what {
            What::Event { name, args, attachments, volatile } => (name, args.as_str(), attachments.len(), *volatile),
            other => panic!("no event: {other:?}"),
        }
    }

    // As the emitter writes them.
    const HELLO: &str = "93a7656d697474657283a47479706502a46461746193a568656c6c6f01a178a36e7370a12f83a5726f6f6d7390a5666c61677380a665786365707490";
    const TO_ROOM: &str = "93a7656d697474657283a47479706502a46461746192a568656c6c6f81a161c3a36e7370a12f83a5726f6f6d7391a5726f6f6d31a5666c61677380a665786365707490";
    const ALL_OF_IT: &str = "93a7656d697474657283a47479706502a46461746194a26576c0cb3ff8000000000000c403010203a36e7370a12f83a5726f6f6d7392a161a162a5666c61677382a8766f6c6174696c65c3a8636f6d7072657373c2a665786365707491a163";

    #[test]
    fn broadcasts_are_read_as_the_emitter_writes_them() {
        let hello = said(HELLO);
        assert_eq!((hello.namespace.as_str(), event(&hello)), ("/", ("hello", r#"[1,"x"]"#, 0, false)));
        assert!(hello.audience.is_everyone());
        let to_room = said(TO_ROOM);
        assert_eq!(event(&to_room).1, r#"[{"a":true}]"#);
        assert_eq!(to_room.audience.to, ["room1".into()]);
        let all = said(ALL_OF_IT);
        assert_eq!(event(&all), ("ev", r#"[null,1.5,{"_placeholder":true,"num":0}]"#, 1, true));
        assert_eq!((all.audience.to.len(), all.audience.except), (2, vec!["c".into()]));
    }

    #[test]
    fn orders_are_read_and_what_adapters_say_among_themselves_is_not_for_us() {
        let read = |text: &str| decode("socket.io", "socket.io-request#/chat#", text.as_bytes());
        let join = read(r#"{"type":2,"opts":{"rooms":["a"],"except":["b"]},"rooms":["c"]}"#).expect("an order");
        assert_eq!((join.namespace.as_str(), join.what), ("/chat", What::Join(vec!["c".into()])));
        assert_eq!((join.audience.to, join.audience.except), (vec!["a".into()], vec!["b".into()]));
        let gone = read(r#"{"type":4,"opts":{"rooms":[],"except":[]},"close":true}"#).expect("an order");
        assert_eq!(gone.what, What::Disconnect(true));
        assert_eq!(read(r#"{"uid":"emitter","type":6,"data":["x"]}"#), Err(EmitterError::NotForUs));
        assert_eq!(read("{"), Err(EmitterError::Form));
    }

    #[test]
    fn dates_become_texts_and_junk_is_an_error() {
        let mut written = Written::default();
        written.value(&Value::Ext(TIMESTAMP, 1u32.to_be_bytes().to_vec()));
        written.value(&Value::Ext(5, vec![1]));
        assert_eq!(written.text, r#""1970-01-01T00:00:01.000Z"null"#);
        for junk in ["", "93", "c0", "93c0c0c0", "ffff"] {
            assert_eq!(decode("k", "k#/#", &bytes(junk)), Err(EmitterError::Form), "{junk}");
        }
    }

    #[test]
    fn an_event_with_a_reserved_name_is_not_let_through() {
        for name in RESERVED_NAMES {
            let text: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            let named = HELLO.replace("a568656c6c6f", &format!("{:02x}{text}", 0xa0 + name.len()));
            assert_eq!(decode("k", "k#/#", &bytes(&named)), Err(EmitterError::ReservedName), "{name}");
        }
    }

    #[test]
    fn a_pattern_stands_for_its_key_alone() {
        assert_eq!(patterns("so[c]*"), ["so\\[c\\]\\*#*", "so\\[c\\]\\*-request#*"]);
    }
}

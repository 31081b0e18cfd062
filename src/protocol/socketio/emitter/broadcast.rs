//! Broadcasts: `[uid, {type, data, nsp}, {rooms, except, flags}]` in MessagePack.
use super::msgpack::{self, Written, field};
use super::order::broadcast_audience;
use super::{EmitterError, Said, What};
use crate::protocol::socketio::RESERVED_NAMES;
use crate::types::{Group, Json};
use rmpv::Value;

/// The namespace of a packet that names none.
const ROOT: &str = "/";

/// Reads a broadcast.
pub(super) fn read(payload: &[u8]) -> Result<Said, EmitterError> {
    let value = msgpack::read(payload)?;
    let Some([_, packet, opts]) = value.as_array().map(Vec::as_slice) else { return Err(EmitterError::Form) };
    let namespace = field(packet, "nsp").map_or(Some(ROOT), Value::as_str).ok_or(EmitterError::Form)?.to_owned();
    let data = field(packet, "data").and_then(Value::as_array);
    let (name, args) = data.and_then(|data| data.split_first()).ok_or(EmitterError::Form)?;
    let name = msgpack::name(name).ok_or(EmitterError::Form)?;
    if RESERVED_NAMES.contains(&name.as_str()) {
        return Err(EmitterError::ReservedName);
    }
    // The rooms are always said, those that are excepted are not by the adapter before the sixth.
    let rooms = groups(field(opts, "rooms").ok_or(EmitterError::Form)?)?;
    let except = field(opts, "except").map_or(Ok(vec![]), groups)?;
    let volatile = field(opts, "flags").and_then(|flags| field(flags, "volatile")?.as_bool()).unwrap_or(false);
    if msgpack::is_too_deep(args) {
        return Err(EmitterError::Form);
    }
    let mut written = Written::default();
    written.array(args);
    let args = Json::parse(written.text.into()).map_err(|_| EmitterError::Form)?;
    let what = What::Event { name, args, attachments: written.attachments, volatile };
    Ok(Said { namespace, audience: broadcast_audience(rooms, except), what })
}

/// Why MessagePack on the request channel says nothing to us: a broadcast that wants acknowledgements is for adapters.
pub(super) fn request(payload: &[u8]) -> EmitterError {
    let value = msgpack::read(payload);
    match value.is_ok_and(|request| field(&request, "type").is_some_and(Value::is_u64)) {
        true => EmitterError::NotForUs,
        false => EmitterError::Form,
    }
}

/// All of them or none: were one left out, others would hear what is not for them.
fn groups(names: &Value) -> Result<Vec<Group>, EmitterError> {
    let names = names.as_array().ok_or(EmitterError::Form)?;
    names.iter().map(|name| msgpack::name(name).map(Group::from).ok_or(EmitterError::Form)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::decode;
    use super::*;
    use crate::types::Audience;

    fn from_hex(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
    }

    fn said(hex: &str) -> Said {
        decode("socket.io", "socket.io#/#", &from_hex(hex)).expect("a broadcast")
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
        assert_eq!(to_room.audience, Audience::of(["room1".into()]));
        let all = said(ALL_OF_IT);
        assert_eq!(event(&all), ("ev", r#"[null,1.5,{"_placeholder":true,"num":0}]"#, 1, true));
        assert_eq!(all.audience, Audience::of(["a".into(), "b".into()]).but(["c".into()]));
    }

    /// A broadcast of an event with these arguments to these rooms.
    fn written(data: Vec<Value>, opts: Vec<(&str, Vec<Value>)>) -> Vec<u8> {
        let text = |text: &str| Value::from(text);
        let opts = opts.into_iter().map(|(key, rooms)| (text(key), Value::Array(rooms))).collect();
        let packet = Value::Map(vec![(text("data"), Value::Array(data)), (text("nsp"), text("/"))]);
        let mut bytes = vec![];
        let said = Value::Array(vec![text("emitter"), packet, Value::Map(opts)]);
        rmpv::encode::write_value(&mut bytes, &said).expect("a Vec takes all that is written");
        bytes
    }

    fn to(rooms: Vec<Value>, except: Vec<Value>) -> Result<Audience, EmitterError> {
        let bytes = written(vec!["secret".into(), 1.into()], vec![("rooms", rooms), ("except", except)]);
        decode("socket.io", "socket.io#/#", &bytes).map(|said| said.audience)
    }

    #[test]
    fn a_room_that_is_a_number_is_its_decimal_text() {
        let of = |names: &[&str]| Audience::of(names.iter().map(|name| Group::from(*name)));
        assert_eq!(to(vec![42.into()], vec![]), Ok(of(&["42"])));
        assert_eq!(to(vec![1.5.into(), Value::F32(2.0), (-1).into()], vec![]), Ok(of(&["1.5", "2", "-1"])));
        assert_eq!(to(vec![], vec![42.into()]), Ok(Audience::EVERYONE.but(["42".into()])));
    }

    #[test]
    fn a_room_that_is_neither_text_nor_number_makes_the_whole_undecodable() {
        let odd = [
            Value::Nil,
            Value::Binary(b"room".to_vec()),
            Value::Boolean(true),
            Value::Array(vec![]),
            Value::Map(vec![]),
            Value::Ext(0, vec![0]),
            Value::F64(f64::NAN),
        ];
        for odd in odd {
            assert_eq!(to(vec![odd.clone()], vec![]), Err(EmitterError::Form), "to {odd}");
            assert_eq!(to(vec!["a".into(), odd.clone()], vec![]), Err(EmitterError::Form), "to {odd} and a");
            assert_eq!(to(vec![], vec![odd.clone()]), Err(EmitterError::Form), "except {odd}");
        }
        let not_utf8 = TO_ROOM.replace("a5726f6f6d31", "a5ff6f6f6d31");
        assert_eq!(decode("socket.io", "socket.io#/#", &from_hex(&not_utf8)), Err(EmitterError::Form));
    }

    #[test]
    fn rooms_that_are_not_said_are_not_everyone() {
        let bytes = written(vec!["secret".into()], vec![("except", vec![])]);
        assert_eq!(decode("k", "k#/#", &bytes), Err(EmitterError::Form));
        for opts in ["c0", "90", "80", "81a5726f6f6d73c0", "81a5726f6f6d73a161"] {
            let said = HELLO.replace("83a5726f6f6d7390a5666c61677380a665786365707490", opts);
            assert_eq!(decode("k", "k#/#", &from_hex(&said)), Err(EmitterError::Form), "{opts}");
        }
    }

    #[test]
    fn the_name_of_an_event_may_be_a_number() {
        let bytes = written(vec![42.into(), "x".into()], vec![("rooms", vec![])]);
        assert_eq!(event(&decode("k", "k#/#", &bytes).expect("a broadcast")).0, "42");
        for name in [Value::Nil, Value::Boolean(true), Value::Binary(vec![1])] {
            let bytes = written(vec![name], vec![("rooms", vec![])]);
            assert_eq!(decode("k", "k#/#", &bytes), Err(EmitterError::Form));
        }
    }

    #[test]
    fn arguments_may_be_nested_as_deep_as_is_said() {
        let deep = |levels: usize, wrap: fn(Value) -> Value| {
            let arg = (0..levels).fold(Value::from("x"), |inner, _| wrap(inner));
            decode("k", "k#/#", &written(vec!["deep".into(), arg], vec![("rooms", vec![])]))
        };
        let wraps: [fn(Value) -> Value; 2] =
            [|inner| Value::Array(vec![inner]), |inner| Value::Map(vec![("a".into(), inner)])];
        for wrap in wraps {
            for levels in [60, 128] {
                assert!(deep(levels, wrap).is_ok(), "{levels} levels");
            }
            for levels in [129, 300] {
                assert_eq!(deep(levels, wrap), Err(EmitterError::Form), "{levels} levels");
            }
        }
    }

    #[test]
    fn a_broadcast_that_wants_acknowledgements_is_for_adapters() {
        let request = Value::Map(vec![("uid".into(), "u".into()), ("type".into(), 7.into())]);
        let mut bytes = vec![];
        rmpv::encode::write_value(&mut bytes, &request).expect("a Vec takes all that is written");
        assert_eq!(decode("k", "k-request#/#", &bytes), Err(EmitterError::NotForUs));
        assert_eq!(decode("k", "k-request#/#", &[0xc0]), Err(EmitterError::Form));
        assert_eq!(decode("k", "k#/#", b"{}"), Err(EmitterError::Form));
    }

    #[test]
    fn junk_is_an_error() {
        for junk in ["", "93", "c0", "93c0c0c0", "ffff"] {
            assert_eq!(decode("k", "k#/#", &from_hex(junk)), Err(EmitterError::Form), "{junk}");
        }
    }

    #[test]
    fn an_event_with_a_reserved_name_is_not_let_through() {
        for name in RESERVED_NAMES {
            let text: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            let named = HELLO.replace("a568656c6c6f", &format!("{:02x}{text}", 0xa0 + name.len()));
            assert_eq!(decode("k", "k#/#", &from_hex(&named)), Err(EmitterError::ReservedName), "{name}");
        }
    }
}

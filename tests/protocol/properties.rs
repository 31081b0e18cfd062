//! What holds for every input.
use super::events::{event, name};
use bytes::Bytes;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Command, Encoding, Wire};
use callboard::types::{Disconnect, Tags};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// Reads a message to its end, past faults too, and says how many lines it had.
fn drain(message: Vec<u8>) -> Result<usize, TestCaseError> {
    let mut rest = Bytes::from(message);
    let mut lines = 0;
    while !rest.is_empty() {
        let before = rest.len();
        match CentrifugeJson.decode(&mut rest) {
            Ok(request) => prop_assert!(request.is_some()),
            Err(fault) => prop_assert_eq!(fault, Disconnect::BAD_REQUEST),
        }
        prop_assert!(rest.len() < before, "nothing was taken off");
        lines += 1;
    }
    prop_assert!(matches!(CentrifugeJson.decode(&mut rest), Ok(None)));
    Ok(lines)
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Objects that are almost commands: known names, values of any type.
fn near_command() -> impl Strategy<Value = Value> {
    let commands = vec!["connect", "subscribe", "publish", "history", "rpc", "send", "refresh", "sub_refresh", "ping"];
    let fields = vec!["channel", "data", "token", "tf", "flag", "type", "since", "limit", "subs", "headers", "key"];
    let payload = prop::collection::hash_map(prop::sample::select(fields), any_json(), 0..4);
    (any_json(), prop::sample::select(commands), payload)
        .prop_map(|(id, command, payload)| json!({"id": id, command: payload}))
}

proptest! {
    #[test]
    fn no_bytes_make_the_decoder_panic_or_stand_still(message in prop::collection::vec(any::<u8>(), 0..200)) {
        let lines = message.split_inclusive(|byte| *byte == b'\n').count();
        prop_assert_eq!(drain(message)?, lines);
    }

    #[test]
    fn nothing_that_looks_like_json_makes_the_decoder_panic(message in "[{}\\[\\]\":,0-9a-z \n\\\\-]{0,80}") {
        drain(message.into_bytes())?;
    }

    #[test]
    fn no_command_with_odd_values_makes_the_decoder_panic(commands in prop::collection::vec(near_command(), 1..4)) {
        let lines: Vec<_> = commands.iter().map(Value::to_string).collect();
        prop_assert_eq!(drain(lines.join("\n").into_bytes())?, lines.len());
    }

    #[test]
    fn any_payload_passes_from_a_publish_to_its_event_byte_for_byte(
        data in any_json(),
        channel in "\\PC{1,40}",
        id in 1u32..,
    ) {
        let data = data.to_string();
        let message = format!("{{\"id\":{id},\"publish\":{{\"channel\":{},\"data\":{data}}}}}", json!(channel));
        let request = CentrifugeJson.decode_first(&mut Bytes::from(message)).unwrap();
        prop_assert_eq!(request.id, id);
        let Command::Publish(publish) = request.command else { panic!("no publish") };
        prop_assert_eq!(&publish.channel, &channel);
        let payload = publish.data.expect("a payload");
        prop_assert_eq!(payload.as_str(), &data);
        let frame = CentrifugeJson.event(&callboard::types::Event {
            channel: name(&channel),
            data: payload,
            ..event("null")
        });
        let expected = format!("{{\"push\":{{\"channel\":{},\"pub\":{{\"data\":{data}}}}}}}", json!(channel));
        prop_assert_eq!(&frame.payload()[..], expected.as_bytes());
    }

    #[test]
    fn any_tags_make_an_event_of_one_line_that_reads_back(
        tags in prop::collection::btree_map(any::<String>(), any::<String>(), 1..4),
    ) {
        let event = callboard::types::Event { tags: Some(Arc::new(tags.clone())), ..event("null") };
        let payload = CentrifugeJson.event(&event).payload();
        prop_assert!(!payload.contains(&b'\n'));
        let frame: Value = serde_json::from_slice(&payload).unwrap();
        let read: Tags = serde_json::from_value(frame["push"]["pub"]["tags"].clone()).unwrap();
        prop_assert_eq!(read, tags);
    }
}

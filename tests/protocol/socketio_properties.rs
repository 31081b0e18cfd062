//! What holds for every Socket.IO input, and what another implementation makes of it.
use bytes::Bytes;
use callboard::protocol::socketio::engine::{EnginePacket, Polled, PollingBody};
use callboard::protocol::socketio::{AckId, Body, Namespace, Packet, Reassembly};
use callboard::types::Json;
use proptest::prelude::*;
use serde_json::{Value, json};
use socketioxide_parser_common::CommonParser;

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn raw(value: Value) -> Json {
    Json::parse(Bytes::from(value.to_string())).unwrap()
}

/// Arguments that refer to each of so many attachments.
fn arguments(values: Vec<Value>, attached: usize) -> Value {
    let placeholders = (0..attached).map(|num| json!([{"_placeholder": true, "num": num}]));
    values.into_iter().chain(placeholders).collect()
}

fn bodies() -> impl Strategy<Value = Body> {
    let id = prop::option::of(any::<u64>().prop_map(AckId::from));
    let attachments = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40).prop_map(Bytes::from), 0..=10);
    let object = prop::collection::hash_map(any::<String>(), values(), 0..3).prop_map(|map| raw(json!(map))).boxed();
    let several = || prop::collection::vec(values(), 0..3);
    prop_oneof![
        prop::option::of(object.clone()).prop_map(Body::Connect),
        Just(Body::Disconnect),
        prop::option::of(object).prop_map(Body::ConnectError),
        ("x.{0,20}", several(), id.clone(), attachments.clone()).prop_map(|(name, values, ack, attachments)| {
            let values = std::iter::once(Value::from(name)).chain(values).collect();
            let Ok(Body::Event { name, args, ack, .. }) = Body::event(raw(arguments(values, attachments.len())), ack)
            else {
                panic!("no event")
            };
            Body::Event { name, args, ack, attachments }
        }),
        (several(), id, attachments).prop_map(|(values, id, attachments)| {
            Body::Ack { id, args: Some(raw(arguments(values, attachments.len()))), attachments }
        }),
    ]
}

fn packets() -> impl Strategy<Value = Packet> {
    ("/[^,]{0,12}", bodies()).prop_map(|(name, body)| Packet { namespace: Namespace::new(&name).unwrap(), body })
}

/// What a decoder on the other side of a WebSocket makes of messages, to the first error.
fn receive(messages: impl IntoIterator<Item = EnginePacket>) -> Vec<Packet> {
    let mut parts = Reassembly::default();
    let mut packets = vec![];
    for message in messages {
        let packet = match message {
            EnginePacket::Text(text) => parts.text(&text),
            EnginePacket::Binary(bytes) => parts.binary(bytes),
            _ => continue,
        };
        match packet {
            Ok(packet) => packets.extend(packet),
            Err(_) => break,
        }
    }
    packets
}

/// Whether the other implementation reads a text, with its attachments still to come or none needed.
fn accepted_elsewhere(text: &str) -> bool {
    use socketioxide_core::parser::{Parse, ParseConfig, ParseError, ParserState};
    let read = CommonParser.decode_str(&ParseConfig::default(), &ParserState::default(), text.to_owned().into());
    matches!(read, Ok(_) | Err(ParseError::NeedsMoreBinaryData))
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(polled) = Polled::new(Bytes::from(body)) {
            receive(polled.map_while(Result::ok));
        }
    }

    #[test]
    fn nothing_that_looks_like_a_packet_makes_a_decoder_panic(
        text in "4[0-7]{0,2}[0-9-]{0,3}(/[a-z?]{0,3},?)?[0-9]{0,3}[{}\\[\\]\":,0-9a-z _\\\\-]{0,40}(\u{1e}b[A-Za-z0-9/+=]{0,6}){0,3}",
    ) {
        receive(Polled::new(Bytes::from(text)).unwrap().map_while(Result::ok));
    }

    #[test]
    fn what_was_written_is_read_the_same_on_a_websocket_and_in_a_poll(
        packets in prop::collection::vec(packets(), 1..4),
    ) {
        let mut poll = PollingBody::default();
        let mut socket = vec![];
        for packet in &packets {
            let encoded = packet.encode();
            poll.push(&encoded.text);
            encoded.attachments.iter().for_each(|frame| poll.push(frame));
            let text = String::from_utf8(encoded.text.payload().to_vec()).unwrap();
            socket.push(EnginePacket::decode(&text.into()).unwrap());
            socket.extend(encoded.attachments.iter().map(|frame| EnginePacket::Binary(frame.payload())));
        }
        prop_assert_eq!(&receive(socket), &packets);
        // A separator can stand in a name only: JSON escapes it. Then a poll cannot carry it, there as in the reference.
        if packets.iter().all(|packet| !packet.namespace.as_str().contains('\u{1e}')) {
            let body = Bytes::from(poll.finish().to_string());
            prop_assert_eq!(receive(Polled::new(body).unwrap().map(Result::unwrap)), packets);
        }
    }

    #[test]
    fn another_implementation_reads_what_this_one_writes(packet in packets()) {
        // A server only, it takes no refusal of a CONNECT; and no id over 63 bits and no acknowledgement without one.
        let common = !matches!(&packet.body, Body::Ack { id: None, .. } | Body::ConnectError(_));
        let id = match &packet.body {
            Body::Event { ack: id, .. } | Body::Ack { id, .. } => id.as_ref().and_then(AckId::number).unwrap_or(0),
            _ => 0,
        };
        if common && id <= i64::MAX as u64 {
            let text = String::from_utf8(packet.encode().text.payload()[1..].to_vec()).unwrap();
            prop_assert!(accepted_elsewhere(&text), "{}", text);
        }
    }
}

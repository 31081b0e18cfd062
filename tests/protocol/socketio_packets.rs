//! Socket.IO packets: golden frames, and the rows of the edge table. The texts stand as on the wire, so with the `4` of an
//! Engine.IO message in front.
use bytes::Bytes;
use callboard::protocol::socketio::PacketError::*;
use callboard::protocol::socketio::engine::EnginePacket;
use callboard::protocol::socketio::{
    AckId, Body, EventName, Namespace, Packet, PacketError, RESERVED_NAMES, Reassembly,
};
use callboard::types::Json;

fn give(parts: &mut Reassembly, wire: &str) -> Result<Option<Packet>, PacketError> {
    match EnginePacket::decode(&wire.into()).expect("an Engine.IO packet") {
        EnginePacket::Text(text) => parts.text(&text),
        EnginePacket::Binary(bytes) => parts.binary(bytes),
        other => panic!("{other:?} is no message"),
    }
}

/// Reads the messages of one packet: the last completes it.
fn read(wire: &[&str]) -> Packet {
    let mut parts = Reassembly::default();
    let (last, first) = wire.split_last().unwrap();
    for part in first {
        assert_eq!(give(&mut parts, part), Ok(None), "{part}");
        assert!(parts.is_waiting());
    }
    let packet = give(&mut parts, last).expect("a valid packet").expect("a complete packet");
    assert!(!parts.is_waiting());
    packet
}

fn written(packet: &Packet) -> Vec<Bytes> {
    let encoded = packet.encode();
    std::iter::once(&encoded.text).chain(&encoded.attachments).map(|frame| frame.payload()).collect()
}

fn json(text: &str) -> Json {
    Json::parse(Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

#[test]
fn every_packet_kind_is_read_and_written_byte_for_byte() {
    for wire in [
        "40",
        "40{\"token\":\"123\"}",
        "40/custom,{\"sid\":\"x\"}",
        "41",
        "41/custom,",
        "42[\"m\"]",
        "42[\"m\", 1.10 ,{\"b\":1,\"a\":2}]",
        "42/custom,12[\"m\",null]",
        "42[1]",
        "42",
        "420[\"m\"]",
        "42[\"m\",{\"_placeholder\":true,\"num\":9}]",
        "42[\"\u{2028}\\u0000😀\",{\"__proto__\":{\"a\":1}}]",
        "430[]",
        "43/custom,12[1,\"two\"]",
        "43[1]",
        "4399[1]",
        "44{\"message\":\"no\",\"data\":{\"c\":1}}",
        "44/random,{\"message\":\"Invalid namespace\"}",
        "44\"no\"",
    ] {
        assert_eq!(written(&read(&[wire])), [wire], "{wire}");
    }
}

#[test]
fn parts_of_a_packet_are_told_apart() {
    let packet = read(&["42/custom?a=1,007[\"m\\u0041\",1]"]);
    assert_eq!(packet.namespace, Namespace::new("/custom?a=1").unwrap());
    let Body::Event { name, args, ack, attachments } = packet.body else { panic!("no event") };
    assert_eq!((name, ack), (EventName::Text("mA".into()), Some(AckId::from(7))));
    assert_eq!((args.as_str(), attachments.len()), ("[\"m\\u0041\",1]", 0));
}

#[test]
fn a_namespace_may_end_with_the_text() {
    assert_eq!(read(&["40/custom"]), read(&["40/custom,"]));
    assert_eq!(read(&["40/,"]).namespace, Namespace::root());
    assert_eq!(
        [Namespace::new("custom"), Namespace::new("/a,b"), Namespace::new("")],
        [const { Err(BadNamespace) }; 3]
    );
}

#[test]
fn acknowledgement_ids_lose_leading_zeros_and_may_be_huge() {
    let Body::Event { ack: Some(id), .. } = read(&["42007[\"m\"]"]).body else { panic!("no id") };
    let answer = |id| Packet {
        namespace: Namespace::root(),
        body: Body::Ack { id, args: Some(json("[]")), attachments: vec![] },
    };
    assert_eq!(id.number(), Some(7));
    assert_eq!(written(&answer(Some(id))), ["437[]"]);
    let Body::Event { ack: Some(id), .. } = read(&["4299999999999999999999999[\"m\"]"]).body else { panic!("no id") };
    assert_eq!(id.number(), None);
    assert_eq!(written(&answer(Some(id))), ["4399999999999999999999999[]"]);
}

#[test]
fn binary_packets_are_put_together_and_written_again() {
    for wire in [
        ["452-[\"m\",{\"_placeholder\":true,\"num\":1},{\"a\":[{\"num\":0,\"_placeholder\":true}]}]", "bAQID", "b"],
        [
            "462-/custom,3[{\"_placeholder\":true,\"num\":1},{\"num\":0,\"_placeholder\":true,\"num\":0}]",
            "bAQID",
            "bBA==",
        ],
    ] {
        let frames = written(&read(&wire));
        assert_eq!(frames[0], wire[0]);
        for (frame, part) in frames[1..].iter().zip(&wire[1..]) {
            assert_eq!(EnginePacket::decode(&(*part).into()), Ok(EnginePacket::Binary(frame.clone())));
        }
        assert_eq!(frames.len(), 3);
    }
}

#[test]
fn attachments_that_no_placeholder_names_are_dropped() {
    let parts = ["bAQID", "bBA=="];
    let cases = [
        ("452-[\"never referenced\"]", "42[\"never referenced\"]", &parts[..0]),
        (
            "452-[\"m\",{\"_placeholder\":1,\"num\":99},{\"_placeholder\":false,\"num\":99},{\"num\":99}]",
            "42[\"m\",{\"_placeholder\":1,\"num\":99},{\"_placeholder\":false,\"num\":99},{\"num\":99}]",
            &parts[..0],
        ),
        (
            "452-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
            "451-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
            &parts[..1],
        ),
        (
            "462-/custom,3[ 1.50 ,{\"num\": 1,\"_placeholder\":true}]",
            "461-/custom,3[ 1.50 ,{\"num\": 0,\"_placeholder\":true}]",
            &parts[1..],
        ),
    ];
    for (wire, back, left) in cases {
        let frames = written(&read(&[wire, parts[0], parts[1]]));
        assert_eq!((&frames[0][..], frames.len()), (back.as_bytes(), left.len() + 1));
        for (frame, part) in frames[1..].iter().zip(left) {
            assert_eq!(EnginePacket::decode(&(*part).into()), Ok(EnginePacket::Binary(frame.clone())));
        }
    }
}

#[test]
fn half_a_surrogate_pair_is_no_error_wherever_it_stands() {
    let Body::Event { name, args, .. } = read(&["42[\"\\ud800\",\"\\udc00\"]"]).body else { panic!("no event") };
    assert_eq!(name, EventName::Text("\u{fffd}".into()));
    assert_eq!(args.as_str(), "[\"\\ud800\",\"\\udc00\"]", "it passes as it came");
    let wire = "451-[\"m\",\"\\ud800\",{\"\\ud800\":1,\"x\":{\"_placeholder\":true,\"num\":0}}]";
    assert_eq!(written(&read(&[wire, "bAQID"]))[0], wire);
}

#[test]
fn without_attachments_a_binary_event_is_a_plain_one() {
    assert_eq!(written(&read(&["450-[\"m\",1]"])), ["42[\"m\",1]"]);
    let mut parts = Reassembly::default();
    assert!(matches!(give(&mut parts, "450-[\"m\",1]"), Ok(Some(_))));
    assert!(matches!(give(&mut parts, "42[\"m\"]"), Ok(Some(_))), "nothing is awaited");
}

#[test]
fn what_the_edge_table_closes_is_an_error() {
    for (wire, error) in [
        ("42[]", BadEventName),
        ("42{}", NotAnArray),
        ("42[null]", BadEventName),
        ("42[[\"m\"]]", BadEventName),
        ("42[\"a", Json),
        ("42[bad", Json),
        ("42abc[\"m\"]", Json),
        ("42[\"m\",1]x", Json),
        ("42[\"m\",1],", Json),
        ("430{}", NotAnArray),
        ("41{\"a\":1}", BadPayload),
        ("47", UnknownType),
        ("49", UnknownType),
        ("4", UnknownType),
        ("4a", UnknownType),
        ("4abc", UnknownType),
        ("40[]", BadPayload),
        ("40\"a\"", BadPayload),
        ("40null", BadPayload),
        ("44[]", BadPayload),
        ("451[\"m\"]", BadAttachmentCount),
        ("45-1-", BadAttachmentCount),
        ("451.5-[\"m\"]", BadAttachmentCount),
        ("45[\"a-b\"]", BadAttachmentCount),
        ("4511-[\"m\"]", TooManyAttachments),
        ("4599999999999999999999999-[\"m\"]", TooManyAttachments),
        ("451-[\"m\",{\"_placeholder\":true,\"num\":1}]", PlaceholderOutOfRange),
        ("451-[\"m\",{\"_placeholder\":true,\"num\":-1}]", PlaceholderOutOfRange),
        ("451-[\"m\",{\"_placeholder\":true,\"num\":\"0\"}]", PlaceholderOutOfRange),
        ("451-[\"m\",{\"_placeholder\":true}]", PlaceholderOutOfRange),
        ("451-[\"m\",[{\"a\":{\"\\u005fplaceholder\":true,\"num\":7}}]]", PlaceholderOutOfRange),
        ("450-[\"m\",{\"_placeholder\":true,\"num\":0}]", PlaceholderOutOfRange),
        ("461-1[{\"_placeholder\":true,\"num\":1}]", PlaceholderOutOfRange),
        ("bAQID", UnexpectedBinary),
    ] {
        assert_eq!(give(&mut Reassembly::default(), wire), Err(error), "{wire}");
    }
}

#[test]
fn a_reserved_name_is_an_error_for_readers_and_writers() {
    for name in RESERVED_NAMES {
        let args = format!("[\"{name}\",1]");
        assert_eq!(give(&mut Reassembly::default(), &format!("42{args}")), Err(ReservedEventName));
        assert_eq!(Body::event(json(&args), None), Err(ReservedEventName));
    }
    assert_eq!(give(&mut Reassembly::default(), "42[\"c\\u006fnnect\"]"), Err(ReservedEventName));
    assert!(Body::event(json("[\"connected\"]"), None).is_ok());
}

#[test]
fn text_in_the_middle_of_attachments_is_an_error() {
    let mut parts = Reassembly::default();
    assert_eq!(give(&mut parts, "452-[\"m\"]"), Ok(None));
    assert_eq!(give(&mut parts, "bAQID"), Ok(None));
    assert_eq!(give(&mut parts, "42[\"m\"]"), Err(TextAmidAttachments));
    assert!(!parts.is_waiting());
}

#[test]
fn one_attachment_too_many_is_an_error() {
    let mut parts = Reassembly::default();
    assert_eq!(give(&mut parts, "451-[\"m\"]"), Ok(None));
    assert!(matches!(give(&mut parts, "bAQID"), Ok(Some(_))));
    assert_eq!(give(&mut parts, "bAQID"), Err(UnexpectedBinary));
}

#[test]
fn ten_attachments_are_not_too_many() {
    let named: Vec<_> = (0..10).map(|num| format!("{{\"_placeholder\":true,\"num\":{num}}}")).collect();
    let text = format!("4510-[\"m\",{}]", named.join(","));
    let wire: Vec<_> = std::iter::once(text.as_str()).chain(["bAQID"; 10]).collect();
    assert_eq!(written(&read(&wire)).len(), 11);
}

#[test]
fn debug_output_holds_no_payload() {
    let text = format!("{:?}", read(&["40{\"token\":\"s3cret\"}"]));
    assert!(!text.contains("s3cret"), "{text}");
}

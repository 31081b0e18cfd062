//! Engine.IO packets and polling bodies.
use bytes::Bytes;
use callboard::protocol::Frame;
use callboard::protocol::socketio::engine::{EngineError, EnginePacket, Opening, Polled, PollingBody};
use serde_json::{Value, json};

fn read(text: &str) -> Result<EnginePacket, EngineError> {
    EnginePacket::decode(&text.into())
}

fn polled(body: &[u8]) -> Vec<Result<EnginePacket, EngineError>> {
    Polled::new(Bytes::copy_from_slice(body)).unwrap().collect()
}

#[test]
fn every_packet_type_is_read_and_written() {
    for (text, packet) in [
        ("0{}", EnginePacket::Open("{}".into())),
        ("1", EnginePacket::Close),
        ("2", EnginePacket::Ping("".into())),
        ("2probe", EnginePacket::Ping("probe".into())),
        ("3", EnginePacket::Pong("".into())),
        ("3probe", EnginePacket::Pong("probe".into())),
        ("4", EnginePacket::Text("".into())),
        ("42[\"é\u{2028}\\u0000😀\"]", EnginePacket::Text("2[\"é\u{2028}\\u0000😀\"]".into())),
        ("5", EnginePacket::Upgrade),
        ("6", EnginePacket::Noop),
    ] {
        assert_eq!(read(text), Ok(packet.clone()));
        assert_eq!(packet.frame().payload(), text);
        assert_eq!(packet.frame().websocket()[0], 0x81, "a text frame");
    }
}

#[test]
fn an_empty_frame_and_an_unknown_type_are_errors() {
    assert_eq!(read(""), Err(EngineError::Empty));
    for text in ["7", "abc", "é", " 4", "b!", "b=A=="] {
        let error = if text.starts_with('b') { EngineError::Base64 } else { EngineError::UnknownType };
        assert_eq!(read(text), Err(error), "{text}");
    }
}

#[test]
fn bytes_are_a_binary_frame_on_a_websocket_and_base64_in_a_poll() {
    let binary = EnginePacket::Binary(Bytes::from_static(&[1, 2, 3, 255]));
    assert_eq!(binary.frame().websocket()[..], [0x82, 4, 1, 2, 3, 255]);
    assert_eq!(read("bAQID/w=="), Ok(binary.clone()));
    assert_eq!(read("bAQID/w"), Ok(binary.clone()), "padding may be missing");
    let mut body = PollingBody::default();
    for packet in [EnginePacket::Text("hello".into()), binary, EnginePacket::Ping("".into())] {
        body.push(&packet.frame());
    }
    assert_eq!(&*body.finish(), "4hello\u{1e}bAQID/w==\u{1e}2");
}

#[test]
fn frames_in_a_row_are_one_packet_each_in_a_poll() {
    let (long, longer) = ("x".repeat(200), "y".repeat(70_000));
    let packets = [
        EnginePacket::Text("a".into()),
        EnginePacket::Binary(Bytes::from_static(&[1, 2, 3])),
        EnginePacket::Text(long.as_str().into()),
        EnginePacket::Text("".into()),
        EnginePacket::Text(longer.as_str().into()),
    ];
    // What a WebSocket says for itself is nothing to a poll.
    let pong = Frame::without_message(Bytes::from_static(&[0x8a, 2, b'x', b'y']));
    let frames: Vec<Frame> = packets.iter().map(EnginePacket::frame).collect();
    let mut body = PollingBody::default();
    body.push(&Frame::in_a_row([&pong].into_iter().chain(&frames)));
    assert_eq!(&*body.finish(), format!("4a\u{1e}bAQID\u{1e}4{long}\u{1e}4\u{1e}4{longer}"));
    let mut body = PollingBody::default();
    body.push(&pong);
    assert_eq!(&*body.finish(), "");
}

#[test]
fn a_body_is_read_in_order_up_to_the_first_error() {
    assert_eq!(polled(b"4a\x1e3"), [Ok(EnginePacket::Text("a".into())), Ok(EnginePacket::Pong("".into()))]);
    assert_eq!(polled(b"4a\x1eabc\x1e4b"), [Ok(EnginePacket::Text("a".into())), Err(EngineError::UnknownType)]);
    assert_eq!(polled(b"4a\x1e"), [Ok(EnginePacket::Text("a".into())), Err(EngineError::Empty)]);
    assert_eq!(polled(b""), [Err(EngineError::Empty)]);
    assert_eq!(Polled::new(Bytes::from_static(b"4\xff")).err(), Some(EngineError::NotUtf8));
}

#[test]
fn the_open_packet_is_the_references() {
    let opening = Opening {
        sid: "lv_VI97HAXpY6yYWAAAB".into(),
        upgrades: vec!["websocket".into()],
        ping_interval: 25_000,
        ping_timeout: 20_000,
        max_payload: 1_000_000,
    };
    let text = String::from_utf8(opening.packet().frame().payload().to_vec()).unwrap();
    assert_eq!(
        text,
        "0{\"sid\":\"lv_VI97HAXpY6yYWAAAB\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000,\
         \"maxPayload\":1000000}"
    );
    let over_websocket = Opening { upgrades: vec![], ..opening };
    let EnginePacket::Open(data) = over_websocket.packet() else { panic!("no open packet") };
    assert_eq!(serde_json::from_str::<Value>(&data).unwrap()["upgrades"], json!([]));
}

#[test]
fn debug_output_holds_no_secret() {
    let opening = Opening { sid: "s3cret".into(), upgrades: vec![], ping_interval: 1, ping_timeout: 1, max_payload: 1 };
    let texts =
        [format!("{opening:?}"), format!("{:?}", opening.packet()), format!("{:?}", read("40{\"t\":\"s3cret\"}"))];
    assert!(texts.iter().all(|text| !text.contains("s3cret")), "{texts:?}");
}

//! Golden pushes and events, byte for byte.
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Encoding, Expiry, Frame, Push, Recovered, Subscribed, Wire};
use callboard::types::{
    ChannelName, ClientInfo, Disconnect, Epoch, Event, Json, Position, SessionId, Tags, Unsubscribed,
};
use std::sync::Arc;

const CLIENT: &str = "3f0b4f6e-5c5e-4f0c-8f3e-0c2b8d5f7a10";

pub(super) fn text(frame: &Frame) -> String {
    let payload = frame.payload();
    serde_json::from_slice::<serde::de::IgnoredAny>(&payload).expect("a frame is valid JSON");
    String::from_utf8(payload.to_vec()).expect("a frame is UTF-8")
}

pub(super) fn name(channel: &str) -> ChannelName {
    ChannelName::user(channel, 255).expect("a valid name")
}

pub(super) fn client(user: &str) -> ClientInfo {
    ClientInfo {
        user: user.into(),
        client: SessionId::parse(CLIENT).unwrap(),
        conn_info: Some(Json::parse(r#"{"n":1}"#.into()).unwrap()),
        chan_info: Some(Json::parse("[]".into()).unwrap()),
    }
}

/// An event of the channel `chat:1` that nobody keeps.
pub(super) fn event(data: &str) -> Event {
    Event {
        channel: name("chat:1"),
        data: Json::parse(data.to_owned().into()).expect("valid JSON"),
        tags: None,
        publisher: None,
        position: None,
        envelope: None,
    }
}

pub(super) fn in_history(event: Event, offset: u64) -> Event {
    Event { position: Some(Position { offset, epoch: Epoch::new("AbCdEfGh") }), ..event }
}

fn push(push: &Push) -> String {
    text(&CentrifugeJson.push(push))
}

#[test]
fn an_event_carries_its_payload_as_it_came() {
    let event = event(r#"{ "m" : 12345678901234567890.10, "e":"\u00e9" }"#);
    assert_eq!(
        text(&CentrifugeJson.event(&event)),
        r#"{"push":{"channel":"chat:1","pub":{"data":{ "m" : 12345678901234567890.10, "e":"\u00e9" }}}}"#
    );
}

#[test]
fn an_event_tells_who_published_it_where_it_stands_and_its_tags() {
    let mut event = in_history(event(r#"{"m":1}"#), 12);
    event.publisher = Some(Arc::new(ClientInfo { conn_info: None, chan_info: None, ..client("42") }));
    event.tags = Some(Arc::new(Tags::from([("k".into(), "v".into()), ("q\"".into(), "".into())])));
    assert_eq!(
        text(&CentrifugeJson.event(&event)),
        format!(
            r#"{{"push":{{"channel":"chat:1","pub":{{"data":{{"m":1}},"info":{{"user":"42","client":"{CLIENT}"}},"offset":12,"tags":{{"k":"v","q\"":""}}}}}}}}"#
        )
    );
}

#[test]
fn the_first_event_of_a_history_carries_its_epoch() {
    assert_eq!(
        text(&CentrifugeJson.event(&in_history(event("1"), 1))),
        r#"{"push":{"channel":"chat:1","pub":{"data":1,"offset":1,"epoch":"AbCdEfGh"}}}"#
    );
    assert_eq!(
        text(&CentrifugeJson.event(&in_history(event("1"), 2))),
        r#"{"push":{"channel":"chat:1","pub":{"data":1,"offset":2}}}"#
    );
}

#[test]
fn an_event_without_tags_leaves_them_out_and_its_user_is_told_though_empty() {
    let mut event = event("1");
    event.tags = Some(Arc::new(Tags::new()));
    event.publisher = Some(Arc::new(ClientInfo { conn_info: None, chan_info: None, ..client("") }));
    assert_eq!(
        text(&CentrifugeJson.event(&event)),
        format!(r#"{{"push":{{"channel":"chat:1","pub":{{"data":1,"info":{{"user":"","client":"{CLIENT}"}}}}}}}}"#)
    );
}

#[test]
fn a_compact_event_carries_a_number_instead_of_the_channel() {
    assert_eq!(text(&CentrifugeJson.event_compact(&event("1"), 7)), r#"{"push":{"id":7,"pub":{"data":1}}}"#);
}

#[test]
fn a_channels_name_is_escaped() {
    let mut event = event("1");
    event.channel = name("a\"\\\n\u{1}é");
    assert_eq!(
        text(&CentrifugeJson.event(&event)),
        "{\"push\":{\"channel\":\"a\\\"\\\\\\n\\u0001é\",\"pub\":{\"data\":1}}}"
    );
}

#[test]
fn joins_and_leaves_tell_who() {
    let (channel, info) = (name("chat:1"), Arc::new(client("42")));
    let who = format!(r#"{{"info":{{"user":"42","client":"{CLIENT}","conn_info":{{"n":1}},"chan_info":[]}}}}"#);
    assert_eq!(
        push(&Push::Join { channel: channel.clone(), info: info.clone() }),
        format!(r#"{{"push":{{"channel":"chat:1","join":{who}}}}}"#)
    );
    assert_eq!(push(&Push::Leave { channel, info }), format!(r#"{{"push":{{"channel":"chat:1","leave":{who}}}}}"#));
}

#[test]
fn a_server_side_subscription_tells_what_the_protocol_has_a_field_for() {
    let subscribed = Subscribed {
        expiry: Some(Expiry { ttl: 3 }),
        recoverable: true,
        positioned: true,
        position: Some(Position { offset: 1, epoch: Epoch::new("e") }),
        recovery: Some(Recovered { complete: true, events: Vec::new() }),
        data: Some(Json::parse("{}".into()).unwrap()),
        kept: vec![],
        compact_id: None,
    };
    assert_eq!(
        push(&Push::Subscribe { channel: name("#42"), subscribed: Box::new(subscribed) }),
        r##"{"push":{"channel":"#42","subscribe":{"recoverable":true,"epoch":"e","offset":1,"positioned":true,"data":{}}}}"##
    );
    let plain = Push::Subscribe { channel: name("a"), subscribed: Box::default() };
    assert_eq!(push(&plain), r#"{"push":{"channel":"a","subscribe":{}}}"#);
}

#[test]
fn an_ended_subscription_tells_why() {
    let end = |reason| push(&Push::Unsubscribe { channel: name("chat:1"), reason });
    assert_eq!(
        end(Unsubscribed::INSUFFICIENT_STATE),
        r#"{"push":{"channel":"chat:1","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#
    );
    assert_eq!(
        end(Unsubscribed::SERVER),
        r#"{"push":{"channel":"chat:1","unsubscribe":{"code":2000,"reason":"server unsubscribe"}}}"#
    );
}

#[test]
fn pushes_to_the_session_name_no_channel() {
    let message = Push::Message(Json::parse(r#"{"a":1}"#.into()).unwrap());
    assert_eq!(push(&message), r#"{"push":{"message":{"data":{"a":1}}}}"#);
    assert_eq!(push(&Push::Refresh(Some(Expiry { ttl: 60 }))), r#"{"push":{"refresh":{"expires":true,"ttl":60}}}"#);
    assert_eq!(push(&Push::Refresh(None)), r#"{"push":{"refresh":{}}}"#);
    assert_eq!(
        push(&Push::Disconnect(Disconnect::SHUTDOWN)),
        r#"{"push":{"disconnect":{"code":3001,"reason":"shutdown"}}}"#
    );
}

#[test]
fn the_heartbeat_is_an_empty_object_in_a_text_frame() {
    assert_eq!(&CentrifugeJson.ping().websocket()[..], b"\x81\x02{}");
}

#[test]
fn the_encoding_has_a_name_and_a_slot() {
    assert_eq!((CentrifugeJson.name(), CentrifugeJson.slot()), ("centrifuge", 0));
}

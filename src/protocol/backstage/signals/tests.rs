use super::*;
use crate::protocol::{Payload, Subscribed};
use crate::types::{Audience, Envelope, Group, Json};
use std::sync::Arc;

fn said(text: &'static str) -> Command {
    Signals.decode_first(&mut Bytes::from_static(text.as_bytes())).expect("nothing ends the connection").command
}

#[test]
fn a_client_subscribes_and_unsubscribes() {
    let Command::Subscribe(subscribe) = said(r#"{"action":"subscribe","channel":"catalog:topic","more":1}"#) else {
        panic!("no subscribe")
    };
    assert_eq!(subscribe.channel, "catalog:topic");
    let Command::Unsubscribe(end) = said(r#"{"channel":"a\"b","action":"unsubscribe"}"#) else {
        panic!("no unsubscribe")
    };
    assert_eq!(end.channel, "a\"b");
}

#[test]
fn junk_is_passed_over() {
    for junk in ["", "{", "[]", "null", r#"{"action":"publish","channel":"c"}"#, r#"{"action":"subscribe"}"#] {
        assert!(matches!(said(junk), Command::Refused(_)), "{junk}");
    }
    for junk in [r#"{"action":"subscribe","channel":""}"#, r#"{"action":"subscribe","channel":5}"#] {
        assert!(matches!(said(junk), Command::Refused(_)), "{junk}");
    }
    assert!(Signals.reply(0, &Reply::Error(ReplyError::BAD_REQUEST)).is_none());
    assert!(!Signals.reads_binary());
}

#[test]
fn a_signal_tells_its_channel_and_its_message_and_not_for_whom_it_is() {
    let audience = Audience::of([Group::from("user:default/mia")]);
    let event = Event {
        channel: SignalNames.channel("catalog:\"x\"", 255).expect("a name"),
        data: Json::parse(r#"{"n":1.10}"#.into()).expect("JSON"),
        tags: None,
        publisher: None,
        position: None,
        envelope: Some(Arc::new(Envelope { audience, ..Envelope::PLAIN })),
    };
    let frame = Signals.event(&event);
    assert_eq!(&frame.payload()[..], br#"{"channel":"catalog:\"x\"","message":{"n":1.10}}"#);
}

#[test]
fn what_was_kept_follows_a_subscribe_and_says_so() {
    let event = |data: &'static str| {
        Arc::new(Event {
            channel: SignalNames.channel("c", 255).expect("a name"),
            data: Json::parse(data.into()).expect("JSON"),
            tags: None,
            publisher: None,
            position: None,
            envelope: None,
        })
    };
    let kept = vec![event("1"), event("[2]")];
    let subscribed = |kept| Reply::Subscribed(Box::new(Subscribed { kept, ..Default::default() }));
    assert!(Signals.reply(0, &subscribed(vec![])).is_none());
    let frame = Signals.reply(0, &subscribed(kept)).expect("it is told");
    let told: Vec<&[u8]> = frame
        .payloads()
        .map(|payload| match payload {
            Payload::Text(text) => text,
            Payload::Binary(_) => panic!("binary"),
        })
        .collect();
    let wanted: [&[u8]; 2] =
        [br#"{"channel":"c","message":1,"replayed":true}"#, br#"{"channel":"c","message":[2],"replayed":true}"#];
    assert_eq!(told, wanted);
}

#[test]
fn a_client_stays_away_only_after_its_token_was_taken_back() {
    assert_eq!(Signals.close_code(&Disconnect::INVALID_TOKEN), 1000);
    assert_eq!(Signals.close_code(&Disconnect::SHUTDOWN), 1012);
    assert_eq!(Signals.close_code(&Disconnect::CONNECTION_EXPIRED), 4401);
    for reason in Disconnect::NAMED.iter().filter(|reason| **reason != Disconnect::INVALID_TOKEN) {
        assert!(!matches!(Signals.close_code(reason), 1000 | 1001), "{reason}");
    }
}

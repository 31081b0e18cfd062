use super::*;
use crate::types::Audience;

fn name() -> ChannelName {
    ChannelName::user("news", 255).expect("a valid name")
}

fn event() -> Event {
    let audience = Audience::of(["a".into(), "b".into()]).but(["c".into()]);
    let attachments = vec![Bytes::from_static(b"\0\xff"), Bytes::new()];
    Event {
        channel: name(),
        data: Json::parse(Bytes::from_static(br#"{"n": 1}"#)).expect("JSON"),
        tags: Some(Arc::new(Tags::from([("event".into(), "made".into()), (String::new(), "x".into())]))),
        publisher: Some(Arc::new(ClientInfo {
            user: "mia".into(),
            client: SessionId::random(),
            conn_info: Some(Json::null()),
            chan_info: None,
        })),
        position: None,
        envelope: Some(Arc::new(Envelope {
            audience,
            arity: Arity::Several,
            attachments,
            ack: Some(1),
            volatile: true,
            view_tags: Some(Arc::new(Tags::from([("service".into(), "messages".into())]))),
            account: Some("node:1".into()),
        })),
    }
}

fn event_of(brought: Result<Brought, Undecodable>) -> Event {
    match brought {
        Ok(Brought::Event(event, _)) => event,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_join_and_a_leave_come_back() {
    let info = event().publisher.unwrap();
    for joined in [true, false] {
        let brought = from_bus(name(), "node", encode_notice(joined, &info).to_vec().into());
        let Ok(Brought::Notice(told, read)) = brought else { panic!("{brought:?}") };
        assert_eq!((told, read.client), (joined, info.client));
    }
}

#[test]
fn an_event_comes_back_whole_but_for_the_acknowledgements_of_another_node() {
    let sent = event();
    let read = event_of(from_bus(name(), "another", encode(&sent, "node", None).to_vec().into()));
    assert_eq!((&read.data, &read.tags, &read.position), (&sent.data, &sent.tags, &None));
    let (publisher, known) = (read.publisher.unwrap(), sent.publisher.unwrap());
    assert_eq!((&publisher.user, publisher.client), (&known.user, known.client));
    let envelope = Envelope { ack: None, ..(*sent.envelope.unwrap()).clone() };
    assert_eq!(*read.envelope.unwrap(), envelope);
    let own = event_of(from_bus(name(), "node", encode(&event(), "node", None).to_vec().into()));
    assert_eq!(own.envelope.unwrap().ack, Some(1));
}

#[test]
fn an_audience_of_nobody_comes_back_as_nobody() {
    for audience in [Audience::of([]), Audience::of([]).but(["c".into()]), Audience::EVERYONE.but(["c".into()])] {
        let envelope = Envelope { audience: audience.clone(), ..Envelope::PLAIN };
        let sent = Event { envelope: Some(Arc::new(envelope)), ..event() };
        let read = event_of(from_bus(name(), "node", encode(&sent, "node", None).to_vec().into()));
        assert_eq!(read.envelope.expect("it is not for everybody").audience, audience);
    }
}

#[test]
fn a_field_of_a_later_version_is_passed_over() {
    let mut bytes = encode(&event(), "node", None);
    field(&mut bytes, 200, &[b"news from the future"]);
    assert!(from_bus(name(), "node", bytes.to_vec().into()).is_ok());
}

#[test]
fn a_position_stands_before_the_record() {
    let bytes = [b"P7:abc:".as_slice(), &encode(&event(), "node", None)].concat();
    let position = event_of(from_bus(name(), "node", bytes.into())).position.unwrap();
    assert_eq!((position.offset, position.epoch.as_str()), (7, "abc"));
}

#[test]
fn what_is_no_event_is_told_from_one() {
    let whole = encode(&event(), "node", None);
    for length in 0..whole.len() {
        let _ = from_bus(name(), "node", Bytes::copy_from_slice(&whole[..length]));
    }
    for junk in ["", "P", "P1:", "Px:e:", "P1:e:", "hello", "\u{1}\u{1}", "\u{2}"] {
        assert!(from_bus(name(), "node", Bytes::copy_from_slice(junk.as_bytes())).is_err(), "{junk:?}");
    }
}

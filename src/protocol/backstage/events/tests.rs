use super::*;
use crate::protocol::socketio::Dialect;
use crate::protocol::{Command, Publish};
use crate::types::{Audience, BACKENDS, Envelope, Group, Tags, Topic};
use std::sync::Arc;

fn said(text: &str) -> (u32, Command) {
    let request = Events.decode_first(&mut Bytes::copy_from_slice(text.as_bytes())).expect("nothing ends it");
    (request.id, request.command)
}

fn refusal(text: &str) -> ReplyError {
    match said(text).1 {
        Command::Refused(error) => error,
        other => panic!("{other:?} was not refused"),
    }
}

fn published(text: &str) -> Publish {
    match said(text).1 {
        Command::Publish(publish) => publish,
        other => panic!("{other:?} is no publish"),
    }
}

#[test]
fn a_command_names_its_plugin_and_may_name_a_topic() {
    assert!(
        matches!(said(r#"{"command":"register","pluginId":"catalog"}"#), (1, Command::Register(id)) if id == "catalog")
    );
    let (id, Command::Subscribe(all)) = said(r#"{"command":"subscribe","pluginId":"catalog","topic":null}"#) else {
        panic!("no subscribe")
    };
    assert_eq!((id, all.channel.as_str(), all.topic), (3, "catalog", Topic::Every));
    let (_, Command::Unsubscribe(end)) = said(r#"{"topic":"t","pluginId":"catalog","command":"unsubscribe"}"#) else {
        panic!("no unsubscribe")
    };
    assert_eq!(end.topic, Topic::Named("t".into()));
    let (_, Command::Subscribe(empty)) = said(r#"{"command":"subscribe","pluginId":"c","topic":""}"#) else {
        panic!("no subscribe")
    };
    assert_eq!(empty.topic, Topic::Every);
}

#[test]
fn an_event_is_for_everybody_or_for_those_who_own_the_entities_and_for_nobody_where_none_is_named() {
    let all = published(r#"{"command":"publish","pluginId":"c","data":{"a":1.0}}"#);
    assert!(all.to.is_none() && all.tags.is_none() && all.spares_publisher);
    assert_eq!(all.data.expect("data").as_str(), r#"{"a":1.0}"#);
    let some = published(
        r#"{"command":"publish","pluginId":"c","topic":"t","targetEntityRefs":["user:default/a","group:default/b"],"data":null}"#,
    );
    let expected = ["user:default/a", "group:default/b", BACKENDS].map(Group::from);
    assert_eq!(some.to.expect("groups"), expected);
    assert_eq!(some.tags.expect("tags")[TOPIC_TAG], "t");
    let nobody = published(r#"{"command":"publish","pluginId":"c","targetEntityRefs":[],"data":1}"#);
    assert_eq!(nobody.to, Some(vec![]));
}

#[test]
fn a_refusal_names_the_field_that_is_wrong() {
    for (text, begins) in [
        ("", "wanted is a JSON object"),
        ("[]", "command: wanted"),
        ("5", "wanted is a JSON object"),
        (r#"{"command":"delete","pluginId":"c"}"#, "command: wanted"),
        (r#"{"command":"publish"}"#, "pluginId: wanted"),
        (r#"{"command":"register","pluginId":""}"#, "pluginId: wanted"),
        (r#"{"command":"register","pluginId":5}"#, "pluginId: wanted"),
        (r#"{"command":"subscribe","pluginId":"c","topic":[]}"#, "topic: wanted"),
        (r#"{"command":"publish","pluginId":"c"}"#, "data: there is none"),
        (
            r#"{"command":"publish","pluginId":"c","data":1,"targetEntityRefs":"user:default/a"}"#,
            "targetEntityRefs: wanted",
        ),
        (
            r#"{"command":"publish","pluginId":"c","data":1,"targetEntityRefs":["user:default/a","b"]}"#,
            "targetEntityRefs: entity ref 2",
        ),
        (r#"{"command":"publish","pluginId":"c","data":1,"keep":"10s"}"#, "keep: wanted is true or false"),
    ] {
        let error = refusal(text);
        assert!(error.code == 107 && error.message.starts_with(begins), "{text}: {error}");
    }
    let long = "t".repeat(256);
    let topic = format!(r#"{{"command":"subscribe","pluginId":"c","topic":"{long}"}}"#);
    assert!(refusal(&topic).message.starts_with("topic: longer"));
    let plugin = format!(r#"{{"command":"subscribe","pluginId":"{long}"}}"#);
    assert!(refusal(&plugin).message.starts_with("pluginId: longer"));
    let refs = serde_json::json!({"command": "publish", "pluginId": "c", "data": 1, "targetEntityRefs": vec!["user:default/a"; 10_000]});
    assert_eq!(refusal(&refs.to_string()).code, 106);
}

#[test]
fn only_refusals_are_answered_and_they_say_what_was_refused() {
    assert!(Events.reply(2, &Reply::Published).is_none());
    let told = Events.reply(2, &Reply::Error(ReplyError::PERMISSION_DENIED)).expect("a refusal");
    assert_eq!(
        &told.payload()[..],
        br#"{"command":"error","refused":"publish","code":103,"message":"permission denied"}"#
    );
    let told = Events.reply(0, &Reply::Error(ReplyError::BAD_REQUEST)).expect("a refusal");
    assert_eq!(&told.payload()[..], br#"{"command":"error","refused":"","code":107,"message":"bad request"}"#);
}

#[test]
fn listeners_learn_plugin_topic_and_data_and_not_for_whom_an_event_is() {
    let audience = Audience::of([Group::from("user:default/mia")]);
    let event = Event {
        channel: PluginNames.channel("catalog", 255).expect("a name"),
        data: Json::parse(r#"{"n":1.10}"#.into()).expect("JSON"),
        tags: Some(Arc::new(Tags::from([(TOPIC_TAG.to_owned(), "t".to_owned())]))),
        publisher: None,
        position: None,
        envelope: Some(Arc::new(Envelope { audience, ..Envelope::PLAIN })),
    };
    assert_eq!(
        &Events.event(&event).payload()[..],
        br#"{"command":"publish","pluginId":"catalog","topic":"t","data":{"n":1.10}}"#
    );
    let plain = Event { tags: None, ..event };
    assert_eq!(&Events.event(&plain).payload()[..], br#"{"command":"publish","pluginId":"catalog","data":{"n":1.10}}"#);
}

#[test]
fn an_event_is_kept_where_it_asks_for_that_and_says_so_when_it_is_brought() {
    for (keep, wanted) in [("true", true), ("false", false), ("null", false)] {
        let text = format!(r#"{{"command":"publish","pluginId":"c","data":1,"keep":{keep}}}"#);
        assert_eq!(published(&text).keep, wanted);
    }
    let event = Event {
        channel: PluginNames.channel("catalog", 255).expect("a name"),
        data: Json::parse("[1]".into()).expect("JSON"),
        tags: Some(Arc::new(Tags::from([(TOPIC_TAG.to_owned(), "t".to_owned())]))),
        publisher: None,
        position: None,
        envelope: None,
    };
    let kept = vec![Arc::new(event.clone())];
    let reply = Reply::Subscribed(Box::new(crate::protocol::Subscribed { kept, ..Default::default() }));
    let frame = Events.reply(3, &reply).expect("it is told");
    let wanted = r#"{"command":"publish","pluginId":"catalog","topic":"t","data":[1],"replayed":true}"#;
    assert_eq!(&frame.payload()[..], wanted.as_bytes());
    let socketio = crate::protocol::socketio::SocketIo::new(crate::protocol::socketio::Namespace::root(), false);
    let wanted = r#"42["message",{"pluginId":"catalog","topic":"t","data":[1],"replayed":true}]"#;
    assert_eq!(&socketio.replayed(&event).payload()[..], wanted.as_bytes());
}

#[test]
fn a_backend_registers_under_its_own_id_and_nobody_else_registers() {
    let catalog = PluginNames.channel("catalog", 255).expect("a name");
    let may = |kind: IdentityKind, user: &str| {
        let identity = Identity { kind, user: user.into(), ..Identity::anonymous() };
        PluginNames.may_register(&identity, &catalog)
    };
    assert_eq!(may(IdentityKind::Service, "plugin:catalog"), Ok(()));
    assert_eq!(may(IdentityKind::Service, "backstage-server"), Ok(()));
    assert!(may(IdentityKind::Service, "plugin:cat").is_err() && may(IdentityKind::Service, "").is_err());
    assert!(may(IdentityKind::User, "plugin:catalog").is_err());
    assert!(may(IdentityKind::Anonymous, "backstage-server").is_err());
}

#[test]
fn over_socketio_a_command_is_an_event_with_one_object() {
    let read = |event: &str, args: &str| {
        EventsDialect.command(event, &Json::parse(args.to_owned().into()).expect("JSON"), false)
    };
    let meant = read("publish", r#"["publish",{"pluginId":"c","data":[1]}]"#).expect("a command");
    assert!(
        matches!(meant.command, Command::Publish(publish) if publish.data.as_ref().is_some_and(|d| d.as_str() == "[1]"))
    );
    assert_eq!(meant.name, Some("publish"));
    let none = read("publish", r#"["publish"]"#).expect("a command");
    assert!(matches!(none.command, Command::Refused(_)));
    assert!(read("chat", r#"["chat"]"#).is_none());
    let (event, args) = EventsDialect.refusal("publish", &ReplyError::PERMISSION_DENIED).expect("it is told");
    assert_eq!(event, "error");
    assert!(args.as_str().starts_with(r#"[{"refused":"publish","code":103,"message":"permission denied"#), "{args:?}");
}

#[test]
fn a_publish_may_ask_for_an_account_by_true_or_by_a_short_text() {
    let asked = |account: &str| {
        published(&format!(r#"{{"command":"publish","pluginId":"c","data":1,"account":{account}}}"#)).account
    };
    for (given, kept) in [("true", "true"), (r#""mine""#, r#""mine""#), (r#""\u00e9""#, r#""\u00e9""#)] {
        assert_eq!(asked(given).expect("it asks").as_str(), kept);
    }
    assert!(asked("false").is_none() && asked("null").is_none() && asked(&format!("{:?}", "x".repeat(64))).is_some());
    for wrong in ["1", r#""""#, "[]", "{}", &format!("{:?}", "x".repeat(65))] {
        let text = format!(r#"{{"command":"publish","pluginId":"c","data":1,"account":{wrong}}}"#);
        assert!(refusal(&text).message.starts_with("account: wanted is true, or a text of 1 to 64 bytes"), "{wrong}");
    }
}

#[test]
fn an_account_says_what_became_of_the_event_and_a_refusal_of_which_publish_it_is() {
    let reply = |outcome| {
        Reply::Accounted(Box::new(AccountReply {
            channel: "catalog".into(),
            topic: Some("t".into()),
            asked: Json::parse(r#""mine""#.into()).expect("JSON"),
            outcome,
        }))
    };
    let numbers = Account { matched: 3, delivered: 1, filtered: 1, not_permitted: 1, ..Account::default() };
    let told = Events.reply(2, &reply(Ok(numbers))).expect("an account");
    assert_eq!(
        told.payload(),
        br#"{"command":"account","pluginId":"catalog","topic":"t","account":"mine","matched":3,"delivered":1,"filtered":1,"not_permitted":1,"lost":0,"kept":false}"#.as_slice()
    );
    let told = Events.reply(2, &reply(Err(ReplyError::PERMISSION_DENIED))).expect("a refusal");
    assert_eq!(
        told.payload(),
        br#"{"command":"error","refused":"publish","code":103,"message":"permission denied","account":"mine"}"#
            .as_slice()
    );
}

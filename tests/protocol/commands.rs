//! Golden commands: each with all its fields, and with none.
use super::framing::{decode, decode_one};
use bytes::Bytes;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Command, Recover, Wire};
use callboard::types::{FilterNode, Json};

fn text(json: &Option<Json>) -> Option<&str> {
    json.as_ref().map(Json::as_str)
}

fn place(recover: &Option<Recover>) -> Option<(u64, &str)> {
    recover.as_ref().map(|recover| (recover.offset, recover.epoch.as_str()))
}

#[test]
fn connect_tells_who_comes_and_where_it_stands() {
    let request = decode_one(
        r#"{"id":1,"connect":{"token":"T","data":{"a": 1},"name":"js","version":"1.0","headers":{"authorization":"x"},"subs":{"news":{"recover":true,"epoch":"xyz","offset":5},"new":{"recover":true},"old":{"epoch":"e","offset":1},"gone":null}}}"#,
    );
    let Command::Connect(connect) = request.command else { panic!("no connect") };
    assert_eq!((request.id, &connect.token[..], &connect.name[..], &connect.version[..]), (1, "T", "js", "1.0"));
    assert_eq!(text(&connect.data), Some(r#"{"a": 1}"#));
    assert_eq!(connect.headers["authorization"], "x");
    assert_eq!(connect.subs.len(), 2, "only who asks to recover counts");
    assert_eq!((connect.subs["news"].offset, connect.subs["news"].epoch.as_str()), (5, "xyz"));
    assert_eq!((connect.subs["new"].offset, connect.subs["new"].epoch.as_str()), (0, ""));
}

#[test]
fn connect_needs_nothing() {
    for message in [r#"{"id":1,"connect":{}}"#, r#"{"id":1,"connect":{"token":null,"subs":null,"headers":null}}"#] {
        let Command::Connect(connect) = decode_one(message).command else { panic!("no connect") };
        assert!(connect.token.is_empty() && connect.data.is_none() && connect.subs.is_empty(), "{message}");
    }
}

#[test]
fn subscribe_asks_for_all_it_can() {
    let request = decode_one(
        r#"{"id":2,"subscribe":{"channel":"chat:1","token":"S","data":{},"recover":true,"epoch":"AbCd","offset":10,"positioned":true,"recoverable":true,"join_leave":true,"delta":"fossil","tf":{"op":"and","nodes":[{"key":"t","cmp":"eq","val":"A"},{"key":"u","cmp":"in","vals":["x","y"]}]},"flag":3}}"#,
    );
    let Command::Subscribe(subscribe) = request.command else { panic!("no subscribe") };
    assert_eq!((request.id, &subscribe.channel[..], &subscribe.token[..]), (2, "chat:1", "S"));
    assert_eq!(text(&subscribe.data), Some("{}"));
    assert_eq!(place(&subscribe.recover), Some((10, "AbCd")));
    assert!(subscribe.positioned && subscribe.recoverable && subscribe.join_leave);
    assert!(subscribe.compaction && subscribe.reject_unrecovered);
    assert_eq!(subscribe.delta, "fossil");
    let leaf = |key: &str, cmp: &str| FilterNode { key: key.into(), cmp: cmp.into(), ..FilterNode::default() };
    let expected = FilterNode {
        op: "and".into(),
        nodes: vec![
            FilterNode { val: "A".into(), ..leaf("t", "eq") },
            FilterNode { vals: vec!["x".into(), "y".into()], ..leaf("u", "in") },
        ],
        ..FilterNode::default()
    };
    assert_eq!(subscribe.filter, Some(expected));
}

#[test]
fn subscribe_needs_a_channel_alone() {
    let Command::Subscribe(subscribe) = decode_one(r#"{"id":2,"subscribe":{"channel":"a"}}"#).command else {
        panic!("no subscribe")
    };
    assert!(subscribe.recover.is_none() && subscribe.filter.is_none() && subscribe.data.is_none());
    assert!(!subscribe.positioned && !subscribe.recoverable && !subscribe.join_leave);
    assert!(!subscribe.compaction && !subscribe.reject_unrecovered);
}

#[test]
fn each_flag_of_a_subscribe_has_its_bit() {
    for (flag, compaction, reject) in
        [(0, false, false), (1, true, false), (2, false, true), (4, false, false), (7, true, true)]
    {
        let message = format!(r#"{{"id":2,"subscribe":{{"channel":"a","flag":{flag}}}}}"#);
        let Command::Subscribe(subscribe) = decode_one(&message).command else { panic!("no subscribe") };
        assert_eq!((subscribe.compaction, subscribe.reject_unrecovered), (compaction, reject), "flag {flag}");
    }
}

#[test]
fn a_position_counts_where_recovery_is_asked_for() {
    let recover = |fields: &str| match decode_one(&format!(r#"{{"id":2,"subscribe":{{"channel":"a"{fields}}}}}"#))
        .command
    {
        Command::Subscribe(subscribe) => subscribe.recover.map(|recover| (recover.offset, recover.epoch.to_string())),
        other => panic!("{other:?}"),
    };
    assert_eq!(recover(r#","epoch":"e","offset":3"#), None);
    assert_eq!(recover(r#","recover":false,"epoch":"e""#), None);
    assert_eq!(recover(r#","recover":true"#), Some((0, String::new())));
    assert_eq!(recover(r#","recover":true,"offset":18446744073709551615"#), Some((u64::MAX, String::new())));
}

#[test]
fn the_commands_that_name_a_channel_alone() {
    let commands = [
        (
            r#"{"id":3,"unsubscribe":{"channel":"chat:1"}}"#,
            "Unsubscribe(Unsubscribe { channel: \"chat:1\", topic: Unnamed })",
        ),
        (r#"{"id":3,"presence":{"channel":"chat:1"}}"#, "Presence(\"chat:1\")"),
        (r#"{"id":3,"presence_stats":{"channel":"chat:1"}}"#, "PresenceStats(\"chat:1\")"),
    ];
    for (message, expected) in commands {
        let request = decode_one(message);
        assert_eq!(request.id, 3);
        assert_eq!(format!("{:?}", request.command), expected);
    }
}

#[test]
fn a_published_payload_passes_byte_for_byte() {
    for data in
        [r#"{"m":"hi"}"#, "null", "0", r#""""#, r#"{ "n" : 12345678901234567890.10 , "e":"\u00e9\n" }"#, "[ ]", "1e400"]
    {
        let request = decode_one(&format!(r#"{{"id":4,"publish":{{"channel":"chat:1","data":{data}}}}}"#));
        let Command::Publish(publish) = request.command else { panic!("no publish") };
        assert_eq!((request.id, &publish.channel[..], text(&publish.data)), (4, "chat:1", Some(data)));
    }
}

#[test]
fn a_publish_without_a_payload_has_none() {
    let request = decode_one(r#"{"id":4,"publish":{"channel":"chat:1"}}"#);
    assert!(matches!(request.command, Command::Publish(publish) if publish.data.is_none()));
}

#[test]
fn a_carriage_return_in_a_payload_is_taken_out() {
    let request = decode_one("{\"id\":4,\"publish\":{\"channel\":\"a\",\"data\":[1,\r2]}}");
    assert!(matches!(request.command, Command::Publish(publish) if text(&publish.data) == Some("[1,2]")));
}

#[test]
fn history_tells_how_much_after_what() {
    let request = decode_one(
        r#"{"id":7,"history":{"channel":"chat:1","limit":-1,"since":{"offset":5,"epoch":"AbCd"},"reverse":true}}"#,
    );
    let Command::History(history) = request.command else { panic!("no history") };
    assert_eq!((&history.channel[..], history.limit, history.reverse), ("chat:1", -1, true));
    assert_eq!(place(&history.since), Some((5, "AbCd")));
    let Command::History(history) = decode_one(r#"{"id":7,"history":{"channel":"a"}}"#).command else { panic!() };
    assert!(history.limit == 0 && history.since.is_none() && !history.reverse);
    let Command::History(history) = decode_one(r#"{"id":7,"history":{"channel":"a","since":{}}}"#).command else {
        panic!()
    };
    assert_eq!(place(&history.since), Some((0, "")));
}

#[test]
fn rpc_carries_a_method_and_a_payload() {
    let request = decode_one(r#"{"id":8,"rpc":{"method":"getUser","data":{"id":1}}}"#);
    assert!(
        matches!(request.command, Command::Rpc(rpc) if rpc.method == "getUser" && text(&rpc.data) == Some(r#"{"id":1}"#))
    );
    let request = decode_one(r#"{"id":8,"rpc":{}}"#);
    assert!(matches!(request.command, Command::Rpc(rpc) if rpc.method.is_empty() && rpc.data.is_none()));
}

#[test]
fn send_wants_no_reply_and_needs_no_id() {
    for message in [r#"{"send":{"data":{"k":1}}}"#, r#"{"id":5,"send":{"data":{"k":1}}}"#] {
        let request = decode_one(message);
        assert_eq!(request.id, 0);
        assert!(matches!(request.command, Command::Send(data) if data.as_str() == r#"{"k":1}"#));
    }
    assert!(matches!(decode_one(r#"{"send":{}}"#).command, Command::Send(data) if data.is_null()));
}

#[test]
fn refresh_and_sub_refresh_bring_tokens() {
    let request = decode_one(r#"{"id":9,"refresh":{"token":"T"}}"#);
    assert!(matches!(request.command, Command::Refresh(refresh) if refresh.token == "T"));
    let request = decode_one(r#"{"id":10,"sub_refresh":{"channel":"chat:1","token":"T"}}"#);
    assert!(matches!(request.command, Command::SubRefresh(c) if c.channel == "chat:1" && c.token == "T"));
    let request = decode_one(r#"{"id":10,"sub_refresh":{"channel":"chat:1"}}"#);
    assert!(matches!(request.command, Command::SubRefresh(c) if c.token.is_empty()));
}

/// Whether the first payload of a message lies in the message's own buffer.
fn shares(message: &str) -> bool {
    let message = Bytes::copy_from_slice(message.as_bytes());
    let mut rest = message.clone();
    let request = CentrifugeJson.decode_first(&mut rest).unwrap();
    let Command::Publish(publish) = request.command else { panic!("no publish") };
    message.as_ptr_range().contains(&publish.data.unwrap().bytes().as_ptr())
}

#[test]
fn a_payload_keeps_a_message_alive_only_if_it_is_large_and_most_of_it() {
    let publish = |size: usize| format!(r#"{{"id":1,"publish":{{"channel":"a","data":"{}"}}}}"#, "x".repeat(size));
    assert!(shares(&publish(60_000)));
    assert!(!shares(&publish(100)), "a read buffer is larger than this");
    assert!(!shares(&format!("{}\n{}", publish(20_000), publish(40_000))));
}

#[test]
fn payloads_of_one_message_stay_apart() {
    let message = format!(r#"{{"id":1,"publish":{{"channel":"a","data":"{}"}}}}"#, "x".repeat(20_000));
    let requests = decode(format!("{message}\n{message}")).unwrap();
    for request in requests {
        assert!(
            matches!(request.command, Command::Publish(publish) if publish.data.as_ref().unwrap().bytes().len() == 20_002)
        );
    }
}

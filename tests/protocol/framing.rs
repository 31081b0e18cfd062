//! How a message is split into commands, and what breaks the protocol.
use bytes::Bytes;
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Command, Request, Wire};
use callboard::types::Disconnect;

/// All requests of a message, as a connection reads them.
pub(super) fn decode(message: impl Into<Vec<u8>>) -> Result<Vec<Request>, Disconnect> {
    let mut rest = Bytes::from(message.into());
    let mut requests = vec![CentrifugeJson.decode_first(&mut rest)?];
    while let Some(request) = CentrifugeJson.decode(&mut rest)? {
        requests.push(request);
    }
    Ok(requests)
}

/// The request of a message that holds one.
pub(super) fn decode_one(message: &str) -> Request {
    let mut requests = decode(message).unwrap_or_else(|fault| panic!("{message} was refused: {fault}"));
    assert_eq!(requests.len(), 1, "{message}");
    requests.remove(0)
}

fn is_refused(message: impl Into<Vec<u8>>) {
    let message = message.into();
    let text = String::from_utf8_lossy(&message).into_owned();
    match decode(message) {
        Err(fault) => assert_eq!(fault, Disconnect::BAD_REQUEST, "{text:?}"),
        Ok(requests) => panic!("{text:?} was taken as {requests:?}"),
    }
}

#[test]
fn several_commands_share_a_message_in_their_order() {
    let requests =
        decode("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"presence\":{\"channel\":\"a\"}}\n{\"id\":3,\"rpc\":{}}")
            .unwrap();
    assert_eq!(requests.iter().map(|request| request.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(&requests[0].command, Command::Connect(_)));
    assert!(matches!(&requests[1].command, Command::Presence(channel) if channel == "a"));
    assert!(matches!(&requests[2].command, Command::Rpc(_)));
}

#[test]
fn one_command_is_taken_off_the_front_at_a_time() {
    let mut rest = Bytes::from_static(b"{}\n{\"id\":2,\"rpc\":{}}\njunk");
    assert!(matches!(CentrifugeJson.decode(&mut rest).unwrap().unwrap().command, Command::Pong));
    assert_eq!(rest, "{\"id\":2,\"rpc\":{}}\njunk");
    assert_eq!(CentrifugeJson.decode(&mut rest).unwrap().unwrap().id, 2);
    assert_eq!(rest, "junk");
    assert_eq!(CentrifugeJson.decode(&mut rest).unwrap_err(), Disconnect::BAD_REQUEST);
    assert!(CentrifugeJson.decode(&mut rest).unwrap().is_none());
}

#[test]
fn a_trailing_line_feed_is_fine() {
    assert_eq!(decode("{\"id\":1,\"connect\":{}}\n").unwrap().len(), 1);
    assert_eq!(decode("{\"id\":1,\"connect\":{}}\r\n{}\r\n").unwrap().len(), 2);
}

#[test]
fn an_empty_object_is_the_answer_to_a_heartbeat() {
    for pong in ["{}", "{ }", " {} ", "{}\n"] {
        let request = decode_one(pong);
        assert!(matches!(request.command, Command::Pong), "{pong:?}");
        assert_eq!(request.id, 0);
    }
}

#[test]
fn spaces_key_order_and_unknown_fields_do_not_matter() {
    let request = decode_one(
        "  { \"x\": [1, {\"y\": null}], \"unsubscribe\" : {\"z\": 1, \"channel\" : \"n\\u0065ws\"} ,\t\"id\":4294967295 } ",
    );
    assert_eq!(request.id, u32::MAX);
    assert_eq!(request.command.channel(), Some("news"));
}

#[test]
fn a_message_without_a_command_is_a_bad_request() {
    for message in ["", "\n", "\n\n", " ", " \n", "\r\n"] {
        is_refused(message);
    }
}

#[test]
fn a_blank_line_between_commands_is_a_bad_request() {
    is_refused("{}\n\n{}");
    is_refused("{}\n\n");
    is_refused("\n{}");
}

#[test]
fn what_is_no_command_is_a_bad_request() {
    for message in
        ["junk", "null", "1", "true", "\"x\"", "[]", "[{}]", "{", "{}{}", "{},", "{} {}", "{\"id\":1", "\u{feff}{}"]
    {
        is_refused(message);
    }
    is_refused("{\"id\":1,\"publish\":{\"channel\":\"a\",\n\"data\":1}}");
}

#[test]
fn an_array_of_fields_is_no_object() {
    is_refused("[1,null,null,{\"channel\":\"a\"},null,null,null,null,null,null,null,null]");
    is_refused("{\"id\":1,\"unsubscribe\":[\"a\"]}");
    is_refused("{\"id\":1,\"publish\":[\"a\",1,null,null,null]}");
}

#[test]
fn invalid_utf_8_is_a_bad_request_wherever_it_stands() {
    is_refused(&b"{\"id\":1,\"publish\":{\"channel\":\"a\",\"data\":\"\xff\"}}"[..]);
    is_refused(&b"{\"id\":1,\"publish\":{\"channel\":\"\xc3\x28\",\"data\":1}}"[..]);
    is_refused(&b"{\"id\":1,\"rpc\":{},\"unknown\":\"\xed\xa0\x80\"}"[..]);
}

#[test]
fn a_command_that_wants_an_answer_needs_an_id() {
    for id in ["\"1\"", "-1", "4294967296", "0", "null", "1.5", "1e2", "[]", "true"] {
        is_refused(format!("{{\"id\":{id},\"connect\":{{}}}}"));
    }
    for command in ["connect", "rpc"] {
        is_refused(format!("{{\"{command}\":{{}}}}"));
    }
    is_refused("{\"publish\":{\"channel\":\"a\",\"data\":1}}");
}

#[test]
fn an_unknown_command_or_none_is_a_bad_request() {
    for message in [
        "{\"id\":1}",
        "{\"id\":0}",
        "{\"id\":1,\"dance\":{}}",
        "{\"dance\":{}}",
        "{\"id\":1,\"ping\":{}}",
        "{\"id\":1,\"rpc\":null}",
    ] {
        is_refused(message);
    }
}

#[test]
fn a_field_of_the_wrong_type_is_a_bad_request() {
    is_refused("{\"id\":1,\"rpc\":7}");
    is_refused("{\"id\":1,\"unsubscribe\":{\"channel\":7}}");
    is_refused("{\"id\":1,\"subscribe\":{\"channel\":\"a\",\"offset\":-1}}");
    is_refused("{\"id\":1,\"subscribe\":{\"channel\":\"a\",\"tf\":[]}}");
    is_refused("{\"id\":1,\"history\":{\"channel\":\"a\",\"limit\":2147483648}}");
}

#[test]
fn a_filter_nested_beyond_reason_is_a_bad_request_and_no_overflow() {
    let deep = format!("{}{}", "{\"op\":\"not\",\"nodes\":[".repeat(2000), "]}".repeat(2000));
    is_refused(format!("{{\"id\":1,\"subscribe\":{{\"channel\":\"a\",\"tf\":{deep}}}}}"));
}

#[test]
fn a_payload_may_be_nested_as_deep_as_a_message_allows() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let request = decode_one(&format!("{{\"id\":1,\"publish\":{{\"channel\":\"a\",\"data\":{deep}}}}}"));
    assert!(matches!(request.command, Command::Publish(publish) if publish.data.as_ref().unwrap().as_str() == deep));
}

#[test]
fn the_first_payload_in_the_order_of_the_protocol_counts() {
    let order = [
        ("connect", "{}"),
        ("subscribe", "{\"channel\":\"a\"}"),
        ("unsubscribe", "{\"channel\":\"a\"}"),
        ("publish", "{\"channel\":\"a\",\"data\":1}"),
        ("presence", "{\"channel\":\"a\"}"),
        ("presence_stats", "{\"channel\":\"a\"}"),
        ("history", "{\"channel\":\"a\"}"),
        ("rpc", "{}"),
        ("send", "{\"data\":1}"),
        ("refresh", "{\"token\":\"t\"}"),
        ("sub_refresh", "{\"channel\":\"a\",\"token\":\"t\"}"),
    ];
    for (at, (first, first_payload)) in order.iter().enumerate() {
        let alone = decode_one(&format!("{{\"id\":1,\"{first}\":{first_payload}}}"));
        for (second, second_payload) in &order[at + 1..] {
            let both = format!("{{\"{second}\":{second_payload},\"id\":1,\"{first}\":{first_payload}}}");
            let both = decode_one(&both);
            assert_eq!(format!("{:?}", both.command), format!("{:?}", alone.command), "{first} before {second}");
        }
        let nulls = format!("{{\"id\":1,\"connect\":null,\"{first}\":{first_payload}}}");
        if at > 0 {
            assert_eq!(format!("{:?}", decode_one(&nulls).command), format!("{:?}", alone.command));
        }
    }
}

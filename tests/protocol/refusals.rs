//! What the protocol knows and the broker refuses, with which fault.
use super::framing::{decode, decode_one};
use callboard::protocol::Command;
use callboard::types::{Disconnect, ReplyError};

#[test]
fn a_command_on_no_channel_closes_the_connection() {
    for command in ["subscribe", "unsubscribe", "publish", "presence", "presence_stats", "history", "sub_refresh"] {
        for fields in ["", "\"channel\":\"\"", "\"channel\":null"] {
            let message = format!("{{\"id\":1,\"{command}\":{{{fields}}}}}");
            assert_eq!(decode(message.clone()).unwrap_err(), Disconnect::BAD_REQUEST, "{message}");
        }
    }
}

#[test]
fn a_refresh_without_a_token_closes_the_connection() {
    for message in [r#"{"id":1,"refresh":{}}"#, r#"{"id":1,"refresh":{"token":""}}"#] {
        assert_eq!(decode(message).unwrap_err(), Disconnect::BAD_REQUEST, "{message}");
    }
}

fn refused(command: &str, fields: &str) -> Option<ReplyError> {
    let request = decode_one(&format!("{{\"id\":7,\"{command}\":{{\"channel\":\"a\",{fields}}}}}"));
    assert_eq!(request.id, 7);
    match request.command {
        Command::Refused(error) => Some(error),
        _ => None,
    }
}

#[test]
fn map_and_shared_poll_subscriptions_are_not_permitted() {
    for kind in 1..=4 {
        let fields = format!("\"type\":{kind},\"phase\":2,\"limit\":100");
        assert_eq!(refused("subscribe", &fields), Some(ReplyError::PERMISSION_DENIED));
    }
    for unknown in ["\"type\":5", "\"type\":-1"] {
        let error = refused("subscribe", unknown).expect(unknown);
        assert_eq!(error.to_string(), "bad request: field \"type\" is not a number from 0 to 4 (107)");
    }
}

#[test]
fn fields_of_maps_and_shared_polls_are_not_available() {
    let fields = [
        ("subscribe", "\"phase\":1"),
        ("subscribe", "\"cursor\":\"c\""),
        ("subscribe", "\"limit\":10"),
        ("subscribe", "\"asc\":true"),
        ("subscribe", "\"state\":[]"),
        ("publish", "\"type\":1,\"data\":{}"),
        ("publish", "\"key\":\"k\",\"data\":{}"),
        ("publish", "\"removed\":true"),
        ("sub_refresh", "\"type\":1"),
        ("sub_refresh", "\"items\":[{\"key\":\"k\",\"version\":1}]"),
        ("sub_refresh", "\"untrack_keys\":[\"k\"]"),
        ("sub_refresh", "\"signature\":\"s\""),
        ("sub_refresh", "\"track\":[]"),
        ("sub_refresh", "\"untrack\":[]"),
    ];
    for (command, fields) in fields {
        assert_eq!(refused(command, fields), Some(ReplyError::NOT_AVAILABLE), "{command} {fields}");
    }
}

#[test]
fn the_same_fields_at_zero_mean_nothing() {
    let fields = [
        ("subscribe", "\"type\":0,\"phase\":0,\"cursor\":\"\",\"limit\":0,\"asc\":false,\"state\":null"),
        ("publish", "\"type\":0,\"key\":\"\",\"removed\":false,\"data\":1"),
        ("sub_refresh", "\"type\":0,\"items\":[],\"untrack_keys\":null,\"signature\":\"\""),
    ];
    for (command, fields) in fields {
        assert_eq!(refused(command, fields), None, "{command} {fields}");
    }
}

//! Orders: JSON on the request channel, as emitters give them to adapters, and adapters to one another.
//!
//! `socket.io-redis` 5 writes `requestid`, and numbers its requests otherwise than all that came after it:
//!
//! | | join | leave | disconnect |
//! |---|---|---|---|
//! | with `requestid` | 3 | 4 | 6 |
//! | with `requestId`, or neither | 2 | 3 | 4 |
use super::{EmitterError, Said, What, decimal};
use crate::types::{Audience, Group};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Order {
    /// The sockets that are meant, by room.
    opts: Option<Opts>,
    /// The one socket that is meant, where there are no `opts`.
    sid: Option<Name>,
    rooms: Option<Vec<Name>>,
    /// The one room, of an order about one socket.
    room: Option<Name>,
    close: Option<bool>,
}

#[derive(Deserialize)]
struct Opts {
    rooms: Vec<Name>,
    #[serde(default)]
    except: Vec<Name>,
}

/// The name of a room or a socket. A number counts as its decimal text.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
struct Name(String);

impl TryFrom<Value> for Name {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let text = match value {
            Value::String(text) => Some(text),
            Value::Number(number) if !number.is_f64() => Some(number.to_string()),
            Value::Number(number) => number.as_f64().and_then(decimal),
            _ => None,
        };
        text.map(Name).ok_or("a name that is neither text nor number")
    }
}

/// Reads what was published to the request channel of a namespace. Orders begin with a brace, and what adapters say among
/// themselves, too, but for broadcasts that want acknowledgements: those are MessagePack.
pub(super) fn read(namespace: &str, payload: &[u8]) -> Result<Said, EmitterError> {
    if payload.first() != Some(&b'{') {
        return Err(super::broadcast::request(payload));
    }
    #[derive(Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: u64,
        /// Written by `socket.io-redis` 5 alone.
        requestid: Option<Value>,
    }
    let Kind { kind, requestid } = serde_json::from_slice(payload).map_err(|_| EmitterError::Form)?;
    let act = act(kind, requestid.is_some()).ok_or(EmitterError::NotForUs)?;
    // Only now: of what is not for us, the other fields may be anything.
    let order: Order = serde_json::from_slice(payload).map_err(|_| EmitterError::Form)?;
    let audience = match (order.opts, order.sid) {
        (Some(Opts { rooms, except }), _) => broadcast_audience(groups(rooms), groups(except)),
        (None, Some(Name(sid))) => Audience::of([sid.into()]),
        (None, None) => return Err(EmitterError::Form),
    };
    let rooms = order.rooms.or(order.room.map(|room| vec![room]));
    let what = match act {
        Act::Join => What::Join(groups(rooms.ok_or(EmitterError::Form)?)),
        Act::Leave => What::Leave(groups(rooms.ok_or(EmitterError::Form)?)),
        Act::Disconnect => What::Disconnect(order.close.ok_or(EmitterError::Form)?),
    };
    Ok(Said { namespace: namespace.to_owned(), audience, what })
}

enum Act {
    Join,
    Leave,
    Disconnect,
}

fn act(kind: u64, is_old: bool) -> Option<Act> {
    match (is_old, kind) {
        (false, 2) | (true, 3) => Some(Act::Join),
        (false, 3) | (true, 4) => Some(Act::Leave),
        (false, 4) | (true, 6) => Some(Act::Disconnect),
        _ => None,
    }
}

/// Whom emitters and adapters mean by these lists: their way to say everyone is a list without a room.
pub(super) fn broadcast_audience(rooms: Vec<Group>, except: Vec<Group>) -> Audience {
    match rooms.is_empty() {
        true => Audience::EVERYONE.but(except),
        false => Audience::of(rooms).but(except),
    }
}

fn groups(names: Vec<Name>) -> Vec<Group> {
    names.into_iter().map(|Name(name)| Group::from(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Said, EmitterError> {
        super::super::decode("socket.io", "socket.io-request#/chat#", text.as_bytes())
    }

    fn order(text: &str) -> Said {
        read(text).unwrap_or_else(|error| panic!("{text} is {error}"))
    }

    fn of(names: &[&str]) -> Audience {
        Audience::of(names.iter().map(|name| Group::from(*name)))
    }

    #[test]
    fn orders_are_read_and_what_adapters_say_among_themselves_is_not_for_us() {
        let join = order(r#"{"type":2,"opts":{"rooms":["a"],"except":["b"]},"rooms":["c"]}"#);
        assert_eq!((join.namespace.as_str(), join.what), ("/chat", What::Join(vec!["c".into()])));
        assert_eq!(join.audience, of(&["a"]).but(["b".into()]));
        let gone = order(r#"{"uid":"u","type":4,"opts":{"rooms":[],"except":[]},"close":true}"#);
        assert_eq!((gone.what, gone.audience), (What::Disconnect(true), Audience::EVERYONE));
        let theirs = [
            r#"{"requestId":"r","type":0,"rooms":[]}"#,
            r#"{"requestId":"r","type":1}"#,
            r#"{"requestId":"r","type":5,"opts":{"rooms":[],"except":[]}}"#,
            r#"{"uid":"emitter","type":6,"data":["x"]}"#,
            r#"{"requestid":"r","type":0,"rooms":[]}"#,
            r#"{"requestid":"r","type":1,"sid":"s"}"#,
            r#"{"requestid":"r","type":2}"#,
            r#"{"requestid":"r","type":5,"data":{}}"#,
        ];
        for theirs in theirs {
            assert_eq!(read(theirs), Err(EmitterError::NotForUs), "{theirs}");
        }
    }

    #[test]
    fn an_order_about_one_socket_is_for_that_one_alone() {
        let join = order(r#"{"requestId":"r","type":2,"sid":"s","room":"x"}"#);
        assert_eq!((join.audience, join.what), (of(&["s"]), What::Join(vec!["x".into()])));
        let leave = order(r#"{"requestId":"r","type":3,"sid":"s","room":7}"#);
        assert_eq!((leave.audience, leave.what), (of(&["s"]), What::Leave(vec!["7".into()])));
        let gone = order(r#"{"requestId":"r","type":4,"sid":"s","close":false}"#);
        assert_eq!((gone.audience, gone.what), (of(&["s"]), What::Disconnect(false)));
    }

    #[test]
    fn the_requests_of_the_adapter_before_the_sixth_are_numbered_otherwise() {
        let join = order(r#"{"requestid":"r","type":3,"sid":"s","room":"x"}"#);
        assert_eq!((join.audience, join.what), (of(&["s"]), What::Join(vec!["x".into()])));
        let leave = order(r#"{"requestid":"r","type":4,"sid":"s","room":"x"}"#);
        assert_eq!((leave.audience, leave.what), (of(&["s"]), What::Leave(vec!["x".into()])));
        let gone = order(r#"{"requestid":"r","type":6,"sid":"s","close":true}"#);
        assert_eq!((gone.audience, gone.what), (of(&["s"]), What::Disconnect(true)));
    }

    #[test]
    fn an_order_that_does_not_say_what_or_to_whom_is_undecodable() {
        let unsaid = [
            "{",
            r#"{"opts":{"rooms":[]}}"#,
            r#"{"type":4}"#,
            r#"{"type":4,"close":true}"#,
            r#"{"type":4,"sid":"s"}"#,
            r#"{"type":4,"sid":"s","close":null}"#,
            r#"{"type":4,"sid":"s","close":1}"#,
            r#"{"type":4,"opts":{},"close":true}"#,
            r#"{"type":4,"opts":{"except":["a"]},"close":true}"#,
            r#"{"type":4,"sid":null,"close":true}"#,
            r#"{"type":2,"opts":{"rooms":[]}}"#,
            r#"{"type":3,"sid":"s"}"#,
            r#"{"type":2,"opts":{"rooms":[null]},"rooms":["a"]}"#,
            r#"{"type":2,"opts":{"rooms":["a"],"except":[true]},"rooms":["a"]}"#,
            r#"{"type":2,"opts":{"rooms":["a"]},"rooms":[["b"]]}"#,
            r#"{"type":2,"opts":{"rooms":["a"]},"rooms":[{}]}"#,
            r#"{"requestid":"r","type":6,"close":true}"#,
        ];
        for unsaid in unsaid {
            assert_eq!(read(unsaid), Err(EmitterError::Form), "{unsaid}");
        }
    }

    #[test]
    fn a_number_counts_as_its_decimal_text() {
        let join = order(r#"{"type":2,"opts":{"rooms":[42],"except":[-1.5]},"rooms":[7,1e2]}"#);
        assert_eq!(join.audience, of(&["42"]).but(["-1.5".into()]));
        assert_eq!(join.what, What::Join(vec!["7".into(), "100".into()]));
    }
}

//! Golden replies, byte for byte.
use super::events::{client, event, in_history, text};
use callboard::protocol::centrifuge::CentrifugeJson;
use callboard::protocol::{Connected, Expiry, HistoryPage, Recovered, Reply, Subscribed, Wire};
use callboard::types::{Epoch, Json, Position, ReplyError, SessionId};
use std::sync::Arc;

const CLIENT: &str = "3f0b4f6e-5c5e-4f0c-8f3e-0c2b8d5f7a10";

fn reply(id: u32, reply: &Reply) -> String {
    text(&CentrifugeJson.reply(id, reply).expect("each has one"))
}

fn json(text: &'static str) -> Json {
    Json::parse(text.into()).expect("valid JSON")
}

fn subscribed(subscribed: Subscribed) -> String {
    reply(2, &Reply::Subscribed(Box::new(subscribed)))
}

fn at(offset: u64) -> Option<Position> {
    Some(Position { offset, epoch: Epoch::new("AbCdEfGh") })
}

#[test]
fn an_error_says_whether_trying_again_helps() {
    let denied = Reply::Error(ReplyError::PERMISSION_DENIED);
    assert_eq!(reply(2, &denied), r#"{"id":2,"error":{"code":103,"message":"permission denied"}}"#);
    let internal = Reply::Error(ReplyError::INTERNAL);
    assert_eq!(
        reply(1, &internal),
        r#"{"id":1,"error":{"code":100,"message":"internal server error","temporary":true}}"#
    );
    let own = Reply::Error(ReplyError::new(400, "no \"x\"\n"));
    assert_eq!(reply(1, &own), r#"{"id":1,"error":{"code":400,"message":"no \"x\"\n"}}"#);
}

#[test]
fn connect_is_answered_with_all_there_is_to_know() {
    let personal = Subscribed {
        recoverable: true,
        positioned: true,
        position: at(5),
        recovery: Some(Recovered { complete: true, events: vec![Arc::new(in_history(event(r#"{"x":1}"#), 6))] }),
        ..Subscribed::default()
    };
    let connected = Connected {
        client: SessionId::parse(CLIENT).unwrap(),
        version: "0.1.0".into(),
        data: Some(json("{}")),
        expiry: Some(Expiry { ttl: 270 }),
        subs: vec![("#42".into(), personal), ("a\"b".into(), Subscribed::default())],
        ping: 25,
        pong: true,
        resume_key: None,
        missed: vec![],
    };
    assert_eq!(
        reply(1, &Reply::Connected(Box::new(connected))),
        format!(
            r##"{{"id":1,"connect":{{"client":"{CLIENT}","version":"0.1.0","expires":true,"ttl":270,"data":{{}},"subs":{{"#42":{{"recoverable":true,"epoch":"AbCdEfGh","publications":[{{"data":{{"x":1}},"offset":6}}],"recovered":true,"offset":5,"positioned":true,"was_recovering":true}},"a\"b":{{}}}},"ping":25,"pong":true}}}}"##
        )
    );
}

#[test]
fn a_connection_with_heartbeats_of_its_transport_is_told_of_none() {
    let connected = Connected {
        client: SessionId::parse(CLIENT).unwrap(),
        version: "0.1.0".into(),
        data: None,
        expiry: None,
        subs: Vec::new(),
        ping: 0,
        pong: false,
        resume_key: None,
        missed: vec![],
    };
    assert_eq!(
        reply(1, &Reply::Connected(Box::new(connected))),
        format!(r#"{{"id":1,"connect":{{"client":"{CLIENT}","version":"0.1.0"}}}}"#)
    );
}

#[test]
fn a_subscription_without_history_is_an_empty_object() {
    assert_eq!(subscribed(Subscribed::default()), r#"{"id":2,"subscribe":{}}"#);
}

#[test]
fn a_subscription_with_positions_leaves_an_offset_of_zero_out() {
    let of = |offset| {
        subscribed(Subscribed { recoverable: true, positioned: true, position: at(offset), ..Subscribed::default() })
    };
    assert_eq!(of(0), r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"AbCdEfGh","positioned":true}}"#);
    assert_eq!(of(7), r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"AbCdEfGh","offset":7,"positioned":true}}"#);
}

#[test]
fn a_recovered_subscription_brings_what_was_missed_oldest_first() {
    let missed = vec![Arc::new(in_history(event(r#"{"v":1}"#), 11)), Arc::new(in_history(event(r#"{"v":2}"#), 12))];
    let all = Subscribed {
        expiry: Some(Expiry { ttl: 300 }),
        recoverable: true,
        positioned: true,
        position: at(10),
        recovery: Some(Recovered { complete: true, events: missed }),
        data: Some(json(r#"{"d":null}"#)),
        kept: vec![],
        compact_id: Some(3),
    };
    assert_eq!(
        subscribed(all),
        r#"{"id":2,"subscribe":{"expires":true,"ttl":300,"recoverable":true,"epoch":"AbCdEfGh","publications":[{"data":{"v":1},"offset":11},{"data":{"v":2},"offset":12}],"recovered":true,"offset":10,"positioned":true,"data":{"d":null},"was_recovering":true,"id":3}}"#
    );
}

#[test]
fn a_recovery_with_nothing_missed_has_no_publications() {
    let recovery = Some(Recovered { complete: true, events: Vec::new() });
    let answer = subscribed(Subscribed { recoverable: true, position: at(10), recovery, ..Subscribed::default() });
    assert_eq!(
        answer,
        r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"AbCdEfGh","recovered":true,"offset":10,"was_recovering":true}}"#
    );
}

#[test]
fn a_failed_recovery_says_that_it_was_tried() {
    let recovery = Some(Recovered { complete: false, events: Vec::new() });
    let answer = subscribed(Subscribed { recoverable: true, position: at(40), recovery, ..Subscribed::default() });
    assert_eq!(
        answer,
        r#"{"id":2,"subscribe":{"recoverable":true,"epoch":"AbCdEfGh","offset":40,"was_recovering":true}}"#
    );
}

#[test]
fn a_first_event_that_is_recovered_carries_its_epoch() {
    let recovery = Some(Recovered { complete: true, events: vec![Arc::new(in_history(event("1"), 1))] });
    let answer = subscribed(Subscribed { position: at(0), recovery, ..Subscribed::default() });
    assert_eq!(
        answer,
        r#"{"id":2,"subscribe":{"epoch":"AbCdEfGh","publications":[{"data":1,"offset":1,"epoch":"AbCdEfGh"}],"recovered":true,"was_recovering":true}}"#
    );
}

#[test]
fn what_needs_no_result_is_answered_with_an_empty_object() {
    assert_eq!(reply(3, &Reply::Unsubscribed), r#"{"id":3,"unsubscribe":{}}"#);
    assert_eq!(reply(4, &Reply::Published), r#"{"id":4,"publish":{}}"#);
    assert_eq!(reply(8, &Reply::Rpc(None)), r#"{"id":8,"rpc":{}}"#);
    assert_eq!(reply(9, &Reply::Refreshed(None)), r#"{"id":9,"refresh":{}}"#);
    assert_eq!(reply(9, &Reply::SubRefreshed(None)), r#"{"id":9,"sub_refresh":{}}"#);
    assert_eq!(reply(u32::MAX, &Reply::Published), r#"{"id":4294967295,"publish":{}}"#);
}

#[test]
fn a_refresh_tells_the_new_expiry() {
    let expiry = Some(Expiry { ttl: 270 });
    assert_eq!(reply(9, &Reply::Refreshed(expiry)), r#"{"id":9,"refresh":{"expires":true,"ttl":270}}"#);
    assert_eq!(reply(10, &Reply::SubRefreshed(expiry)), r#"{"id":10,"sub_refresh":{"expires":true,"ttl":270}}"#);
}

#[test]
fn an_rpc_answer_passes_byte_for_byte() {
    let answer = Reply::Rpc(Some(json(r#"{ "name" : "\u0041", "n": 1.10 }"#)));
    assert_eq!(reply(8, &answer), r#"{"id":8,"rpc":{"data":{ "name" : "\u0041", "n": 1.10 }}}"#);
    assert_eq!(reply(8, &Reply::Rpc(Some(Json::null()))), r#"{"id":8,"rpc":{"data":null}}"#);
}

#[test]
fn presence_is_told_by_client() {
    let present = vec![(CLIENT.to_owned(), Arc::new(client("42")))];
    assert_eq!(
        reply(5, &Reply::Presence(present)),
        format!(
            r#"{{"id":5,"presence":{{"presence":{{"{CLIENT}":{{"user":"42","client":"{CLIENT}","conn_info":{{"n":1}},"chan_info":[]}}}}}}}}"#
        )
    );
    assert_eq!(reply(5, &Reply::Presence(Vec::new())), r#"{"id":5,"presence":{"presence":{}}}"#);
}

#[test]
fn presence_stats_tell_zeros() {
    let stats = |clients, users| reply(6, &Reply::PresenceStats { clients, users });
    assert_eq!(stats(2, 1), r#"{"id":6,"presence_stats":{"num_clients":2,"num_users":1}}"#);
    assert_eq!(stats(0, 0), r#"{"id":6,"presence_stats":{"num_clients":0,"num_users":0}}"#);
}

#[test]
fn history_tells_its_publications_even_where_there_are_none() {
    let page =
        |events, offset| reply(7, &Reply::History(HistoryPage { events, offset, epoch: Epoch::new("AbCdEfGh") }));
    assert_eq!(page(Vec::new(), 11), r#"{"id":7,"history":{"publications":[],"epoch":"AbCdEfGh","offset":11}}"#);
    assert_eq!(page(Vec::new(), 0), r#"{"id":7,"history":{"publications":[],"epoch":"AbCdEfGh","offset":0}}"#);
    let events = vec![Arc::new(in_history(event("{}"), 1)), Arc::new(in_history(event("null"), 2))];
    assert_eq!(
        page(events, 11),
        r#"{"id":7,"history":{"publications":[{"data":{},"offset":1,"epoch":"AbCdEfGh"},{"data":null,"offset":2}],"epoch":"AbCdEfGh","offset":11}}"#
    );
}

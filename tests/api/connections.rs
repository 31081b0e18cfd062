//! Who is connected, and to what.
use super::client::Client;
use super::house::{House, config};
use crate::harness::{http, socketio};
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::task::spawn_blocking;

/// The ids of the sessions that are listed.
fn clients(result: &Value) -> Vec<&str> {
    let listed = result["connections"].as_array().unwrap_or_else(|| panic!("{result}"));
    listed.iter().map(|connection| connection["client"].as_str().unwrap()).collect()
}

/// The ids of sessions, in order.
fn ids<'a>(clients: impl IntoIterator<Item = &'a Client>) -> Vec<&'a str> {
    let mut ids: Vec<&str> = clients.into_iter().map(|client| client.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

#[actix_web::test]
async fn whoever_is_connected_is_listed_by_user_with_subscriptions() {
    let house = House::new();
    let none = house.result("connections", json!({})).await;
    assert_eq!(none, json!({"connections": [], "total": 0, "truncated": false}));

    let port = house.serve();
    let mut ada = Client::connect(port, &house.token("42", Some(r#"{"name":"Ada"}"#))).await;
    let guest = Client::connect(port, "").await;
    for channel in ["plain:b", "news"] {
        ada.ask("subscribe", json!({"channel": channel})).await;
    }
    let result = house.result("connections", json!({})).await;
    let node = house.broker.node().id();
    let subscriptions = json!([{"space": "user", "channel": "news"}, {"space": "user", "channel": "plain:b"}]);
    let queue = json!({"bytes": 0, "messages": 0, "limit": house.broker.node().limits().outbox});
    let transport =
        json!({"wire": "centrifuge", "carrier": "websocket", "encoding": "json", "encrypted": false, "queue": queue});
    let listed = json!([
        {"client": guest.id, "user": "", "kind": "anonymous", "realm": "", "groups": [], "subscriptions": [],
            "transport": transport, "node": node},
        {"client": ada.id, "user": "42", "kind": "user", "realm": "", "groups": [], "subscriptions": subscriptions,
            "transport": transport, "node": node},
    ]);
    assert_eq!(result, json!({"connections": listed, "total": 2, "truncated": false}));
    ada.ask("unsubscribe", json!({"channel": "news"})).await;
    let result = house.result("connections", json!({"user": "42"})).await;
    assert_eq!(result["connections"][0]["subscriptions"], json!([{"space": "user", "channel": "plain:b"}]));
}

#[actix_web::test]
async fn only_sessions_that_match_every_field_are_listed() {
    let house = House::new();
    let port = house.serve();
    let mut ada = Client::connect(port, &house.token("42", None)).await;
    let twin = Client::connect(port, &house.token("42", None)).await;
    let mut leo = Client::connect(port, &house.token("43", None)).await;
    let guest = Client::connect(port, "").await;
    for client in [&mut ada, &mut leo] {
        client.ask("subscribe", json!({"channel": "news"})).await;
    }
    let nobody = uuid::Uuid::new_v4().to_string();
    for (request, expected) in [
        (json!({"user": "42"}), ids([&ada, &twin])),
        (json!({"user": "4"}), vec![]),
        (json!({"client": guest.id}), ids([&guest])),
        (json!({"client": guest.id.to_uppercase()}), ids([&guest])),
        (json!({"client": nobody}), vec![]),
        (json!({"user": "42", "client": twin.id}), ids([&twin])),
        (json!({"user": "43", "client": twin.id}), vec![]),
        (json!({"user": "43", "channel": "news"}), ids([&leo])),
        (json!({"client": guest.id, "channel": "news"}), vec![]),
        (json!({"channel": "other"}), vec![]),
        (json!({"channel": "news", "space": "plugin"}), vec![]),
        (json!({"user": "42", "client": "", "channel": null, "limit": null}), ids([&ada, &twin])),
    ] {
        let result = house.result("connections", request.clone()).await;
        assert_eq!(clients(&result), expected, "{request}");
        assert_eq!((&result["total"], &result["truncated"]), (&json!(expected.len()), &json!(false)), "{request}");
    }
    let result = house.result("connections", json!({"channel": "news", "space": "user"})).await;
    assert_eq!(clients(&result), [ada.id.as_str(), leo.id.as_str()], "by user");
}

#[actix_web::test]
async fn more_than_the_limit_are_counted_and_the_first_are_listed() {
    let house = House::new();
    let port = house.serve();
    let mut guests = vec![];
    for _ in 0..5 {
        let mut guest = Client::connect(port, "").await;
        guest.ask("subscribe", json!({"channel": "news"})).await;
        guests.push(guest);
    }
    let all = ids(&guests);
    for wanted in [json!({}), json!({"channel": "news"})] {
        for (limit, listed, truncated) in [(0, 0, true), (2, 2, true), (5, 5, false), (1_000, 5, false)] {
            let mut request = wanted.clone();
            request["limit"] = limit.into();
            let result = house.result("connections", request.clone()).await;
            assert_eq!(clients(&result), all[..listed], "{request}");
            assert_eq!((&result["total"], &result["truncated"]), (&json!(5), &json!(truncated)), "{request}");
        }
    }
}

#[actix_web::test]
async fn who_has_gone_is_not_listed() {
    let house = House::new();
    let mut ada = Client::connect(house.serve(), &house.token("42", None)).await;
    house.result("disconnect", json!({"client": ada.id})).await;
    ada.closed().await;
    assert_eq!(house.result("connections", json!({})).await["total"], 0);
}

#[actix_web::test]
async fn a_client_of_socket_io_is_listed_with_its_namespace_and_found_by_it() {
    let mut config = config();
    config.socketio = vec![EngineConfig { namespaces: vec!["/".into()], ..EngineConfig::default() }];
    let house = House::with(config);
    let port = house.serve();
    let _plain = Client::connect(port, "").await;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let _client = socketio::Client::connect(address, &json!({})).await;
    let result = house.result("connections", json!({"space": "socketio", "channel": "/"})).await;
    assert_eq!(result["total"], 1, "{result}");
    assert_eq!(result["connections"][0]["subscriptions"], json!([{"space": "socketio", "channel": "/"}]));
    assert_eq!(house.result("connections", json!({})).await["total"], 2);
}

#[actix_web::test]
async fn a_client_that_polls_is_told_with_what_waits_for_its_next_poll() {
    let mut config = config();
    config.socketio = vec![EngineConfig { namespaces: vec!["/".into()], ..EngineConfig::default() }];
    let house = House::with(config);
    let address = SocketAddr::from(([127, 0, 0, 1], house.serve()));
    let path = "/socket.io/?EIO=4&transport=polling".to_owned();
    // Off the test's thread, which drives the server.
    let get = |path: String| async move {
        spawn_blocking(move || http::get(address, &path)).await.unwrap().expect("an answer").body
    };
    let opened: Value = serde_json::from_str(get(path.clone()).await.trim_start_matches('0')).unwrap();
    let path = format!("{path}&sid={}", opened["sid"].as_str().unwrap());
    let posted = path.clone();
    spawn_blocking(move || http::post(address, &posted, "40")).await.unwrap().expect("an answer");
    let listed = async || house.result("connections", json!({})).await["connections"][0]["transport"].clone();
    // The POST is answered when its packet is read: the session is let in a little later.
    let mut before = Value::Null;
    while before.is_null() {
        tokio::task::yield_now().await;
        before = listed().await;
    }
    assert_eq!((&before["wire"], &before["carrier"]), (&json!("socketio"), &json!("polling")), "{before}");
    // The answer to its CONNECT.
    assert_eq!(before["queue"]["messages"], 1, "{before}");
    let answer = get(path).await;
    assert!(before["queue"]["bytes"].as_u64().unwrap() >= answer.len() as u64, "{before}: {answer}");
    assert_eq!((listed().await["queue"]["messages"].clone(), &before["encrypted"]), (json!(0), &json!(false)));
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused() {
    let house = House::new();
    for (request, code) in [
        (json!({"client": "c1"}), 107),
        (json!({"space": "plugin"}), 107),
        (json!({"space": "user", "channel": ""}), 107),
        (json!({"channel": "x".repeat(256)}), 107),
        (json!({"channel": "x".repeat(256), "space": "plugin"}), 107),
        (json!({"channel": "no:a"}), 102),
        (json!({"limit": 1_001}), 106),
    ] {
        assert_eq!(house.error("connections", request.clone()).await, code, "{request}");
    }
    for malformed in [
        json!({"limit": -1}),
        json!({"limit": "10"}),
        json!({"user": 42}),
        json!({"client": ["a"]}),
        json!({"channel": "news", "space": "rooms"}),
    ] {
        let answer = house.post("connections", malformed.to_string()).await;
        assert_eq!(answer.status, 400, "{malformed}: {answer:?}");
    }
    let answer = house.post("connections", r#"{"channel":"a","space":"rooms"}"#).await;
    assert!(answer.body.contains("rooms") && answer.body.contains("`plugin`"), "{}", answer.body);
}

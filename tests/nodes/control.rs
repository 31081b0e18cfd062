//! What is asked of all nodes, and what is said where one does not answer.
use super::house::{nodes, result};
use crate::harness::redis::Redis;
use crate::harness::socket::{Next, Socket};
use crate::harness::{Broker, SECRET};
use callboard::auth::{Config, ConnectionToken, Issuer};
use rustix::process::Signal;
use serde_json::{Value, json};

fn token(user: &str) -> String {
    let auth: Config = toml::from_str(&format!("hmac_secret = '{SECRET}'")).expect("a config");
    let token = ConnectionToken { user: user.into(), ..Default::default() };
    Issuer::new(&auth).expect("a secret").issue_connection(&token).expect("a token")
}

async fn user(node: &Broker, name: &str) -> (Socket, String) {
    let mut socket = Socket::open(node.address(), 0).await;
    let reply = socket.ask(&format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, token(name))).await;
    let id = reply["connect"]["client"].as_str().expect("an id").to_owned();
    (socket, id)
}

async fn line(socket: &mut Socket) -> Value {
    match socket.next().await {
        Next::Line(line) => line,
        Next::Closed(frame) => panic!("closed: {frame:?}"),
    }
}

#[tokio::test]
async fn sessions_are_reached_on_whichever_node_they_are() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let (mut mia, id) = user(&nodes[1], "mia").await;
    let (mut leo, _) = user(&nodes[0], "leo").await;

    let done = result(&nodes[0], "subscribe", r#"{"user":"mia","channel":"live:a","data":{"x":1}}"#);
    assert_eq!(done, json!({}));
    let told = line(&mut mia).await;
    assert_eq!((&told["push"]["channel"], &told["push"]["subscribe"]["data"]["x"]), (&"live:a".into(), &1.into()));
    let channels = result(&nodes[0], "channels", "{}");
    assert_eq!(channels, json!({ "channels": { "live:a": { "num_clients": 1 } } }));

    result(&nodes[0], "unsubscribe", r#"{"user":"mia","channel":"live:a"}"#);
    assert_eq!(line(&mut mia).await["push"]["unsubscribe"]["code"], 2000);

    result(&nodes[0], "refresh", r#"{"user":"mia","expire_at":4000000000}"#);
    assert!(!line(&mut mia).await["push"]["refresh"].is_null());

    // Whom an order spares, and a session that is named, is known everywhere.
    let spared = json!({ "user": "mia", "whitelist": [id] }).to_string();
    result(&nodes[0], "disconnect", &spared);
    assert!(mia.ask(r#"{"id":9,"presence_stats":{"channel":"nowhere"}}"#).await["error"].is_null());
    let named = json!({ "client": id, "disconnect": { "code": 4500, "reason": "banned" } }).to_string();
    result(&nodes[0], "disconnect", &named);
    assert_eq!(mia.closed().await.map(|frame| u16::from(frame.code)), Some(4500));
    assert!(leo.ask(r#"{"id":9,"presence_stats":{"channel":"nowhere"}}"#).await["error"].is_null());
}

#[tokio::test]
async fn new_info_of_a_user_is_shown_on_every_node_and_stays_so() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let (mut mia, _) = user(&nodes[1], "mia").await;
    mia.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    result(&nodes[0], "refresh", r#"{"user":"mia","info":{"name":"Mia"}}"#);
    let shown = |node: &Broker| {
        let present = result(node, "presence", r#"{"channel":"room"}"#)["presence"].clone();
        present.as_object().and_then(|present| present.values().next()).map(|info| info["conn_info"].clone())
    };
    for node in &nodes {
        node.until(shown, |info| *info == Some(json!({ "name": "Mia" })));
    }
    // Longer than an entry lives by itself (3 s), on the clock of Redis: it is renewed as it is shown now.
    for _ in 0..8 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!(shown(&nodes[0]), Some(json!({ "name": "Mia" })));
    }
}

#[tokio::test]
async fn info_tells_of_every_node() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 3);
    let _guests = [Socket::connect(nodes[0].address(), 0).await, Socket::connect(nodes[2].address(), 0).await];
    for node in &nodes {
        let info = result(node, "info", "{}");
        assert!(info["missing"].is_null(), "{info}");
        let clients = info["nodes"].as_array().expect("nodes").iter().map(|node| node["num_clients"].as_u64().unwrap());
        assert_eq!((clients.clone().count(), clients.sum::<u64>()), (3, 2));
    }
}

#[tokio::test]
async fn connections_of_all_nodes_are_listed_in_one_order() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let uid = |node: &Broker| result(node, "info", "{}")["nodes"][0]["uid"].clone();
    let (mut ada, ada_id) = user(&nodes[1], "ada").await;
    let (mut leo, leo_id) = user(&nodes[0], "leo").await;
    let (_mia, mia_id) = user(&nodes[1], "mia").await;
    let listed = |request: &str| {
        let listed = result(&nodes[0], "connections", request);
        assert!(listed["missing"].is_null(), "{listed}");
        let wires = listed["connections"].as_array().expect("a list").iter().map(|one| &one["transport"]["wire"]);
        assert!(wires.clone().all(|wire| wire == "centrifuge"), "{listed}");
        let of = |one: &Value| (one["client"].as_str().expect("an id").to_owned(), one["node"].clone());
        let connections: Vec<_> = listed["connections"].as_array().expect("a list").iter().map(of).collect();
        (connections, listed["total"].as_u64().expect("a number"), listed["truncated"] == true)
    };
    let [here, there] = [uid(&nodes[0]), uid(&nodes[1])];
    let [ada_at, leo_at, mia_at] = [(ada_id, there.clone()), (leo_id, here), (mia_id, there)];
    assert_eq!(listed("{}"), (vec![ada_at.clone(), leo_at.clone(), mia_at], 3, false));
    assert_eq!(listed(r#"{"limit":2}"#), (vec![ada_at.clone(), leo_at.clone()], 3, true));
    for socket in [&mut ada, &mut leo] {
        socket.ask(r#"{"id":2,"subscribe":{"channel":"live:a"}}"#).await;
    }
    assert_eq!(listed(r#"{"channel":"live:a","limit":1}"#), (vec![ada_at.clone()], 2, true));
    assert_eq!(listed(r#"{"channel":"live:a"}"#), (vec![ada_at, leo_at], 2, false));
}

#[tokio::test]
async fn an_answer_that_misses_a_node_says_which() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let info = result(&nodes[1], "info", "{}");
    let uids: Vec<&str> = info["nodes"].as_array().expect("nodes").iter().filter_map(|n| n["uid"].as_str()).collect();
    // It still counts, and does not answer.
    nodes[1].signal(Signal::STOP);
    let info = result(&nodes[0], "info", "{}");
    let own = info["nodes"][0]["uid"].as_str().expect("an id");
    let other = uids.into_iter().find(|uid| *uid != own).expect("another one");
    assert_eq!((info["nodes"].as_array().map(Vec::len), &info["missing"]), (Some(1), &json!([other])));
    assert_eq!(result(&nodes[0], "disconnect", r#"{"user":"mia"}"#), json!({ "missing": [other] }));
    assert_eq!(result(&nodes[0], "channels", "{}"), json!({ "channels": {}, "missing": [other] }));
    let connections = result(&nodes[0], "connections", "{}");
    assert_eq!((&connections["total"], &connections["missing"]), (&json!(0), &json!([other])), "{connections}");
    nodes[1].signal(Signal::CONT);
    nodes[0].until(|node| result(node, "info", "{}")["nodes"].as_array().map(Vec::len), |known| *known == Some(2));
}

#[tokio::test]
async fn a_node_that_was_stopped_is_missed_by_nobody() {
    let redis = Redis::start();
    let mut nodes = nodes(&redis.url(), 2);
    assert!(nodes.remove(1).stop().success());
    let info = result(&nodes[0], "info", "{}");
    assert_eq!((info["nodes"].as_array().map(Vec::len), &info["missing"]), (Some(1), &Value::Null), "{info}");
    assert_eq!(redis.say("ZCARD callboard:{nodes}"), ":1\r\n");
}

//! Signals and plugin events on two nodes of one Redis.
use super::house::{config, nodes_with};
use crate::harness::Broker;
use crate::harness::redis::Redis;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

pub const USERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/auth/keys/p256");
pub const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/auth/keys/p256_next");

type Socket = WebSocketStream<TcpStream>;

pub fn on_backstage(url: &str) -> String {
    let keys = format!("user_public_key = '{USERS}.pub.pem'\nservice_public_key = '{SERVICES}.pub.pem'");
    let own = config(url);
    format!(
        "{own}[backstage]\nsignals = true\nevents = true\nbus = true\n[backstage.auth]\nplugins = ['catalog']\n{keys}\n"
    )
}

pub fn token(kind: &str, key: &str, subject: &str, owned: &[&str]) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs();
    let header = Header { typ: Some(format!("vnd.backstage.{kind}")), ..Header::new(Algorithm::ES256) };
    let pem = std::fs::read(format!("{key}.pem")).expect("a key");
    let claims = json!({"sub": subject, "ent": owned, "aud": "backstage", "iat": now, "exp": now + 3600});
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ec_pem(&pem).expect("a key")).expect("a token")
}

pub async fn open(node: &Broker, path: &str, token: &str) -> Socket {
    let mut request = format!("ws://{}{path}", node.address()).into_client_request().expect("a request");
    let (name, value) = match path {
        "/events" => ("authorization", format!("Bearer {token}")),
        _ => ("sec-websocket-protocol", token.to_owned()),
    };
    request.headers_mut().insert(name, value.parse().expect("a header"));
    let stream = TcpStream::connect(node.address()).await.expect("a connection");
    client_async(request, stream).await.expect("it is let in").0
}

pub async fn say(socket: &mut Socket, what: Value) {
    socket.send(Message::text(what.to_string())).await.expect("it is open");
}

pub async fn hears(socket: &mut Socket) -> Value {
    loop {
        let next = timeout(Duration::from_secs(20), socket.next()).await.expect("something comes");
        if let Message::Text(text) = next.expect("it is open").expect("a message") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

pub fn subscriptions(node: &Broker) -> Value {
    let info: Value = serde_json::from_str(&node.api("info", "{}")).expect("JSON");
    let all = info["result"]["nodes"].as_array().expect("nodes").iter();
    all.filter_map(|node| node["num_subs"].as_u64()).sum::<u64>().into()
}

#[tokio::test]
async fn signals_and_events_reach_those_they_are_for_on_every_node_once() {
    let redis = Redis::start();
    let nodes = nodes_with(&on_backstage(&redis.url()), 2);
    let mia = token("user", USERS, "user:default/mia", &["group:default/admins"]);
    let joe = token("user", USERS, "user:default/joe", &[]);
    let (mut page, mut other) =
        (open(&nodes[0], "/api/signals", &mia).await, open(&nodes[1], "/api/signals", &joe).await);
    for socket in [&mut page, &mut other] {
        say(socket, json!({"action": "subscribe", "channel": "c"})).await;
    }
    let (mut listener, mut twin) = (open(&nodes[0], "/events", &mia).await, open(&nodes[1], "/events", &joe).await);
    for socket in [&mut listener, &mut twin] {
        say(socket, json!({"command": "subscribe", "pluginId": "catalog"})).await;
    }
    nodes[0].until(subscriptions, |count| *count == 4);
    let admins = r#"{"channel":"c","message":1,"recipients":{"type":"user","entityRef":"group:default/admins"}}"#;
    nodes[1].api("signal", admins);
    nodes[1].api("signal", r#"{"channel":"c","message":2}"#);
    assert_eq!([hears(&mut page).await["message"].clone(), hears(&mut page).await["message"].clone()], [1, 2]);
    assert_eq!(hears(&mut other).await["message"], 2);
    let mut catalog = open(&nodes[1], "/events", &token("plugin", SERVICES, "catalog", &[])).await;
    say(&mut catalog, json!({"command": "register", "pluginId": "catalog"})).await;
    say(&mut catalog, json!({"command": "subscribe", "pluginId": "catalog"})).await;
    for (refs, n) in [(json!(["user:default/mia"]), 1), (json!(null), 2)] {
        say(&mut catalog, json!({"command": "publish", "pluginId": "catalog", "targetEntityRefs": refs, "data": n}))
            .await;
    }
    assert_eq!([hears(&mut listener).await["data"].clone(), hears(&mut listener).await["data"].clone()], [1, 2]);
    assert_eq!(hears(&mut twin).await["data"], 2);
    // Not back to the publisher, though it came over the bus.
    let mut again = open(&nodes[0], "/events", &token("plugin", SERVICES, "catalog", &[])).await;
    say(&mut again, json!({"command": "register", "pluginId": "catalog"})).await;
    say(&mut again, json!({"command": "publish", "pluginId": "catalog", "data": 3})).await;
    assert_eq!(hears(&mut catalog).await["data"], 3);
}

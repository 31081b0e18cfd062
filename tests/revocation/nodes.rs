//! Several nodes on one Redis.
use super::tokens::{now, sign};
use crate::harness::redis::Redis;
use crate::harness::socket::{Next, Socket};
use crate::harness::socketio::Client;
use crate::harness::{API_KEY, Broker, SECRET, http};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const CONFIG: &str = r#"
engine = "redis"
[server]
workers = 1
[auth]
hmac_secret = "{secret}"
[api]
key = "{key}"
[redis]
url = "{url}"
timeout = "2s"
[[socketio]]
recovery = "2m"
[[namespace]]
subscribe = "scope:reader"
"#;

/// A node on this Redis.
pub fn start(redis: &Redis) -> Broker {
    start_with(CONFIG, redis)
}

fn start_with(config: &str, redis: &Redis) -> Broker {
    Broker::start(&config.replace("{secret}", SECRET).replace("{key}", API_KEY).replace("{url}", &redis.url()))
}

/// Two nodes that know each other.
pub fn pair(redis: &Redis) -> [Broker; 2] {
    let nodes = [start(redis), start(redis)];
    for node in &nodes {
        node.until(|node| result(node, "info", "{}")["nodes"].as_array().map(Vec::len), |known| *known == Some(2));
    }
    nodes
}

/// The result of an API call.
pub fn result(node: &Broker, method: &str, body: &str) -> Value {
    let answer: Value = serde_json::from_str(&node.api(method, body)).expect("JSON");
    assert!(answer["error"].is_null(), "{method} {body}: {answer}");
    answer["result"].clone()
}

/// A token that was issued this many seconds from now.
pub fn token(user: &str, issued: i64) -> String {
    sign(SECRET, &json!({ "sub": user, "jti": format!("of {user}"), "scope": "reader", "iat": now() + issued }))
}

pub async fn connect(node: &Broker, token: &str) -> Socket {
    let mut socket = Socket::open(node.address(), 0).await;
    let reply = socket.ask(&format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#)).await;
    assert!(reply["connect"]["client"].is_string(), "{reply}");
    socket
}

/// Whether a client with this token is let in.
pub async fn is_let_in(address: SocketAddr, token: &str) -> bool {
    let mut socket = Socket::open(address, 0).await;
    socket.send(&format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#)).await;
    match socket.next().await {
        Next::Line(reply) => {
            assert!(reply["connect"]["client"].is_string(), "{reply}");
            true
        }
        Next::Closed(frame) => {
            assert_eq!(frame.map(|frame| u16::from(frame.code)), Some(3500));
            false
        }
    }
}

/// Whether the socket is closed with the code of a token that is not valid.
pub async fn is_closed(socket: Socket) -> bool {
    socket.closed().await.is_some_and(|frame| u16::from(frame.code) == 3500)
}

#[tokio::test]
async fn what_one_node_revokes_ends_on_all_and_is_refused_on_all() {
    let redis = Redis::start();
    let nodes = pair(&redis);
    let (mia, leo) = (token("mia", -60), token("leo", -60));
    let sockets = [connect(&nodes[0], &mia).await, connect(&nodes[1], &mia).await];
    let mut other = connect(&nodes[1], &leo).await;
    let (mut client, greeting) = Client::connect(nodes[1].address(), &json!({ "token": mia })).await;
    let greeting: Value = serde_json::from_str(greeting.strip_prefix("40").expect("it is in")).expect("JSON");

    assert_eq!(result(&nodes[0], "revoke", r#"{"user":"mia"}"#), json!({}));
    for socket in sockets {
        assert!(is_closed(socket).await);
    }
    assert_eq!(client.next().await, "41");

    for node in &nodes {
        assert!(!is_let_in(node.address(), &mia).await);
        assert!(is_let_in(node.address(), &token("mia", 60)).await);
    }
    assert!(other.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await["error"].is_null());
    let (_, refused) = Client::connect(nodes[1].address(), &json!({ "token": mia })).await;
    assert!(refused.starts_with("44{"), "{refused}");
    let back = json!({ "token": token("mia", 60), "pid": greeting["pid"] });
    let (_, anew) = Client::connect(nodes[1].address(), &back).await;
    assert!(anew.starts_with("40{") && !anew.contains(greeting["sid"].as_str().expect("an id")), "{anew}");
}

#[tokio::test]
async fn it_ends_on_another_node_within_a_second() {
    let redis = Redis::start();
    let nodes = pair(&redis);
    let mut times = vec![];
    // Several times, for the machine may be busy with something else now and then.
    for user in ["mia", "leo", "eve", "ada", "bob"] {
        let socket = connect(&nodes[1], &token(user, -60)).await;
        let began = Instant::now();
        result(&nodes[0], "revoke", &json!({ "user": user }).to_string());
        assert!(is_closed(socket).await);
        times.push(began.elapsed());
    }
    times.sort_unstable();
    assert!(times[2] < Duration::from_secs(1), "the median of {times:?}");
    // Twice `redis.timeout`, however busy the machine is.
    assert!(times[4] < Duration::from_secs(4), "the longest of {times:?}");
}

#[tokio::test]
async fn scopes_and_tokens_are_revoked_on_all_nodes_too() {
    let redis = Redis::start();
    let nodes = pair(&redis);
    let (mut mia, leo) = (connect(&nodes[1], &token("mia", -60)).await, connect(&nodes[1], &token("leo", -60)).await);
    assert!(mia.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await["error"].is_null());
    assert_eq!(result(&nodes[0], "revoke", r#"{"user":"mia","scopes":["reader"]}"#), json!({}));
    let Next::Line(told) = mia.next().await else { panic!("it goes on") };
    assert_eq!(told["push"]["unsubscribe"]["code"], 2000);
    assert_eq!(mia.ask(r#"{"id":3,"subscribe":{"channel":"news"}}"#).await["error"]["code"], 103);
    assert_eq!(result(&nodes[0], "revoke", r#"{"token_id":"of leo"}"#), json!({}));
    assert!(is_closed(leo).await);
    assert!(!is_let_in(nodes[1].address(), &token("leo", 60)).await);
}

#[tokio::test]
async fn it_holds_for_nodes_that_start_later_and_after_redis_came_back_with_its_data() {
    let mut redis = Redis::start_durable();
    let first = start(&redis);
    result(&first, "revoke", r#"{"user":"mia"}"#);
    result(&first, "revoke", r#"{"user":"leo","scopes":["reader","x"]}"#);
    first.stop();
    for _ in 0..2 {
        let later = start(&redis);
        assert!(!is_let_in(later.address(), &token("mia", -60)).await);
        let mut leo = connect(&later, &token("leo", -60)).await;
        assert_eq!(leo.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await["error"]["code"], 103);
        later.stop();
        redis.kill();
        redis.start_again();
    }
}

#[tokio::test]
async fn many_are_read_at_the_start() {
    let redis = Redis::start();
    let first = start(&redis);
    let scopes: Vec<String> = (0..1_203).map(|number| format!("s{number}")).collect();
    result(&first, "revoke", &json!({ "user": "leo", "scopes": scopes }).to_string());
    result(&first, "revoke", r#"{"user":"mia"}"#);
    let later = start(&redis);
    assert!(!is_let_in(later.address(), &token("mia", -60)).await);
    assert_eq!(later.metric_of("callboard_stored", r#"limit="revocations""#), 1_204.0);
}

#[tokio::test]
async fn what_is_kept_for_a_short_time_is_over_on_every_node_after_it() {
    let redis = Redis::start();
    let config = CONFIG.replace("[auth]", "[auth]\nrevocation_ttl = '2s'");
    let nodes = [(); 2].map(|()| start_with(&config, &redis));
    let sockets = [connect(&nodes[0], &token("mia", -60)).await, connect(&nodes[1], &token("mia", -60)).await];
    let began = Instant::now();
    result(&nodes[0], "revoke", r#"{"user":"mia"}"#);
    for socket in sockets {
        assert!(is_closed(socket).await);
    }
    for node in &nodes {
        while !is_let_in(node.address(), &token("mia", -60)).await {
            assert!(began.elapsed() < Duration::from_secs(20), "it is still kept");
        }
    }
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert!(is_let_in(start_with(&config, &redis).address(), &token("mia", -60)).await);
}

#[tokio::test]
async fn a_node_that_does_not_answer_is_named_and_does_it_as_soon_as_it_can() {
    let redis = Redis::start();
    let nodes = pair(&redis);
    let mia = connect(&nodes[1], &token("mia", -60)).await;
    nodes[1].signal(Signal::STOP);
    let told = result(&nodes[0], "revoke", r#"{"user":"mia"}"#);
    assert_eq!(told["missing"].as_array().map(Vec::len), Some(1), "{told}");
    nodes[1].signal(Signal::CONT);
    assert!(is_closed(mia).await);
    assert!(!is_let_in(nodes[1].address(), &token("mia", -60)).await);
    assert_eq!(http::get(nodes[1].internal(), "/ready").expect("an answer").status, 200);
}

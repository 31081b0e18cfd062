//! Nodes that share a Redis.
use crate::harness::{API_KEY, Broker, http};
use serde_json::Value;
use std::net::SocketAddr;

/// A node's config: `{url}` is where Redis is. Channels without a colon keep history; those of `live:` do not.
const CONFIG: &str = r#"
engine = "redis"
[server]
workers = 1
[auth]
anonymous = true
hmac_secret = "{secret}"
[api]
key = "{key}"
[redis]
url = "{url}"
timeout = "2s"
presence_ttl = "3s"
[[namespace]]
name = ""
subscribe = "anyone"
publish = "anyone"
presence_for = "anyone"
history_size = 10000
history_ttl = "10m"
force_recovery = true
presence = true
join_leave = true
force_push_join_leave = true
[[namespace]]
name = "live"
subscribe = "anyone"
publish = "anyone"
"#;

/// A node's config for a Redis at this address.
pub fn config(url: &str) -> String {
    CONFIG.replace("{secret}", crate::harness::SECRET).replace("{key}", API_KEY).replace("{url}", url)
}

/// So many nodes on a Redis.
pub fn nodes(url: &str, count: usize) -> Vec<Broker> {
    nodes_with(&config(url), count)
}

/// So many nodes with this config, which names the Redis that they share.
pub fn nodes_with(config: &str, count: usize) -> Vec<Broker> {
    let started = (0..count).map(|_| {
        let config = config.to_owned();
        std::thread::spawn(move || Broker::start(&config))
    });
    let started: Vec<_> = started.collect();
    let nodes: Vec<Broker> = started.into_iter().map(|node| node.join().expect("a node")).collect();
    // A node knows the others once each has announced itself.
    for node in &nodes {
        node.until(|node| result(node, "info", "{}")["nodes"].as_array().map(Vec::len), |known| *known == Some(count));
    }
    nodes
}

/// Waits until a node answers with this status to who asks whether it is ready.
pub fn ready(node: &Broker, wanted: u16) {
    node.until(|node| http::get(node.address(), "/ready").expect("an answer").status, |status| *status == wanted);
}

/// The result of an API call.
pub fn result(node: &Broker, method: &str, body: &str) -> Value {
    let answer: Value = serde_json::from_str(&node.api(method, body)).expect("JSON");
    assert!(answer["error"].is_null(), "{method} {body}: {answer}");
    answer["result"].clone()
}

/// Where the nodes are.
pub fn addresses(nodes: &[Broker]) -> Vec<SocketAddr> {
    nodes.iter().map(Broker::address).collect()
}

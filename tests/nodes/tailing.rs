//! A live tail where nodes share a Redis.
use super::house::{nodes, result};
use crate::harness::redis::Redis;
use crate::harness::{API_KEY, http};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::TcpStream;

/// The lines of an open tail; its chunks have sizes between them, which are passed over.
fn lines(tail: TcpStream) -> impl Iterator<Item = Value> {
    let lines = BufReader::new(tail).lines().map(|line| line.expect("a line"));
    lines.filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(&line).expect("JSON"))
}

#[test]
fn a_tail_of_one_channel_shows_what_is_published_on_any_node_once() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let tail = http::open(nodes[0].internal(), API_KEY, "tail", r#"{"channel":"loud"}"#).expect("an open tail");
    let mut lines = lines(tail);
    assert_eq!(lines.next(), Some(json!({})));
    for (number, node) in nodes.iter().chain(&nodes).enumerate() {
        result(node, "publish", &json!({"channel": "loud", "data": number}).to_string());
    }
    let shown: Vec<Value> = lines.take(4).map(|mut line| line["event"]["data"].take()).collect();
    // What different nodes publish at once has no order of its own.
    let mut sorted: Vec<u64> = shown.iter().filter_map(Value::as_u64).collect();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3], "{shown:?}");
}

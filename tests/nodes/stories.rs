//! Clients on different nodes.
use super::house::{addresses, nodes, result};
use super::verdict::told_of_a_gap;
use super::witness::{Publisher, twenty};
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use rustix::process::Signal;
use serde_json::Value;

/// The next push of this kind, whatever else comes before.
async fn push(socket: &mut Socket, kind: &str) -> Value {
    socket.until(|line| !line["push"][kind].is_null()).await["push"].clone()
}

#[tokio::test]
async fn what_is_published_on_one_node_is_heard_on_the_other_both_ways() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    for channel in ["news", "live:news"] {
        for (here, there) in [(0, 1), (1, 0)] {
            let mut listener = Socket::connect(nodes[there].address(), 0).await;
            let reply = listener.ask(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#)).await;
            assert!(reply["error"].is_null(), "{reply}");
            result(&nodes[here], "publish", &format!(r#"{{"channel":"{channel}","data":"from the API"}}"#));
            assert_eq!(push(&mut listener, "pub").await["pub"]["data"], "from the API");
            let mut publisher = Socket::connect(nodes[here].address(), 0).await;
            publisher.ask(&format!(r#"{{"id":2,"publish":{{"channel":"{channel}","data":1}}}}"#)).await;
            assert_eq!(push(&mut listener, "pub").await["pub"]["data"], 1);
        }
    }
}

#[tokio::test]
async fn an_event_is_the_same_on_each_node_tags_and_publisher_too() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let mut heard = vec![];
    let mut listeners = vec![];
    for node in &nodes {
        let mut listener = Socket::connect(node.address(), 0).await;
        listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
        listeners.push(listener);
    }
    result(&nodes[0], "publish", r#"{"channel":"news","data":{"a":1},"tags":{"kind":"x"}}"#);
    for listener in &mut listeners {
        heard.push(push(listener, "pub").await["pub"].clone());
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!((&heard[0]["tags"]["kind"], &heard[0]["offset"]), (&"x".into(), &1.into()));
    let page = result(&nodes[1], "history", r#"{"channel":"news","limit":10}"#);
    assert_eq!(page["publications"][0]["tags"]["kind"], "x");
}

#[tokio::test]
async fn presence_joins_and_leaves_are_those_of_all_nodes() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let mut one = Socket::connect(nodes[0].address(), 0).await;
    one.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    let mut other = Socket::connect(nodes[1].address(), 0).await;
    other.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    push(&mut one, "join").await;
    for node in &nodes {
        node.until(
            |node| result(node, "presence", r#"{"channel":"room"}"#)["presence"].as_object().map(serde_json::Map::len),
            |present| *present == Some(2),
        );
        assert_eq!(result(node, "presence_stats", r#"{"channel":"room"}"#)["num_clients"], 2);
    }
    drop(other);
    push(&mut one, "leave").await;
    nodes[0].until(|node| result(node, "presence_stats", r#"{"channel":"room"}"#)["num_clients"].clone(), |n| *n == 1);
}

#[tokio::test]
async fn presence_is_renewed_as_long_as_its_session_lives() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let mut one = Socket::connect(nodes[0].address(), 0).await;
    one.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    let present = || result(&nodes[1], "presence_stats", r#"{"channel":"room"}"#)["num_clients"].clone();
    // Longer than an entry lives by itself (3 s), on the clock of Redis, which cannot be turned.
    for _ in 0..10 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!(present(), 1);
    }
    drop(one);
}

#[tokio::test]
async fn clients_of_a_node_that_is_killed_recover_on_another_and_its_presence_ends() {
    let redis = Redis::start();
    let mut nodes = nodes(&redis.url(), 3);
    let addresses = addresses(&nodes);
    let witnesses = twenty(&addresses, "news").await;
    let mut there = Socket::connect(addresses[2], 0).await;
    there.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    let publisher = Publisher::start(vec![addresses[0], addresses[1]], "news");
    publisher.more(50).await;
    let killed = nodes.pop().expect("three nodes");
    killed.signal(Signal::KILL);
    publisher.more(100).await;
    let last = publisher.stop();
    assert_eq!(told_of_a_gap(witnesses, last).await, 0, "nothing was lost, so nothing is to be told");
    nodes[0].until(|node| result(node, "presence_stats", r#"{"channel":"room"}"#)["num_clients"].clone(), |n| *n == 0);
    let _ = killed.wait();
}

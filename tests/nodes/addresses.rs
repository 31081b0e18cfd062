//! What the address of Redis and what stands beside it say, and what a node leaves there.
use super::house::{config, nodes, result};
use crate::harness::Broker;
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;

/// A node's own history of `news`: how many events it has.
fn kept(node: &Broker) -> usize {
    let page = result(node, "history", r#"{"channel":"news","limit":10}"#);
    page["publications"].as_array().map_or(0, Vec::len)
}

fn publish(node: &Broker) {
    result(node, "publish", r#"{"channel":"news","data":1}"#);
}

#[test]
fn two_prefixes_on_one_redis_are_kept_apart() {
    let redis = Redis::start();
    let start = |prefix: &str| {
        Broker::start(&config(&redis.url()).replace("[redis]", &format!("[redis]\nprefix = \"{prefix}:\"")))
    };
    let (one, other) = (start("one"), start("other"));
    publish(&one);
    assert_eq!((kept(&one), kept(&other)), (1, 0));
    for node in [&one, &other] {
        assert_eq!(result(node, "info", "{}")["nodes"].as_array().map(Vec::len), Some(1));
    }
    let names = redis.say("KEYS *");
    assert!(names.contains("one:{u:news}") && !names.contains("callboard:"), "{names}");
}

#[test]
fn the_database_of_the_address_is_the_one_that_is_used() {
    let redis = Redis::start();
    let node = Broker::start(&config(&format!("{}/3", redis.url().trim_end_matches("/0"))));
    publish(&node);
    let used = redis.say("INFO keyspace");
    assert!(used.contains("db3:") && !used.contains("db0:"), "{used}");
}

#[test]
fn a_user_of_the_address_logs_in_whatever_signs_the_password_has() {
    let redis = Redis::start();
    assert!(redis.say("ACL SETUSER call@board on >p@ss:w/rd% ~* &* +@all").starts_with("+OK"));
    assert!(redis.say("ACL SETUSER default off").starts_with("+OK"));
    let address = format!("redis://call%40board:p%40ss%3Aw%2Frd%25@127.0.0.1:{}", redis.port());
    let node = Broker::start(&config(&address));
    publish(&node);
    assert_eq!(kept(&node), 1);
}

#[tokio::test]
async fn a_node_subscribes_to_a_channel_once_and_no_longer_than_somebody_listens() {
    let redis = Redis::start();
    let node = nodes(&redis.url(), 1).remove(0);
    let subscribed = |_: &Broker| redis.say("PUBSUB NUMSUB callboard:{u:live:x}b").contains(":1\r\n");
    let mut sockets = vec![];
    for _ in 0..2 {
        let mut socket = Socket::connect(node.address(), 0).await;
        socket.ask(r#"{"id":2,"subscribe":{"channel":"live:x"}}"#).await;
        sockets.push(socket);
    }
    assert!(subscribed(&node), "{}", redis.say("PUBSUB CHANNELS *"));
    sockets.pop();
    result(&node, "publish", r#"{"channel":"live:x","data":1}"#);
    assert!(subscribed(&node), "one still listens");
    sockets.pop();
    node.until(subscribed, |is_subscribed| !is_subscribed);
    // Without a history nothing is kept of what was published.
    assert!(!redis.say("KEYS *").contains("live:x"));
}

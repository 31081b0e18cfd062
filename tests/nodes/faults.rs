//! Redis fails and comes back.
use super::house::{addresses, nodes, ready, result};
use super::messages::{Server, UserUpdate};
use super::verdict::told_of_a_gap;
use super::witness::{Publisher, twenty};
use crate::harness::redis::Redis;
use crate::harness::socket::{Next, Socket};
use crate::harness::{API_KEY, Broker, http};
use rustix::process::Signal;
use std::time::{Duration, Instant};

#[tokio::test]
async fn redis_killed_and_started_empty_is_told_as_a_gap() {
    let mut redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let witnesses = twenty(&addresses(&nodes), "news").await;
    let publisher = Publisher::start(addresses(&nodes), "news");
    publisher.more(50).await;
    redis.kill();
    ready(&nodes[0], 503);
    redis.start_again();
    publisher.more(50).await;
    let last = publisher.stop();
    assert_eq!(told_of_a_gap(witnesses, last).await, 20, "all that was kept is gone, and everybody is told");
    ready(&nodes[0], 200);
}

#[tokio::test]
async fn redis_killed_and_started_with_its_data_goes_on() {
    let mut redis = Redis::start_durable();
    let nodes = nodes(&redis.url(), 2);
    let witnesses = twenty(&addresses(&nodes), "news").await;
    let publisher = Publisher::start(addresses(&nodes), "news");
    publisher.more(50).await;
    redis.kill();
    redis.start_again();
    publisher.more(50).await;
    let last = publisher.stop();
    // Another run of the server: it cannot know that its tail is whole, so that is told, too.
    assert_eq!(told_of_a_gap(witnesses, last).await, 20);
    assert!(result(&nodes[0], "history", r#"{"channel":"news","limit":1}"#)["offset"].as_u64() >= Some(100));
}

#[tokio::test]
async fn redis_stopped_for_ten_seconds_loses_nothing() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let witnesses = twenty(&addresses(&nodes), "news").await;
    let publisher = Publisher::start(addresses(&nodes), "news");
    publisher.more(50).await;
    redis.signal(Signal::STOP);
    ready(&nodes[0], 503);
    // It does not answer, and is not dead either. What it is to wait for is that nothing happens, for so long.
    tokio::time::sleep(Duration::from_secs(10)).await;
    redis.signal(Signal::CONT);
    publisher.more(100).await;
    let last = publisher.stop();
    assert_eq!(told_of_a_gap(witnesses, last).await, 0, "nothing was lost: every gap can be filled");
}

#[tokio::test]
async fn while_redis_is_away_publishes_are_answered_in_time_and_connections_stay() {
    let mut redis = Redis::start();
    let nodes = nodes(&redis.url(), 2);
    let mut listener = Socket::connect(nodes[0].address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"room"}}"#).await;
    redis.kill();
    let began = Instant::now();
    let answer =
        http::call(nodes[0].address(), API_KEY, "publish", r#"{"channel":"room","data":1}"#).expect("an answer");
    assert!(answer.body.contains("\"code\":100"), "{}", answer.body);
    // `redis.timeout` is 2 s.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // What this node knows by itself it still tells, and whom it cannot ask.
    let present = result(&nodes[0], "presence", r#"{"channel":"room"}"#);
    assert_eq!(present["presence"].as_object().map(serde_json::Map::len), Some(1), "{present}");
    assert_eq!(present["missing"].as_array().map(Vec::len), Some(1), "{present}");
    let told = result(&nodes[0], "disconnect", r#"{"user":"nobody"}"#);
    assert_eq!(told["missing"].as_array().map(Vec::len), Some(1), "{told}");
    let mut said = listener.ask(r#"{"id":3,"rpc":{"method":"x"}}"#).await;
    while said["id"] != 3 {
        let Next::Line(line) = listener.next().await else { panic!("the connection ended") };
        said = line;
    }
    assert_eq!(said["error"]["code"], 108);
    redis.start_again();
    for node in &nodes {
        ready(node, 200);
    }
    result(&nodes[1], "publish", r#"{"channel":"room","data":2}"#);
}

#[actix_web::test]
async fn while_redis_is_away_what_rust_posts_is_a_temporary_error_in_time() {
    let mut redis = Redis::start();
    let node = Server::start(&redis.url());
    node.post("kept", 1, None).await;
    redis.kill();
    // As soon as it is gone, and once the node knows.
    for _ in 0..2 {
        let began = Instant::now();
        let refused = node.messages().post_message("kept", &UserUpdate { id: 2 }).await.expect_err("Redis is away");
        assert!(refused.is_temporary(), "{refused}");
        // `redis.timeout` is 2 s.
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        node.is_cut_off(true).await;
    }
    redis.start_again();
    node.is_cut_off(false).await;
    let mut stream = node.messages().create_stream::<UserUpdate>("kept").await.expect("it stands");
    node.post("kept", 3, None).await;
    assert_eq!(stream.next().await.expect("it is open").expect("an update").id, 3);
}

/// How a publish into a channel with history is refused, whose outcome may be unknown.
fn refused(node: &Broker) -> String {
    let answer = node.api("publish", r#"{"channel":"news","data":1}"#);
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["error"]["code"], 100, "{answer}");
    answer["error"]["message"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn a_publish_that_redis_did_not_answer_says_that_its_outcome_is_unknown() {
    let redis = Redis::start();
    let node = nodes(&redis.url(), 1).remove(0);
    // Where the watchdog left just before it, it was never sent, and says so.
    for attempt in 1.. {
        redis.signal(Signal::STOP);
        let told = refused(&node);
        redis.signal(Signal::CONT);
        if told.contains("the outcome is unknown") {
            break;
        }
        assert!(told.contains("nothing was done") && attempt < 20, "{told}");
        ready(&node, 200);
    }
}

#[tokio::test]
async fn a_publish_that_redis_refuses_says_why_and_that_is_logged_once() {
    let redis = Redis::start();
    let node = nodes(&redis.url(), 1).remove(0);
    assert!(redis.say("CONFIG SET maxmemory 1").starts_with("+OK"));
    for _ in 0..2 {
        let told = refused(&node);
        assert!(told.ends_with("Redis rejected the command (OOM)"), "{told}");
    }
    node.until(|node| node.log().matches("Redis rejected a command: OOM").count(), |count| *count > 0);
    assert_eq!(node.log().matches("Redis rejected a command: OOM").count(), 1, "{}", node.log());
    assert!(redis.say("CONFIG SET maxmemory 0").starts_with("+OK"));
    result(&node, "publish", r#"{"channel":"news","data":2}"#);
}

#[tokio::test]
async fn one_line_is_logged_for_each_change_of_state() {
    let mut redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    redis.kill();
    nodes[0].until(|node| node.log().matches("lost Redis").count(), |count| *count > 0);
    // Several attempts later.
    tokio::time::sleep(Duration::from_secs(2)).await;
    redis.start_again();
    nodes[0].until(|node| node.log().matches("events get through Redis").count(), |count| *count == 2);
    assert_eq!(lines_on_redis(&nodes[0]), 3, "{}", nodes[0].log());
}

/// How many lines a node has logged on how Redis is.
fn lines_on_redis(node: &Broker) -> usize {
    let log = node.log();
    // Whoever asked just then may say for itself that the answer was lost.
    log.lines()
        .filter(|line| line.contains("engine::redis"))
        .filter(|line| ["get through", "lost", "cannot be used", "connected"].iter().any(|word| line.contains(word)))
        .count()
}

#[tokio::test]
async fn a_redis_that_takes_connections_and_delivers_nothing_is_told_once() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    let before = lines_on_redis(&nodes[0]);
    assert!(redis.say("CLIENT PAUSE 60000 WRITE").starts_with("+OK"));
    let connections = || {
        let told = redis.say("INFO stats");
        let count = told.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        count.and_then(|count| count.trim().parse::<u64>().ok()).expect("a count")
    };
    ready(&nodes[0], 503);
    // Looking makes one connection each time, and an attempt two: two more attempts at least.
    let began = connections();
    for look in 1.. {
        assert!(look < 3_000, "it does not try again");
        if connections() >= began + look + 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    redis.say("CLIENT UNPAUSE");
    ready(&nodes[0], 200);
    assert_eq!(lines_on_redis(&nodes[0]), before + 2, "{}", nodes[0].log());
}

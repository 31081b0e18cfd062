//! Redis is away, or has forgotten.
use super::nodes::{connect, is_closed, is_let_in, pair, result, start, token};
use crate::harness::redis::Redis;
use serde_json::Value;

#[tokio::test]
async fn without_redis_it_is_an_error_that_names_who_was_not_reached_and_all_is_made_good_later() {
    let mut redis = Redis::start_durable();
    let nodes = pair(&redis);
    let other = {
        let info = result(&nodes[0], "info", "{}");
        // Its own comes first.
        info["nodes"][1]["uid"].as_str().expect("an id").to_owned()
    };
    let (here, there) = (connect(&nodes[0], &token("mia", -60)).await, connect(&nodes[1], &token("mia", -60)).await);
    redis.kill();
    let answer: Value = serde_json::from_str(&nodes[0].api("revoke", r#"{"user":"mia"}"#)).expect("JSON");
    let message = answer["error"]["message"].as_str().expect("an error");
    assert!(answer["error"]["code"] == 100 && message.ends_with(&format!("missing: {other}")), "{answer}");
    assert!(is_closed(here).await, "it is in force here");
    assert!(!is_let_in(nodes[0].address(), &token("mia", -60)).await);

    redis.start_again();
    assert!(is_closed(there).await);
    assert!(!is_let_in(nodes[1].address(), &token("mia", -60)).await);
    assert!(!is_let_in(start(&redis).address(), &token("mia", -60)).await);
}

#[tokio::test]
async fn a_redis_that_has_lost_all_is_told_again_by_the_nodes() {
    let mut redis = Redis::start();
    let node = start(&redis);
    result(&node, "revoke", r#"{"user":"mia"}"#);
    redis.kill();
    redis.start_again();
    node.until(|_| redis.say("EXISTS callboard:{revocations}m"), |there| there.starts_with(":1"));
    node.until(|_| redis.say("ZCARD callboard:{revocations}o"), |count| count.starts_with(":1"));
    assert!(!is_let_in(start(&redis).address(), &token("mia", -60)).await);
}

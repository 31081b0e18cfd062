//! Redis does what it was asked, and its answer is lost.
use super::house::{config, ready, result};
use crate::harness::Broker;
use crate::harness::cable::Cable;
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use serde_json::Value;

#[tokio::test]
async fn a_publish_whose_answer_died_with_redis_is_unknown_and_its_retry_no_second_event() {
    let mut redis = Redis::start_durable();
    let cable = Cable::to(redis.port());
    let node = Broker::start(&config(&cable.url()));
    let publish = || -> Value {
        let answer = node.api("publish", r#"{"channel":"news","data":"once","idempotency_key":"the only one"}"#);
        serde_json::from_str(&answer).expect("JSON")
    };
    cable.swallow_answers_from("the only one");
    let told = std::thread::scope(|scope| {
        let told = scope.spawn(publish);
        node.until(|_| redis.say("LLEN callboard:{u:news}e"), |length| length == ":1\r\n");
        redis.kill();
        told.join().expect("an answer")
    });
    assert_eq!(told["error"]["code"], 100, "{told}");
    assert!(told["error"]["message"].as_str().is_some_and(|text| text.contains("the outcome is unknown")), "{told}");

    cable.mend();
    redis.start_again();
    ready(&node, 200);
    let mut listener = Socket::connect(node.address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    let again = publish();
    assert_eq!(again["result"]["offset"], 1, "{again}");
    let page = result(&node, "history", r#"{"channel":"news","limit":10}"#);
    assert_eq!(page["publications"].as_array().map(Vec::len), Some(1), "{page}");
    let next = result(&node, "publish", r#"{"channel":"news","data":"next","idempotency_key":"another"}"#);
    assert_eq!(next["offset"], 2);
    let heard = listener.until(|line| !line["push"]["pub"].is_null()).await;
    assert_eq!(heard["push"]["pub"]["data"], "next", "the first was published before it came");
}

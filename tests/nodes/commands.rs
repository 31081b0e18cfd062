//! What Redis is asked to do.
use super::house::{nodes, result};
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use serde_json::json;

/// How many events are published each way.
const MANY: usize = 10;

#[tokio::test]
async fn a_publish_without_history_runs_no_script_and_one_with_history_runs_one() {
    let redis = Redis::start();
    let node = nodes(&redis.url(), 1).remove(0);
    // Where there is a history, who is there and who comes is told of, too, without the key of the events.
    for (channel, name, command) in
        [("live:quiet", "{u:live:quiet}", r#""PUBLISH""#), ("loud", "{u:loud}e", r#""EVALSHA""#)]
    {
        let (mut publisher, mut listener) =
            (Socket::connect(node.address(), 0).await, Socket::connect(node.address(), 0).await);
        let publish = json!({ "channel": channel, "data": 1 });
        // With a listener, and before without.
        for round in 0..2 {
            let mut monitor = redis.monitor();
            for _ in 0..MANY {
                result(&node, "publish", &publish.to_string());
                let reply = publisher.ask(&json!({ "id": 2, "publish": publish }).to_string()).await;
                assert_eq!(reply, json!({ "id": 2, "publish": {} }));
            }
            let commands = monitor.commands_with(name);
            assert_eq!(commands.len(), 2 * MANY, "{commands:#?}");
            assert!(commands.iter().all(|line| line.contains(command)), "{commands:#?}");
            if round == 0 {
                let reply = listener.ask(&json!({ "id": 2, "subscribe": { "channel": channel } }).to_string()).await;
                assert!(reply["error"].is_null(), "{reply}");
            }
        }
    }
}

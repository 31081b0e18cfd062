//! One node's way to Redis is cut, and the others' are not.
use super::house::{config, ready, result};
use super::messages::{Server, UserUpdate};
use crate::harness::Broker;
use crate::harness::cable::Cable;
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use callboard::broker::messages::{Loss, Scope, StreamError};
use std::time::Duration;

/// A node behind a cable, another one, and what is between.
fn two() -> (Redis, Cable, Broker, Broker) {
    let redis = Redis::start();
    let cable = Cable::to(redis.port());
    let (here, there) = (Broker::start(&config(&cable.url())), Broker::start(&config(&redis.url())));
    (redis, cable, here, there)
}

/// Subscribes to a channel, which may take as long as Redis may: whether it was granted.
async fn subscribe(client: &mut Socket, channel: &str) -> bool {
    client.send(&format!(r#"{{"id":2,"subscribe":{{"channel":"{channel}"}}}}"#)).await;
    let reply = client.until(|line| line["id"] == 2).await;
    assert!(reply["error"].is_null() || reply["error"]["code"] == 100, "{reply}");
    reply["error"].is_null()
}

#[tokio::test]
async fn a_subscribe_to_what_a_cut_off_node_follows_already_is_not_answered_before_it_stands() {
    let (_redis, cable, here, there) = two();
    let mut first = Socket::connect(here.address(), 0).await;
    for channel in ["live:news", "news"] {
        assert!(subscribe(&mut first, channel).await);
    }
    cable.cut();
    ready(&here, 503);
    for channel in ["live:news", "news"] {
        let mut second = Socket::connect(here.address(), 0).await;
        assert!(!subscribe(&mut second, channel).await, "what is published elsewhere does not come here");
    }
    cable.mend();
    for channel in ["live:news", "news"] {
        let mut third = Socket::connect(here.address(), 0).await;
        while !subscribe(&mut third, channel).await {}
        result(&there, "publish", &format!(r#"{{"channel":"{channel}","data":"heard"}}"#));
        let brought = third.until(|line| !line["push"]["pub"].is_null()).await;
        assert_eq!(brought["push"]["pub"]["data"], "heard");
    }
}

#[actix_web::test]
async fn a_stream_without_history_is_told_that_redis_was_away_before_what_comes_next() {
    let mut redis = Redis::start();
    let node = Server::start(&redis.url());
    let mut stream = node.messages().create_stream::<UserUpdate>("live:updates").await.expect("it stands");
    node.post("live:updates", 1, Some(Scope::Global)).await;
    assert_eq!(stream.next().await.expect("it is open").expect("an update").id, 1);
    redis.kill();
    node.is_cut_off(true).await;
    redis.start_again();
    node.is_cut_off(false).await;
    node.post("live:updates", 2, Some(Scope::Global)).await;
    let lagged = stream.next().await.expect("it is open").expect_err("the gap comes first");
    assert!(matches!(lagged, StreamError::Lagged(Loss::UNKNOWN)), "{lagged}");
    assert_eq!(stream.next().await.expect("it is open").expect("an update").id, 2);
}

#[actix_web::test]
async fn a_listener_that_is_added_on_a_cut_off_node_stands_or_is_an_error() {
    let redis = Redis::start();
    let cable = Cable::to(redis.port());
    let (here, there) = (Server::start(&cable.url()), Server::start(&redis.url()));
    for channel in ["live:updates", "kept"] {
        here.listen(channel).await;
    }
    cable.cut();
    here.is_cut_off(true).await;
    for channel in ["live:updates", "kept"] {
        let refused = here.messages().create_stream::<UserUpdate>(channel).await.err().expect("it cannot stand");
        assert!(refused.is_temporary(), "{refused}");
    }
    cable.mend();
    let mut id = 0;
    for channel in ["live:updates", "kept"] {
        let mut stream = loop {
            match here.messages().create_stream::<UserUpdate>(channel).await {
                Ok(stream) => break stream,
                Err(error) => assert!(error.is_temporary(), "{error}"),
            }
        };
        id += 1;
        there.post(channel, id, Some(Scope::Global)).await;
        // That the others may have lost something may be told to it, too.
        let next = loop {
            let next = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("it is heard");
            match next.expect("the session is open") {
                Ok(update) => break update,
                Err(error) => assert!(matches!(error, StreamError::Lagged(_)), "{error}"),
            }
        };
        assert_eq!(next.id, id);
    }
    // Who listened before goes on, and has missed nothing that it is not told of.
    here.hears(&[1, 2]).await;
}

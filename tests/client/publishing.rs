//! What is sent, and in which order.
use super::peer::Peer;
use super::{brisk, catalog, connecting, everyone, manager, soon};
use callboard::client::{ClientOptions, Error, EventParams};
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::HashMap;

#[tokio::test]
async fn a_publish_says_who_and_what_it_is_for() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let refs = vec!["user:default/john.doe".to_owned(), "group:default/admins".to_owned()];
    let params = EventParams { topic: Some("topic".into()), entity_refs: Some(refs.clone()) };
    client.publish(json!({"data": "data"}), params).unwrap();
    // For nobody, so it is not sent, and never for everyone.
    client.publish("secret", EventParams { entity_refs: Some(vec![]), ..everyone() }).unwrap();
    client.publish(None::<u32>, everyone()).unwrap();
    let mut link = peer.accept_catalog().await;
    let wanted = json!({"command": "publish", "pluginId": "catalog", "topic": "topic", "targetEntityRefs": refs,
                        "data": {"data": "data"}});
    assert_eq!(link.next().await, wanted);
    assert_eq!(link.next().await, json!({"command": "publish", "pluginId": "catalog", "data": null}));
}

#[tokio::test]
async fn what_was_published_before_the_connection_is_sent_in_order_and_then_the_rest() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    (0..500).for_each(|number| client.publish(number, everyone()).unwrap());
    assert_eq!(client.counts().kept, 500);
    client.connect().await.unwrap();
    (500..1000).for_each(|number| client.publish(number, everyone()).unwrap());
    let mut link = peer.accept_catalog().await;
    for number in 0..1000 {
        assert_eq!(link.next().await["data"], number);
    }
    soon(client.flush()).await.unwrap();
    assert_eq!((client.counts().kept, client.counts().dropped), (0, 0));
}

#[tokio::test]
async fn the_oldest_of_too_many_are_dropped_and_counted() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    (0..1_003).for_each(|number| client.publish(number, everyone()).unwrap());
    assert_eq!((client.counts().kept, client.counts().dropped), (1_000, 3));
    client.connect().await.unwrap();
    assert_eq!(peer.accept_catalog().await.next().await["data"], 3);
}

#[tokio::test]
async fn what_is_kept_is_bounded_in_bytes_too() {
    let peer = Peer::new().await;
    let options = ClientOptions { kept_bytes: 10_000, max_publish: 5_000, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    (0..5).for_each(|_| client.publish("x".repeat(3_000), everyone()).unwrap());
    assert_eq!((client.counts().kept, client.counts().dropped), (3, 2));
}

#[tokio::test]
async fn a_publish_that_the_broker_would_not_take_is_refused_with_what_to_do() {
    let peer = Peer::new().await;
    // As much as one publish takes is kept, whatever the bound.
    let options = ClientOptions { kept_bytes: 0, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    let frame = r#"{"command":"publish","pluginId":"catalog","data":""}"#;
    client.publish("x".repeat(65_536 - frame.len()), everyone()).unwrap();
    let error = client.publish("x".repeat(65_537 - frame.len()), everyone()).unwrap_err();
    assert!(matches!(error, Error::TooLarge { bytes: 65_537, most: 65_536 }), "{error:?}");
    let wanted = "the publish has 65537 bytes on the wire, more than the limit of 65536; send less data, or a reference to \
                  it, or raise `ClientOptions::max_publish` and, on the broker's side, `limits.frame`";
    assert_eq!(error.to_string(), wanted);
    assert_eq!((client.counts().kept, client.counts().dropped), (1, 0));
}

#[tokio::test]
async fn what_cannot_be_published_is_an_error_that_says_why() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    let error = client.publish(HashMap::from([((1, 2), 3)]), everyone()).unwrap_err();
    assert_eq!(error.to_string(), "the data cannot be written as JSON: key must be a string");
    let error = client.publish(1, EventParams { topic: Some(String::new()), ..everyone() }).unwrap_err();
    assert_eq!(error.to_string(), "the topic is empty; pass None for all topics");
    assert!(matches!(client.flush().await, Ok(())), "nothing is kept");
}

#[tokio::test]
async fn what_the_broker_refuses_is_counted_and_the_connection_stays() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut link = peer.accept_catalog().await;
    let refusal = json!({"command": "error", "refused": "publish", "code": 103, "message": "permission denied"});
    link.send(refusal).await;
    link.send(json!({"command": "error"})).await;
    while client.counts().refused < 2 {
        tokio::task::yield_now().await;
    }
    client.publish("next", everyone()).unwrap();
    assert_eq!(link.next().await["data"], Value::from("next"));
}

#[tokio::test]
async fn flush_waits_for_the_socket_and_not_for_a_client_that_stays_away() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    client.publish("first", everyone()).unwrap();
    assert!(matches!(client.flush().await, Err(Error::Away)));
    client.connect().await.unwrap();
    let flushed = tokio::spawn({
        let client = client.clone();
        async move { client.flush().await }
    });
    peer.refuse("503 Service Unavailable").await;
    assert!(!flushed.is_finished());
    let mut link = peer.accept_catalog().await;
    soon(flushed).await.unwrap().unwrap();
    // All is in the socket: the client's end takes nothing back.
    drop(client);
    assert_eq!(link.next().await["data"], "first");
    assert_eq!(link.closed().await, 1000);
}

#[tokio::test]
async fn what_is_published_before_the_last_copy_is_dropped_is_sent() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    (0..300).for_each(|number| client.publish(number, everyone()).unwrap());
    drop(client);
    // The connection was not there yet.
    let mut link = peer.accept_catalog().await;
    for number in 0..300 {
        assert_eq!(link.next().await["data"], number);
    }
    assert_eq!(link.closed().await, 1000);
}

#[tokio::test]
async fn a_flush_that_disconnect_overtakes_fails() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    client.publish("kept", everyone()).unwrap();
    let flushed = client.flush();
    tokio::pin!(flushed);
    assert!(flushed.as_mut().now_or_never().is_none());
    soon(client.disconnect()).await;
    client.connect().await.unwrap();
    assert!(matches!(soon(flushed).await, Err(Error::Lost(1))));
}

#[tokio::test]
async fn no_publish_is_left_behind_by_a_race_with_the_one_before_it() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut link = peer.accept_catalog().await;
    for round in 0..5_000_u32 {
        client.publish(round, everyone()).unwrap();
        // The second comes when the first is at another point of its way each time.
        (0..round % 500 * 40).for_each(|_| std::hint::spin_loop());
        client.publish(round, everyone()).unwrap();
        for _ in 0..2 {
            assert_eq!(link.next().await["data"], round);
        }
    }
}

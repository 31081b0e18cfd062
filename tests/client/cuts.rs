//! Connections that end where they should not, and those that should.
use super::peer::Peer;
use super::{Heard, brisk, catalog, connecting, everyone, manager, soon};
use callboard::client::{ClientOptions, Error, EventsClient, EventsClientManager};
use serde_json::json;
use std::future::ready;
use std::time::Duration;

/// Up to where a connection gets before it is cut.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Accepted,
    Upgraded,
    Registered,
    SubscribedOnce,
    SubscribedTwice,
    Published,
}

const CUTS: [Cut; 6] =
    [Cut::Accepted, Cut::Upgraded, Cut::Registered, Cut::SubscribedOnce, Cut::SubscribedTwice, Cut::Published];

async fn cut(peer: &Peer, at: Cut) {
    if let Cut::Accepted = at {
        return drop(peer.tcp().await);
    }
    let mut link = peer.accept().await;
    for _ in 1..at as usize {
        link.next().await;
    }
}

#[tokio::test]
async fn subscriptions_come_back_wherever_the_connection_is_cut() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    let mut heard = Heard::new();
    client.subscribe("a", heard.callback("all"), None).unwrap();
    client.subscribe("a", heard.callback("topic"), "t").unwrap();
    client.connect().await.unwrap();
    for at in CUTS {
        client.publish(format!("{at:?}"), everyone()).unwrap();
        cut(&peer, at).await;
        let mut link = peer.accept_catalog().await;
        assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "a"}), "after {at:?}");
        assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "a", "topic": "t"}), "after {at:?}");
        link.publish("a", Some("t"), json!(format!("{at:?}"))).await;
        assert_eq!(heard.next().await, ("all", format!("{at:?}")));
        assert_eq!(heard.next().await, ("topic", format!("{at:?}")));
        // Nothing is to be sent on this connection any more, and what is published next is kept.
        soon(client.flush()).await.unwrap();
        drop(link);
        while client.is_connected() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_publish_waits_until_a_connection_has_taken_it() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    client.publish("kept", everyone()).unwrap();
    for at in [Cut::Accepted, Cut::Accepted] {
        cut(&peer, at).await;
    }
    peer.refuse("502 Bad Gateway").await;
    assert_eq!(peer.accept_catalog().await.next().await["data"], "kept");
}

#[tokio::test]
async fn what_was_kept_when_the_publishes_were_cut_goes_on_in_order_and_nothing_is_doubled() {
    const COUNT: usize = 300;
    let peer = Peer::new().await;
    let options = ClientOptions { max_publish: 110_000, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    // Together more than a socket buffers, so that the cut leaves some behind.
    let padding = "x".repeat(100_000);
    for number in 0..COUNT {
        client.publish(json!({"number": number, "padding": padding}), everyone()).unwrap();
    }
    client.connect().await.unwrap();
    let mut numbers = vec![];
    let mut link = peer.accept_catalog().await;
    for _ in 0..10 {
        numbers.push(link.next().await["data"]["number"].as_u64().unwrap());
    }
    drop(link);
    let mut link = peer.accept_catalog().await;
    while numbers.last() != Some(&(COUNT as u64 - 1)) {
        numbers.push(link.next().await["data"]["number"].as_u64().unwrap());
    }
    assert_eq!(numbers[..10], (0..10).collect::<Vec<_>>());
    let lost = numbers[10] - 10;
    assert_eq!(numbers[10..], (10 + lost..COUNT as u64).collect::<Vec<_>>(), "one gap, of what the socket had taken");
    assert!(numbers.len() > 11, "the socket took all: the test shows nothing");
    assert_eq!((client.counts().dropped, client.counts().lost), (0, 0));
}

#[tokio::test]
async fn what_is_published_to_a_peer_that_does_not_read_is_kept_and_then_the_oldest_are_dropped() {
    let peer = Peer::new().await;
    let options = ClientOptions { kept_publishes: 10, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    let mut link = peer.accept_catalog().await;
    let padding = "x".repeat(60_000);
    // More than any socket buffers.
    let mut number = 0;
    while client.counts().dropped == 0 {
        assert!(number < 10_000, "{:?}", client.counts());
        client.publish(json!({"number": number, "padding": padding}), everyone()).unwrap();
        number += 1;
        tokio::task::yield_now().await;
    }
    assert!(client.is_connected());
    let dropped = client.counts().dropped;
    let mut numbers = vec![];
    while numbers.last() != Some(&(number - 1)) {
        numbers.push(link.next().await["data"]["number"].as_u64().unwrap());
    }
    assert!(numbers.is_sorted(), "{numbers:?}");
    assert_eq!(numbers.len() as u64 + dropped, number);
}

#[tokio::test]
async fn a_message_over_the_bound_ends_the_connection_and_the_client_comes_back() {
    let peer = Peer::new().await;
    let options = ClientOptions { max_message: 1_000, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    let mut heard = Heard::new();
    client.subscribe("a", heard.callback("a"), None).unwrap();
    client.connect().await.unwrap();
    let mut link = peer.accept_catalog().await;
    link.next().await;
    link.publish("a", None, json!("x".repeat(900))).await;
    assert_eq!(heard.next().await, ("a", "x".repeat(900)));
    link.publish("a", None, json!("x".repeat(1_000))).await;
    let mut link = peer.accept_catalog().await;
    link.next().await;
    link.publish("a", None, json!("next")).await;
    assert_eq!(heard.next().await, ("a", "next".to_owned()));
}

#[tokio::test]
async fn a_peer_that_accepts_and_says_nothing_is_given_up() {
    let peer = Peer::new().await;
    let options = ClientOptions { patience: Duration::from_millis(50), ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    // Held open, so that nothing but its silence ends it.
    let _silent = [peer.tcp().await, peer.tcp().await];
    let _link = peer.accept_catalog().await;
    soon(client.connected()).await.unwrap();
}

#[tokio::test]
async fn a_client_comes_back_after_every_close_but_1000() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    for code in [1001, 1002, 1008, 1009, 1011, 1012, 1013, 3000, 4401, 4999] {
        peer.accept_catalog().await.close(code).await;
    }
    peer.accept_catalog().await.close(1000).await;
    assert!(matches!(soon(until_away(&client)).await, Error::Away));
    assert!(peer.is_left_alone().await, "it stays away");
    client.publish("meanwhile", everyone()).unwrap();
    assert!(matches!(client.flush().await, Err(Error::Away)));

    client.connect().await.unwrap();
    let mut link = peer.accept_catalog().await;
    assert_eq!(link.next().await["data"], "meanwhile");
    drop(link);
    peer.accept_catalog().await;
}

/// Waits until the client has read the close.
async fn until_away(client: &EventsClient) -> Error {
    loop {
        match client.connected().await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => return error,
        }
    }
}

#[tokio::test]
async fn a_client_finds_a_broker_that_is_started_after_it() {
    let address = crate::harness::free_address();
    let config = json!({"backend": {"events": {"enabled": true, "endpoint": format!("ws://{address}")}}});
    let (attempt, mut attempts) = tokio::sync::mpsc::unbounded_channel();
    let source = move || ready(attempt.send(()).map(|()| "a token"));
    let manager = EventsClientManager::from_config(&config, source).unwrap();
    let client = manager.with_options(brisk()).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    client.publish("early", everyone()).unwrap();
    for _ in 0..3 {
        soon(attempts.recv()).await.expect("an attempt that meets a closed port");
    }
    let peer = Peer::at(address).await;
    assert_eq!(peer.accept_catalog().await.next().await["data"], "early");
}

//! Connections that end where they should not, and those that should.
use super::peer::Peer;
use super::{Heard, brisk, catalog, connecting, everyone, soon};
use callboard::client::{Error, EventsClient, EventsClientManager};
use serde_json::json;
use std::future::ready;

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
    let client = catalog(&peer);
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
    assert_eq!(client.counts().dropped, 0);
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
    assert!(!peer.is_called(), "it stays away");
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

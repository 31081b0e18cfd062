//! The client of a frontend: there while it has subscriptions.
use super::peer::Peer;
use super::{Heard, manager, soon};
use callboard::client::Error;
use serde_json::json;

#[tokio::test]
async fn a_frontend_connects_with_its_first_subscription_leaves_with_its_last_and_returns_with_the_next() {
    let peer = Peer::new().await;
    let client = manager(&peer).frontend();
    let mut heard = Heard::<u32>::new();
    client.connect().await.unwrap();
    assert!(matches!(client.connected().await, Err(Error::Away)), "it has no subscription");
    for round in 0..3 {
        client.subscribe("catalog", heard.callback("all"), None).unwrap();
        client.subscribe("catalog", heard.callback("topic"), "t").unwrap();
        let mut link = peer.accept().await;
        assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "catalog"}), "and no register");
        assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "catalog", "topic": "t"}));
        link.publish("catalog", None, json!(round)).await;
        assert_eq!(heard.next().await, ("all", round));
        client.unsubscribe("catalog", None).unwrap();
        assert_eq!(link.next().await, json!({"command": "unsubscribe", "pluginId": "catalog"}));
        client.unsubscribe("catalog", "t").unwrap();
        assert_eq!(link.next().await, json!({"command": "unsubscribe", "pluginId": "catalog", "topic": "t"}));
        assert_eq!(link.closed().await, 1000);
        assert!(peer.is_left_alone().await);
    }
}

#[tokio::test]
async fn a_frontend_comes_back_with_its_subscriptions_after_a_cut() {
    let peer = Peer::new().await;
    let client = manager(&peer).frontend();
    client.subscribe("catalog", |_: u32| {}, None).unwrap();
    for _ in 0..3 {
        assert_eq!(peer.accept().await.next().await, json!({"command": "subscribe", "pluginId": "catalog"}));
    }
    soon(client.disconnect()).await;
}

#[tokio::test]
async fn a_frontend_whose_access_was_revoked_stays_away_until_connect() {
    let peer = Peer::new().await;
    let client = manager(&peer).frontend();
    client.subscribe("catalog", |_: u32| {}, None).unwrap();
    let mut link = peer.accept().await;
    link.next().await;
    link.close(1000).await;
    while client.is_connected() {
        tokio::task::yield_now().await;
    }
    client.unsubscribe("catalog", None).unwrap();
    client.subscribe("scaffolder", |_: u32| {}, None).unwrap();
    assert!(matches!(soon(client.connected()).await, Err(Error::Away)), "not even with another subscription");
    assert!(peer.is_left_alone().await);
    client.connect().await.unwrap();
    assert_eq!(peer.accept().await.next().await, json!({"command": "subscribe", "pluginId": "scaffolder"}));
}

//! What a backend publishes right before its connection ends.
use super::house::{Client, House, both, listener, plan};
use super::tokens::service;
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

/// Says all that a backend has to say at once, and leaves.
async fn publish_and_leave(mut backend: Client, number: u32) {
    let said = [
        json!({"command": "register", "pluginId": "catalog"}),
        json!({"command": "subscribe", "pluginId": "scaffolder"}),
        json!({"command": "publish", "pluginId": "catalog", "data": number}),
    ];
    for what in said {
        backend.0.feed(Message::text(what.to_string())).await.expect("it is open");
    }
    backend.0.close(None).await.expect("it is open");
    // A socket that goes with something unread, a ping for one, takes what it has sent with it.
    backend.closes().await;
}

#[tokio::test]
async fn what_is_published_behind_a_command_that_waits_arrives_though_its_connection_ends() {
    both(plan, async |house: House| {
        let mut hears = listener(&house, &service("scaffolder")).await;
        hears.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        hears.settled().await;
        for number in 0..30 {
            publish_and_leave(listener(&house, &service("catalog")).await, number).await;
            assert_eq!(hears.hears().await["data"], number);
        }
    })
    .await;
}

//! When a client is connected, and as what.
use super::peer::Peer;
use super::{catalog, connecting, everyone, manager, soon};
use callboard::client::{
    ClientOptions, Error, EventsClient, EventsClientManager, FrontendEventsClient, NoToken, PluginEventsManager,
};
use futures_util::FutureExt;
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_backend_connects_when_it_is_told_to_and_registers_first() {
    let peer = Peer::new().await;
    let client = catalog(&peer);
    client.publish(1, everyone()).unwrap();
    client.subscribe("scaffolder", |_: u32| {}, None).unwrap();
    assert!(matches!(client.connected().await, Err(Error::Away)), "nobody told it to");
    client.connect().await.unwrap();
    let mut link = peer.accept().await;
    assert_eq!((link.path.as_str(), link.authorization.as_deref()), ("/events", Some("Bearer a token")));
    assert_eq!(link.next().await, json!({"command": "register", "pluginId": "catalog"}));
    assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "scaffolder"}));
    assert_eq!(link.next().await, json!({"command": "publish", "pluginId": "catalog", "data": 1}));
    soon(client.connected()).await.unwrap();
    assert!(client.is_connected());
}

#[tokio::test]
async fn a_client_that_is_connected_already_stays_as_it_is() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut link = peer.accept_catalog().await;
    client.connect().await.unwrap();
    client.clone().connect().await.unwrap();
    client.publish("still here", everyone()).unwrap();
    assert_eq!(link.next().await["data"], "still here");
    assert!(peer.is_left_alone().await);
}

#[tokio::test]
async fn each_client_of_a_plugin_has_its_own_connection() {
    let peer = Peer::new().await;
    let plugin = manager(&peer).for_plugin("catalog");
    let clients = [plugin.get_client(), plugin.get_client()];
    for (number, client) in clients.iter().enumerate() {
        client.connect().await.unwrap();
        client.publish(number, everyone()).unwrap();
        assert_eq!(peer.accept_catalog().await.next().await["data"], number);
    }
}

#[test]
fn a_client_needs_no_runtime_of_the_program() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let peer = runtime.block_on(Peer::new());
    let client = catalog(&peer);
    client.connect().now_or_never().expect("it waits for nothing").unwrap();
    client.publish("from a plain thread", everyone()).unwrap();
    let data = runtime.block_on(async { peer.accept_catalog().await.next().await["data"].take() });
    assert_eq!(data, "from a plain thread");
}

#[tokio::test]
async fn disconnect_takes_all_back_and_connect_begins_anew() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut link = peer.accept_catalog().await;
    client.subscribe("a", |_: u32| {}, None).unwrap();
    client.subscribe("a", |_: u32| {}, "t").unwrap();
    for _ in 0..2 {
        assert_eq!(link.next().await["command"], "subscribe");
    }
    let leaving = tokio::spawn({
        let client = client.clone();
        async move { client.disconnect().await }
    });
    assert_eq!(link.next().await, json!({"command": "unsubscribe", "pluginId": "a"}));
    assert_eq!(link.next().await, json!({"command": "unsubscribe", "pluginId": "a", "topic": "t"}));
    assert_eq!(link.closed().await, 1000);
    // The answer to the close goes out when the end is read.
    assert!(link.rest().await.is_empty());
    soon(leaving).await.unwrap();
    assert!(!client.is_connected() && peer.is_left_alone().await);

    client.publish("before", everyone()).unwrap();
    soon(client.disconnect()).await;
    client.publish("after", everyone()).unwrap();
    client.connect().await.unwrap();
    assert_eq!(peer.accept_catalog().await.next().await["data"], "after", "and no subscription");
}

#[tokio::test]
async fn a_connect_right_after_a_disconnect_is_another_connection() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut link = peer.accept_catalog().await;
    // The first poll does all but wait.
    assert!(client.disconnect().now_or_never().is_none());
    client.connect().await.unwrap();
    assert_eq!(link.closed().await, 1000);
    drop(link);
    peer.accept_catalog().await;
}

#[tokio::test]
async fn disconnect_gives_up_an_attempt_to_connect() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut stream = peer.tcp().await;
    soon(client.disconnect()).await;
    // The head of the request, and then the end: the peer never answered.
    soon(stream.read_to_end(&mut vec![])).await.unwrap();
    assert!(peer.is_left_alone().await);
}

#[tokio::test]
async fn disconnect_gives_up_a_pause() {
    let peer = Peer::new().await;
    let hours = Duration::from_secs(3600);
    let options = ClientOptions { backoff_first: 20 * hours, backoff_most: 20 * hours, ..ClientOptions::default() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    peer.refuse("503 Service Unavailable").await;
    soon(client.disconnect()).await;
    client.connect().await.unwrap();
    peer.accept_catalog().await;
}

#[tokio::test]
async fn the_last_copy_that_is_dropped_ends_the_connection() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let copy = client.clone();
    let mut link = peer.accept_catalog().await;
    drop(client);
    copy.publish("the copy is here", everyone()).unwrap();
    assert_eq!(link.next().await["data"], "the copy is here");
    drop(copy);
    assert_eq!(link.closed().await, 1000);
}

#[tokio::test]
async fn an_address_of_https_is_called_with_tls() {
    let peer = Peer::new().await;
    let config = json!({"backend": {"baseUrl": format!("https://{}", peer.address()), "events": true}});
    let manager = EventsClientManager::from_config(&config, NoToken).unwrap().with_options(super::brisk());
    let client = manager.for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    for _ in 0..2 {
        let mut stream = peer.tcp().await;
        assert_eq!(soon(stream.read_u8()).await.unwrap(), 0x16, "a handshake of TLS (RFC 8446, section 5.1)");
    }
}

#[tokio::test]
async fn a_plugin_without_an_id_is_told_so() {
    let peer = Peer::new().await;
    let client = manager(&peer).for_plugin("").get_client();
    let error = client.connect().await.unwrap_err();
    assert_eq!(error.to_string(), "the plugin id is empty; pass the plugin's id");
}

#[test]
fn what_a_program_holds_may_be_copied_and_shared_by_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<EventsClientManager>();
    shared::<PluginEventsManager>();
    shared::<EventsClient>();
    shared::<FrontendEventsClient>();
}

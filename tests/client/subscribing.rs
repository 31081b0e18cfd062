//! Who is called for which event.
use super::peer::Peer;
use super::{Heard, brisk, catalog, connecting, everyone, manager, soon};
use callboard::client::{ClientOptions, Error, EventsClient};
use serde_json::{Value, json};

#[tokio::test]
async fn an_event_is_for_who_subscribed_to_all_topics_of_its_plugin_or_to_its_own() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut heard = Heard::<Value>::new();
    client.subscribe("a", heard.callback("a"), None).unwrap();
    client.subscribe("a", heard.callback("a:t"), "t").unwrap();
    client.subscribe("a", heard.callback("a:u"), "u").unwrap();
    client.subscribe("b", heard.callback("b:t"), Some("t")).unwrap();
    let mut link = peer.accept_catalog().await;
    for (plugin, topic, data) in
        [("a", Some("t"), 1), ("a", None, 2), ("a", Some("v"), 3), ("b", None, 4), ("b", Some("t"), 5)]
    {
        link.publish(plugin, topic, json!(data)).await;
    }
    for (name, data) in [("a", 1), ("a:t", 1), ("a", 2), ("a", 3), ("b:t", 5)] {
        assert_eq!(heard.next().await, (name, json!(data)));
    }
}

#[tokio::test]
async fn a_second_subscribe_adds_a_callback_and_an_unsubscribe_removes_the_key_with_all_of_them() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut heard = Heard::<u32>::new();
    client.subscribe("a", heard.callback("first"), None).unwrap();
    client.subscribe("a", heard.callback("second"), None).unwrap();
    client.subscribe("a", heard.callback("topic"), "t").unwrap();
    let mut link = peer.accept_catalog().await;
    assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "a"}));
    assert_eq!(link.next().await, json!({"command": "subscribe", "pluginId": "a", "topic": "t"}));
    link.publish("a", Some("t"), json!(1)).await;
    for name in ["first", "second", "topic"] {
        assert_eq!(heard.next().await, (name, 1));
    }
    client.unsubscribe("a", None).unwrap();
    assert_eq!(link.next().await, json!({"command": "unsubscribe", "pluginId": "a"}), "and the topic's key stays");
    client.unsubscribe("a", "nobody subscribed to this").unwrap();
    link.publish("a", Some("t"), json!(2)).await;
    assert_eq!(heard.next().await, ("topic", 2));
    client.publish("last", everyone()).unwrap();
    assert_eq!(link.next().await["data"], "last", "nothing was said of what was not subscribed");
}

#[tokio::test]
async fn a_callback_that_panics_or_wants_another_type_harms_no_other() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut heard = Heard::<Value>::new();
    let mut last = heard.callback("panics after the first");
    client.subscribe("a", |_: Vec<u32>| unreachable!("no list comes"), None).unwrap();
    let panics = move |data: Value| {
        last(data.clone());
        assert_eq!(data, 1, "a panic, which the test wants");
    };
    client.subscribe("a", panics, None).unwrap();
    client.subscribe("a", heard.callback("behind"), None).unwrap();
    let mut link = peer.accept_catalog().await;
    link.publish("a", None, json!(1)).await;
    link.publish("a", None, json!(2)).await;
    link.publish("a", None, json!(3)).await;
    for number in 1..=3 {
        assert_eq!(heard.next().await, ("panics after the first", json!(number)), "it is called again");
        assert_eq!(heard.next().await, ("behind", json!(number)));
    }
    assert_eq!(client.counts().failed_callbacks, 5);
}

#[tokio::test]
async fn a_callback_may_use_its_own_client() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let own = client.clone();
    let once = move |data: u32| {
        own.publish(data + 1, everyone()).unwrap();
        own.subscribe("b", |_: u32| {}, None).unwrap();
        own.unsubscribe("a", None).unwrap();
    };
    client.subscribe("a", once, None).unwrap();
    let mut link = peer.accept_catalog().await;
    assert_eq!(link.next().await["pluginId"], "a");
    link.publish("a", None, json!(7)).await;
    let mut frames = [link.next().await, link.next().await, link.next().await].map(|frame| frame.to_string());
    frames.sort();
    let wanted = [
        json!({"command": "publish", "pluginId": "catalog", "data": 8}),
        json!({"command": "subscribe", "pluginId": "b"}),
        json!({"command": "unsubscribe", "pluginId": "a"}),
    ];
    assert_eq!(frames, wanted.map(|frame| frame.to_string()));
    // The copy went with its subscription.
    drop(client);
    assert_eq!(link.next().await["command"], "unsubscribe");
    assert_eq!(link.closed().await, 1000);
}

#[tokio::test]
async fn what_is_no_frame_of_the_wire_is_counted_and_the_next_one_is_read() {
    let peer = Peer::new().await;
    let client = connecting(&peer).await;
    let mut heard = Heard::<Value>::new();
    client.subscribe("a", heard.callback("a"), None).unwrap();
    let mut link = peer.accept_catalog().await;
    for junk in ["", "{", "[]", "7", r#"{"command":7}"#, r#"{"pluginId":"a"}"#, r#"{"command":"publish","data":1}"#] {
        link.send_text(junk).await;
    }
    link.send(json!({"command": "later", "pluginId": "a", "data": 1})).await;
    link.send(json!({"command": "publish", "pluginId": "a"})).await;
    assert_eq!(heard.next().await, ("a", Value::Null));
    assert_eq!(client.counts().unreadable, 7);
}

#[tokio::test]
async fn subscriptions_are_bounded() {
    let peer = Peer::new().await;
    let options = ClientOptions { subscriptions: 2, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    client.subscribe("a", |_: u32| {}, None).unwrap();
    client.subscribe("a", |_: u32| {}, None).unwrap();
    let error = client.subscribe("b", |_: u32| {}, None).unwrap_err();
    assert!(matches!(error, Error::TooManySubscriptions(2)), "{error}");
    client.unsubscribe("a", None).unwrap();
    client.subscribe("b", |_: u32| {}, None).unwrap();
    assert_eq!(catalog(&peer).subscribe("", |_: u32| {}, None).unwrap_err().to_string(), {
        "the plugin id is empty; pass the plugin's id"
    });
    assert!(matches!(client.unsubscribe("a", ""), Err(Error::Empty("topic"))));
}

#[tokio::test]
async fn what_a_callback_owns_may_be_the_last_of_another_client() {
    let peer = Peer::new().await;
    let manager = manager(&peer);
    let (first, second) = (manager.for_plugin("catalog").get_client(), manager.for_plugin("catalog").get_client());
    second.connect().await.unwrap();
    let mut link = peer.accept_catalog().await;
    first.subscribe("a", move |_: u32| drop(second.clone()), None).unwrap();
    soon(first.disconnect()).await;
    assert_eq!(link.closed().await, 1000);
}

#[tokio::test]
async fn a_callback_that_is_refused_may_own_what_uses_the_client() {
    struct Unsubscribes(EventsClient);
    impl Drop for Unsubscribes {
        fn drop(&mut self) {
            self.0.unsubscribe("a", None).expect("it has a plugin");
        }
    }
    let peer = Peer::new().await;
    let options = ClientOptions { subscriptions: 0, ..brisk() };
    let client = manager(&peer).with_options(options).for_plugin("catalog").get_client();
    let owned = Unsubscribes(client.clone());
    let (tell, subscribed) = tokio::sync::oneshot::channel();
    // On a thread that nobody waits for: this test must end where the call does not.
    std::thread::spawn(move || tell.send(client.subscribe("a", move |_: u32| drop(owned.0.clone()), None)));
    assert!(matches!(soon(subscribed).await.unwrap(), Err(Error::TooManySubscriptions(0))));
}

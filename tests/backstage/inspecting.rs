//! Who is connected, with which plugin, refs and subscriptions.
use super::house::{Client, House, api, backend, both, listener, open, page, plan_for_guests};
use super::tokens::user;
use serde_json::{Value, json};

async fn connections(house: &House, request: Value) -> Value {
    api(house, "connections", request).await["result"].clone()
}

/// What is told of the sessions, without what is new at each start.
async fn told(house: &House, request: Value) -> Vec<Value> {
    let mut result = connections(house, request).await;
    let mut connections = result["connections"].as_array_mut().expect("a list").drain(..).collect::<Vec<_>>();
    for connection in &mut connections {
        let connection = connection.as_object_mut().expect("an object");
        assert!(connection.remove("client").is_some() && connection.remove("node").is_some());
        let transport = connection.remove("transport").expect("how it is connected");
        assert!(["events", "signals", "socketio"].map(Value::from).contains(&transport["wire"]), "{transport}");
    }
    connections
}

async fn subscribe(client: &mut Client, topics: &[Option<&str>]) {
    for topic in topics {
        client.say(json!({"command": "subscribe", "pluginId": "catalog", "topic": topic})).await;
    }
    client.settled().await;
}

#[tokio::test]
async fn a_backend_is_told_with_its_plugin_and_a_user_with_refs_and_topics() {
    both(plan_for_guests, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        catalog.settled().await;
        let mia = user("user:default/mia", &["group:default/admins"]);
        let mut topics = listener(&house, &mia).await;
        subscribe(&mut topics, &[Some("u"), Some("t")]).await;

        let plugin = |topics: &[&str]| match topics {
            [] => json!([{"space": "plugin", "channel": "catalog"}]),
            topics => json!([{"space": "plugin", "channel": "catalog", "topics": topics}]),
        };
        let user_told = |subscriptions: Value| {
            json!({"user": "user:default/mia", "kind": "user", "realm": "backstage",
                "groups": ["group:default/admins", "user:default/mia"], "subscriptions": subscriptions})
        };
        let backend_told = json!({"user": "plugin:catalog", "kind": "service", "realm": "backstage",
            "registered": "catalog", "groups": [], "subscriptions": []});
        assert_eq!(told(&house, json!({})).await, [backend_told, user_told(plugin(&["t", "u"]))]);

        subscribe(&mut topics, &[None]).await;
        let listening = json!({"space": "plugin", "channel": "catalog"});
        assert_eq!(told(&house, listening).await, [user_told(plugin(&[]))], "it gets every topic");

        let guest = open(house.address, "/api/signals", &[]).await.expect("it is let in").0;
        let mut signals = page(&house, &mia).await;
        signals.say(json!({"action": "subscribe", "channel": "catalog:topic"})).await;
        super::house::until_subscribed(&house, 2).await;
        let listening = json!({"space": "signals", "channel": "catalog:topic"});
        let subscribed = json!([{"space": "signals", "channel": "catalog:topic"}]);
        assert_eq!(told(&house, listening).await, [user_told(subscribed)]);
        let anonymous = told(&house, json!({"user": "user:default/guest"})).await;
        assert_eq!(
            (&anonymous[0]["kind"], &anonymous[0]["groups"]),
            (&json!("anonymous"), &json!(["user:default/guest"]))
        );
        drop(guest);
    })
    .await;
}

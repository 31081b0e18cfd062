//! Plugin events that are kept for users about to connect.
use super::house::{Client, House, Kind, Plan, backend, both, listener, plan};
use super::tokens::{legacy, service, user};
use crate::harness::socketio;
use serde_json::{Value, json};
use std::time::Duration;

fn keeping() -> Plan {
    let mut plan = plan();
    plan.config.backstage.keep = Duration::from_secs(600);
    plan
}

fn subscribe(topic: Option<&str>) -> Value {
    json!({"command": "subscribe", "pluginId": "catalog", "topic": topic})
}

fn publish(topic: Option<&str>, data: u32) -> Value {
    json!({"command": "publish", "pluginId": "catalog", "topic": topic, "data": data, "keep": true})
}

/// The data of what a client has been brought, now that all it has asked for is done.
async fn brought(client: &mut Client) -> Vec<Value> {
    client.say(json!({"command": "settle"})).await;
    let mut data = vec![];
    loop {
        let told = client.hears().await;
        if told["command"] == "error" {
            return data;
        }
        assert_eq!(told["replayed"], true, "{told}");
        data.push(told["data"].clone());
    }
}

#[tokio::test]
async fn a_kept_event_reaches_each_user_who_subscribes_to_its_topic_later_once() {
    both(keeping, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        for what in [publish(Some("t"), 1), publish(Some("u"), 2), publish(None, 3)] {
            catalog.say(what).await;
        }
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": 4})).await;
        catalog.settled().await;
        let mut mia = listener(&house, &user("user:default/mia", &[])).await;
        mia.say(subscribe(Some("t"))).await;
        let wanted = json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": 1, "replayed": true});
        assert_eq!(mia.hears().await, wanted);
        // A further topic brings what is kept of that.
        mia.say(subscribe(Some("u"))).await;
        mia.say(subscribe(Some("u"))).await;
        assert_eq!(brought(&mut mia).await, [2]);
        mia.say(subscribe(None)).await;
        assert_eq!(brought(&mut mia).await, [3]);
        let mut twin = listener(&house, &user("user:default/mia", &[])).await;
        twin.say(subscribe(None)).await;
        assert!(brought(&mut twin).await.is_empty());
        let mut joe = listener(&house, &user("user:default/joe", &[])).await;
        joe.say(subscribe(None)).await;
        assert_eq!(brought(&mut joe).await, [1, 2, 3]);
        // What comes live comes as ever, and once for each connection.
        catalog.say(publish(Some("t"), 5)).await;
        let live = json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": 5});
        for client in [&mut mia, &mut twin, &mut joe] {
            assert_eq!(client.hears().await, live);
        }
    })
    .await;
}

#[tokio::test]
async fn events_go_on_in_order_while_a_further_topic_is_brought() {
    let mut plan = keeping();
    // As many as are published here: the later ones push none of the earlier ones out.
    plan.config.backstage.keep_count = 1_000;
    let house = plan.start(Kind::Own);
    let mut catalog = backend(&house, "catalog").await;
    for n in 0..50 {
        catalog.say(publish(Some("old"), n)).await;
    }
    catalog.settled().await;
    let mut mia = listener(&house, &user("user:default/mia", &[])).await;
    mia.say(subscribe(Some("live"))).await;
    mia.settled().await;
    let publishing = async {
        for n in 100..400 {
            catalog.say(publish(Some("live"), n)).await;
        }
    };
    let asking = async {
        mia.say(subscribe(Some("old"))).await;
        let (mut live, mut old) = (vec![], vec![]);
        while live.len() < 300 || old.len() < 50 {
            let told = mia.hears().await;
            let data = told["data"].as_u64().expect("a number");
            if told["replayed"] == true { old.push(data) } else { live.push(data) }
        }
        (live, old)
    };
    let ((), (live, old)) = tokio::join!(publishing, asking);
    assert_eq!(live, (100..400).collect::<Vec<_>>());
    assert_eq!(old, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_kept_event_is_for_its_entities_and_does_not_return_to_its_publisher() {
    both(keeping, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        let mut event = publish(None, 1);
        event["targetEntityRefs"] = json!(["group:default/admins"]);
        catalog.say(event).await;
        catalog.say(publish(None, 2)).await;
        catalog.say(subscribe(None)).await;
        assert!(brought(&mut catalog).await.is_empty(), "it has published them");
        let mut joe = listener(&house, &user("user:default/joe", &[])).await;
        joe.say(subscribe(None)).await;
        assert_eq!(brought(&mut joe).await, [2]);
        let mut mia = listener(&house, &user("user:default/mia", &["group:default/admins"])).await;
        mia.say(subscribe(None)).await;
        assert_eq!(brought(&mut mia).await, [1, 2]);
    })
    .await;
}

#[tokio::test]
async fn the_connections_of_a_plugin_share_what_is_kept_and_those_of_older_backends_do_not() {
    let house = keeping().start(Kind::Own);
    let mut catalog = backend(&house, "catalog").await;
    catalog.say(publish(None, 1)).await;
    catalog.settled().await;
    for wanted in [vec![json!(1)], vec![]] {
        let mut scaffolder = listener(&house, &service("scaffolder")).await;
        scaffolder.say(subscribe(None)).await;
        assert_eq!(brought(&mut scaffolder).await, wanted);
    }
    for _ in 0..2 {
        // Their tokens name no plugin, so whose they are is not known.
        let mut older = listener(&house, &legacy()).await;
        older.say(subscribe(None)).await;
        assert_eq!(brought(&mut older).await, [1]);
    }
}

#[tokio::test]
async fn a_kept_event_is_brought_over_socketio_and_kept_from_there() {
    both(keeping, async |house: House| {
        let connect = async |token: String| {
            socketio::Client::connect_at(house.address, "/events/", &json!({"token": token})).await.0
        };
        let mut catalog = connect(service("catalog")).await;
        catalog.ask(&json!(["register", {"pluginId": "catalog"}])).await;
        let event = json!({"pluginId": "catalog", "topic": "t", "data": {"n": 1}, "keep": true});
        assert_eq!(catalog.ask(&json!(["publish", event])).await, json!([{}]));
        let mut mia = connect(user("user:default/mia", &[])).await;
        mia.say(r#"42["subscribe",{"pluginId":"catalog"}]"#).await;
        let wanted = json!(["message", {"pluginId": "catalog", "topic": "t", "data": {"n": 1}, "replayed": true}]);
        assert_eq!(mia.event().await, wanted);
        let mut again = connect(user("user:default/mia", &[])).await;
        assert_eq!(again.ask(&json!(["subscribe", {"pluginId": "catalog"}])).await, json!([{}]));
        catalog.ask(&json!(["publish", {"pluginId": "catalog", "data": 2}])).await;
        assert_eq!(again.event().await, json!(["message", {"pluginId": "catalog", "data": 2}]));
    })
    .await;
}

#[tokio::test]
async fn keeping_an_event_that_nothing_is_kept_for_is_refused_by_the_name_of_the_key() {
    both(plan, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(publish(None, 1)).await;
        let told = catalog.hears().await;
        assert_eq!((&told["refused"], &told["code"]), (&json!("publish"), &json!(108)), "{told}");
        assert!(told["message"].as_str().expect("a text").contains("backstage.keep"), "{told}");
        let mut wrong = publish(None, 1);
        wrong["keep"] = json!(10);
        catalog.say(wrong).await;
        let told = catalog.hears().await;
        assert_eq!(told["code"], 107, "{told}");
        assert!(told["message"].as_str().expect("a text").starts_with("keep: wanted is true or false"), "{told}");
    })
    .await;
}

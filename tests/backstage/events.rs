//! Plugin events: who may publish, who gets what (invariant 21). Each fault of the original that the contract lists has a story.
use super::house::{Client, House, Kind, backend, both, listener, plan};
use super::tokens::{legacy, service, user};
use serde_json::{Value, json};

fn subscribe(plugin: &str, topic: Option<&str>) -> Value {
    json!({"command": "subscribe", "pluginId": plugin, "topic": topic})
}

fn publish(topic: Option<&str>, refs: Option<&[&str]>, data: u32) -> Value {
    json!({"command": "publish", "pluginId": "catalog", "topic": topic, "targetEntityRefs": refs, "data": data})
}

async fn subscribed(house: &House, token: &str, topics: &[Option<&str>]) -> Client {
    let mut client = listener(house, token).await;
    for topic in topics {
        client.say(subscribe("catalog", *topic)).await;
    }
    client.settled().await;
    client
}

/// The data of so many events.
async fn hears(client: &mut Client, count: usize) -> Vec<Value> {
    let mut data = vec![];
    for _ in 0..count {
        data.push(client.hears().await["data"].clone());
    }
    data
}

#[tokio::test]
async fn an_event_reaches_those_who_subscribed_to_its_topic_or_to_all_and_each_once() {
    both(plan, async |house: House| {
        let mia = user("user:default/mia", &[]);
        let mut all = subscribed(&house, &mia, &[None]).await;
        let mut one = subscribed(&house, &mia, &[Some("t")]).await;
        let mut both_of = subscribed(&house, &mia, &[None, Some("t"), Some("t")]).await;
        let mut other = subscribed(&house, &mia, &[Some("u")]).await;
        let mut catalog = backend(&house, "catalog").await;
        for what in [publish(None, None, 1), publish(Some("t"), None, 2), publish(Some("u"), None, 3)] {
            catalog.say(what).await;
        }
        // A client of the original that asked for all topics dropped those with one (fault 4).
        assert_eq!(all.hears().await, json!({"command": "publish", "pluginId": "catalog", "data": 1}));
        assert_eq!(all.hears().await, json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": 2}));
        assert_eq!(all.hears().await["data"], 3);
        assert_eq!(hears(&mut both_of, 3).await, [1, 2, 3]);
        catalog.say(publish(Some("t"), None, 4)).await;
        assert_eq!(hears(&mut one, 2).await, [2, 4]);
        catalog.say(publish(Some("u"), None, 5)).await;
        assert_eq!(hears(&mut other, 2).await, [3, 5]);
    })
    .await;
}

/// The original skipped those who match, and sent the refs to everybody (faults 1 and 5).
#[tokio::test]
async fn a_targeted_event_reaches_who_owns_one_of_the_entities_and_nobody_learns_for_whom_it_is() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, &user("user:default/mia", &["group:default/admins"]), &[None]).await;
        let mut joe = subscribed(&house, &user("user:default/joe", &[]), &[None]).await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(publish(Some("t"), Some(&["user:default/mia"]), 1)).await;
        catalog.say(publish(None, Some(&["group:default/admins", "user:default/mia"]), 2)).await;
        catalog.say(publish(None, Some(&["user:default/joe", "group:default/admins"]), 3)).await;
        catalog.say(publish(None, Some(&[]), 4)).await;
        catalog.say(publish(None, None, 5)).await;
        let told = mia.hears().await;
        assert_eq!(told, json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": 1}));
        assert_eq!(hears(&mut mia, 3).await, [2, 3, 5]);
        assert_eq!(hears(&mut joe, 2).await, [3, 5]);
    })
    .await;
}

#[tokio::test]
async fn an_event_does_not_come_back_to_its_publisher_and_reaches_its_other_connections() {
    both(plan, async |house: House| {
        let mut catalog = backend(&house, "catalog").await;
        let mut twin = backend(&house, "catalog").await;
        for client in [&mut catalog, &mut twin] {
            client.say(subscribe("catalog", None)).await;
            client.settled().await;
        }
        catalog.say(publish(None, None, 1)).await;
        assert_eq!(hears(&mut twin, 1).await, [1]);
        twin.say(publish(None, None, 2)).await;
        assert_eq!(hears(&mut catalog, 1).await, [2]);
    })
    .await;
}

/// The original never unsubscribed (fault 2).
#[tokio::test]
async fn unsubscribing_takes_away_exactly_what_was_subscribed() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, &user("user:default/mia", &[]), &[None, Some("t"), Some("u")]).await;
        let mut catalog = backend(&house, "catalog").await;
        mia.say(json!({"command": "unsubscribe", "pluginId": "catalog"})).await;
        mia.settled().await;
        for (n, topic) in [(1, None), (2, Some("t")), (3, Some("u"))] {
            catalog.say(publish(topic, None, n)).await;
        }
        assert_eq!(hears(&mut mia, 2).await, [2, 3]);
        for topic in [Some("t"), Some("never")] {
            mia.say(json!({"command": "unsubscribe", "pluginId": "catalog", "topic": topic})).await;
        }
        mia.settled().await;
        catalog.say(publish(Some("t"), None, 4)).await;
        catalog.say(publish(Some("u"), None, 5)).await;
        assert_eq!(hears(&mut mia, 1).await, [5]);
        mia.say(json!({"command": "unsubscribe", "pluginId": "catalog", "topic": "u"})).await;
        mia.say(subscribe("scaffolder", None)).await;
        mia.settled().await;
        catalog.say(publish(Some("u"), None, 6)).await;
        let mut scaffolder = backend(&house, "scaffolder").await;
        scaffolder.say(json!({"command": "publish", "pluginId": "scaffolder", "data": 7})).await;
        assert_eq!(hears(&mut mia, 1).await, [7]);
    })
    .await;
}

async fn refusal(client: &mut Client, what: Value) -> (Value, Value) {
    client.say(what).await;
    let told = client.hears().await;
    assert_eq!(told["command"], "error", "{told}");
    (told["refused"].clone(), told["code"].clone())
}

#[tokio::test]
async fn only_a_backend_registers_and_only_who_has_registered_publishes() {
    both(plan, async |house: House| {
        let register = |plugin: &str| json!({"command": "register", "pluginId": plugin});
        let mut mia = subscribed(&house, &user("user:default/mia", &[]), &[None]).await;
        assert_eq!(refusal(&mut mia, register("catalog")).await, (json!("register"), json!(103)));
        assert_eq!(refusal(&mut mia, publish(None, None, 1)).await, (json!("publish"), json!(103)));
        let mut early = listener(&house, &service("catalog")).await;
        assert_eq!(refusal(&mut early, publish(None, None, 2)).await, (json!("publish"), json!(103)));
        assert_eq!(refusal(&mut early, register("scaffolder")).await, (json!("register"), json!(103)));
        early.say(register("catalog")).await;
        early.say(register("catalog")).await;
        early.say(publish(None, None, 3)).await;
        assert_eq!(hears(&mut mia, 1).await, [3], "nothing of the others was delivered");
    })
    .await;
}

#[tokio::test]
async fn a_backend_publishes_under_its_own_id_whatever_it_says() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, &user("user:default/mia", &[]), &[None]).await;
        mia.say(subscribe("scaffolder", None)).await;
        mia.settled().await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(json!({"command": "publish", "pluginId": "scaffolder", "data": 1})).await;
        assert_eq!(mia.hears().await, json!({"command": "publish", "pluginId": "catalog", "data": 1}));
    })
    .await;
}

#[tokio::test]
async fn a_token_that_names_no_plugin_is_bound_by_the_first_registration() {
    both(plan, async |house: House| {
        let mut mia = subscribed(&house, &user("user:default/mia", &[]), &[None]).await;
        let mut old = listener(&house, &legacy()).await;
        old.say(json!({"command": "register", "pluginId": "catalog"})).await;
        let second = json!({"command": "register", "pluginId": "scaffolder"});
        assert_eq!(refusal(&mut old, second).await, (json!("register"), json!(103)));
        old.say(json!({"command": "publish", "pluginId": "scaffolder", "data": 1})).await;
        assert_eq!(mia.hears().await["pluginId"], "catalog");
    })
    .await;
}

#[tokio::test]
async fn a_backend_without_entities_gets_no_targeted_event_unless_the_config_says_so() {
    fn to_backends() -> super::house::Plan {
        let mut plan = plan();
        plan.config.backstage.targeted_to_backends = true;
        plan
    }
    for (plan, expected) in [(plan as fn() -> _, vec![4]), (to_backends, vec![1, 4])] {
        let house = plan().start(Kind::Own);
        let mut scaffolder = subscribed(&house, &service("scaffolder"), &[None]).await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(publish(None, Some(&["user:default/mia"]), 1)).await;
        catalog.say(publish(None, Some(&[]), 3)).await;
        catalog.say(publish(None, None, 4)).await;
        assert_eq!(hears(&mut scaffolder, expected.len()).await, expected);
    }
}

#[tokio::test]
async fn events_of_one_backend_keep_their_order_whatever_their_topics() {
    let house = plan().start(Kind::Own);
    let mut mia = subscribed(&house, &user("user:default/mia", &[]), &[None]).await;
    let mut catalog = backend(&house, "catalog").await;
    for n in 0..300 {
        catalog.say(publish([None, Some("a"), Some("b")][n as usize % 3], None, n)).await;
    }
    assert_eq!(hears(&mut mia, 300).await, (0..300).collect::<Vec<u32>>());
}

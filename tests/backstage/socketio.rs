//! The events wire over Socket.IO.
use super::house::{House, Kind, Plan, backend, both, listener, plan, plan_for_guests};
use super::tokens::{forged, service, user, user_for};
use crate::harness::socketio::Client;
use callboard::service::events::Socket;
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};

async fn connect(house: &House, token: &str) -> Client {
    let (client, answer) = Client::connect_at(house.address, "/events/", &json!({"token": token})).await;
    assert!(answer.starts_with("40{"), "{answer}");
    client
}

async fn emit(client: &mut Client, event: &str, what: Value) {
    client.say(&format!("42{}", json!([event, what]))).await;
}

/// Waits until all that was emitted is done.
async fn settled(client: &mut Client) {
    emit(client, "publish", json!({})).await;
    assert_eq!(client.event().await[0], "error");
}

#[tokio::test]
async fn events_pass_between_both_variants_of_the_wire() {
    both(plan, async |house: House| {
        let mut mia = connect(&house, &user("user:default/mia", &[])).await;
        emit(&mut mia, "subscribe", json!({"pluginId": "catalog", "topic": "t"})).await;
        settled(&mut mia).await;
        let mut joe = listener(&house, &user("user:default/joe", &[])).await;
        joe.say(json!({"command": "subscribe", "pluginId": "catalog"})).await;
        joe.settled().await;
        let mut old = connect(&house, &service("catalog")).await;
        emit(&mut old, "register", json!({"pluginId": "catalog"})).await;
        let event =
            json!({"pluginId": "catalog", "topic": "t", "targetEntityRefs": ["user:default/mia"], "data": {"n": 1}});
        emit(&mut old, "publish", event).await;
        assert_eq!(mia.event().await, json!(["message", {"pluginId": "catalog", "topic": "t", "data": {"n": 1}}]));
        let mut new = backend(&house, "catalog").await;
        new.say(json!({"command": "publish", "pluginId": "catalog", "topic": "t", "data": {"n": 2}})).await;
        assert_eq!(mia.event().await[1]["data"]["n"], 2);
        assert_eq!(joe.hears().await["data"]["n"], 2);
        emit(&mut mia, "unsubscribe", json!({"pluginId": "catalog", "topic": "t"})).await;
        emit(&mut mia, "subscribe", json!({"pluginId": "catalog"})).await;
        settled(&mut mia).await;
        emit(&mut old, "publish", json!({"pluginId": "catalog", "data": null})).await;
        assert_eq!(mia.event().await, json!(["message", {"pluginId": "catalog", "data": null}]));
        assert_eq!(joe.hears().await["data"], Value::Null);
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_the_event_error_or_the_acknowledgement_that_was_asked_for() {
    both(plan, async |house: House| {
        let mut mia = connect(&house, &user("user:default/mia", &[])).await;
        emit(&mut mia, "register", json!({"pluginId": "catalog"})).await;
        let told = mia.event().await;
        assert_eq!(
            (&told[0], &told[1]["refused"], &told[1]["code"]),
            (&json!("error"), &json!("register"), &json!(103))
        );
        emit(&mut mia, "publish", json!({"pluginId": "catalog", "data": 1})).await;
        let told = mia.event().await;
        assert_eq!((&told[1]["refused"], &told[1]["code"]), (&json!("publish"), &json!(103)));
        assert!(told[1]["message"].as_str().expect("a text").contains("register first"), "{told}");
        mia.say(r#"42["publish"]"#).await;
        assert_eq!(mia.event().await[1]["code"], 107);
        let answer = mia.ask(&json!(["register", {"pluginId": "catalog"}])).await;
        assert_eq!(answer[0]["error"]["code"], 103);
        let answer = mia.ask(&json!(["subscribe", {"pluginId": "catalog"}])).await;
        assert!(answer[0]["error"].is_null(), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn a_client_without_a_good_token_is_told_by_connect_error() {
    both(plan, async |house: House| {
        let expired = user_for(-60, "user:default/mia", &[]);
        for (auth, code) in
            [(json!({}), 101), (json!({"token": forged("user:default/mia")}), 3500), (json!({"token": expired}), 109)]
        {
            let (_, answer) = Client::connect_at(house.address, "/events/", &auth).await;
            let told: Value = serde_json::from_str(answer.strip_prefix("44").expect("a refusal")).expect("JSON");
            assert_eq!(told["data"]["code"], code, "{told}");
        }
    })
    .await;
    let house = plan_for_guests().start(Kind::Own);
    let (_, answer) = Client::connect_at(house.address, "/events/", &json!({})).await;
    assert!(answer.starts_with("40{"), "{answer}");
}

#[tokio::test]
async fn ten_thousand_entity_refs_are_refused_and_the_client_stays() {
    let house = plan().start(Kind::Own);
    let mut catalog = connect(&house, &service("catalog")).await;
    emit(&mut catalog, "register", json!({"pluginId": "catalog"})).await;
    let refs: Vec<String> = (0..10_000).map(|n| format!("user:default/u{n}")).collect();
    emit(&mut catalog, "publish", json!({"pluginId": "catalog", "data": 1, "targetEntityRefs": refs})).await;
    let told = catalog.event().await;
    assert_eq!((&told[1]["refused"], &told[1]["code"]), (&json!("publish"), &json!(106)));
    settled(&mut catalog).await;
}

/// A client of Socket.IO comes back by itself where its connection has ended, and not where its namespace has.
#[tokio::test]
async fn the_end_of_a_token_ends_the_connection_and_a_revocation_the_session() {
    both(plan, async |house: House| {
        let mut mia = connect(&house, &user_for(2, "user:default/mia", &[])).await;
        assert!(mia.ends().await, "without a packet that its namespace is left");
        let mut joe = connect(&house, &user("user:default/joe", &[])).await;
        let what = json!({"user": "user:default/joe", "realm": "backstage"});
        super::house::api(&house, "revoke", what).await;
        assert_eq!(joe.next().await, "41");
    })
    .await;
}

#[tokio::test]
async fn no_handler_of_a_namespace_sees_its_clients_and_nothing_emitted_there_reaches_them() {
    fn with_handlers() -> Plan {
        let mut plan = plan();
        plan.config.socketio = vec![EngineConfig::default()];
        plan.extend = |builder| {
            builder
                .on("/", "publish", |socket: Socket, _: (Value,)| async move {
                    socket.emit("message", ("a handler saw it",)).await
                })
                .on("/", "shout", |socket: Socket, (what,): (Value,)| async move {
                    socket.everyone().emit("shouted", (what,)).await
                })
        };
        plan
    }
    both(with_handlers, async |house: House| {
        let mut mia = connect(&house, &user("user:default/mia", &[])).await;
        emit(&mut mia, "subscribe", json!({"pluginId": "catalog"})).await;
        settled(&mut mia).await;
        let (mut other, _) = Client::connect(house.address, &json!({})).await;
        other.say(r#"42["shout","hear"]"#).await;
        assert_eq!(other.event().await, json!(["shouted", "hear"]));
        emit(&mut mia, "shout", json!("nobody hears")).await;
        let mut catalog = backend(&house, "catalog").await;
        catalog.say(json!({"command": "publish", "pluginId": "catalog", "data": 1})).await;
        assert_eq!(mia.event().await[0], "message");
    })
    .await;
}

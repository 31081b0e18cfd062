//! Services on several nodes of one Redis: an event of one reaches the clients of all, and filters run where the client is.
use super::house::{House, call, config, echo, with_users};
use crate::harness::redis::Redis;
use crate::harness::socketio::Client;
use callboard::engine::Kind;
use callboard::engine::redis::Address;
use callboard::server::BrokerBuilder;
use serde_json::json;

fn plan(builder: BrokerBuilder) -> BrokerBuilder {
    let service = echo().event("status").carry(&["params.user.company"]).filter(|_, connection, call| match call {
        Some(call) => call["params.user.company"] == connection["user"]["company"],
        None => true,
    });
    with_users(builder).service("notes", service)
}

fn node(redis: &Redis) -> House {
    let mut config = config();
    config.engine = Kind::Redis;
    config.redis.url = Address::new(redis.url()).expect("an address");
    House::with(config, plan)
}

#[actix_rt::test]
async fn an_event_reaches_the_clients_of_all_nodes_and_is_filtered_where_they_are() {
    let redis = Redis::start();
    let (here, there) = (node(&redis), node(&redis));
    let mut author = here.client(json!({"company": 1})).await;
    let mut colleague = there.client(json!({"company": 1})).await;
    let mut stranger = there.client(json!({"company": 2})).await;
    let (events, _) = call(&mut author, json!(["create", "notes", {"n": 1}])).await;
    assert_eq!(events, [json!(["notes created", {"n": 1}])]);
    assert_eq!(colleague.event().await, json!(["notes created", {"n": 1}]));
    // What was emitted outside of a call is for all; it comes after what the stranger may not see.
    here.broker.service("notes").expect("it is there").emit("status", json!("done"));
    assert_eq!(stranger.event().await, json!(["notes status", "done"]));
    assert_eq!(colleague.event().await, json!(["notes status", "done"]));
}

/// A client of a node that has this plan, in which `notes` is not registered, and which emits an event of its own.
async fn sees_nothing_of_notes(redis: &Redis, plan: fn(BrokerBuilder) -> BrokerBuilder) {
    let here = node(redis);
    let mut config = config();
    config.engine = Kind::Redis;
    config.redis.url = Address::new(redis.url()).expect("an address");
    config.socketio[0].namespaces = vec!["/".into()];
    let there = House::with(config, plan);
    let (mut client, answer) = Client::connect(there.address, &json!({"company": 1})).await;
    assert!(answer.starts_with("40{"), "{answer}");
    here.broker.service("notes").expect("it is there").emit("status", json!("secret"));
    here.broker.of("/").expect("a name").emit("word", (1,)).await.expect("it is accepted");
    assert_eq!(client.event().await, json!(["word", 1]));
}

#[actix_rt::test]
async fn a_node_that_does_not_have_a_service_shows_its_events_to_nobody() {
    let redis = Redis::start();
    sees_nothing_of_notes(&redis, |builder| builder).await;
    sees_nothing_of_notes(&redis, |builder| builder.service("others", echo())).await;
}

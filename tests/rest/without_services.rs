//! Endpoints of Socket.IO without services.
use super::house::{House, config, services};
use crate::harness::socketio::Client;
use callboard::server::{Broker, Config};
use callboard::transport::engineio::EngineConfig;
use serde_json::json;

/// Built-in events at `/socket.io/`, and services at another path.
fn two(first: Option<bool>) -> Config {
    let mut config = config();
    let builtin = EngineConfig { builtin_events: true, services: first, ..EngineConfig::default() };
    let other = EngineConfig { path: "/services.io/".into(), ..EngineConfig::default() };
    config.socketio = vec![builtin, other];
    config
}

#[actix_web::test]
async fn built_in_events_beside_services_keep_the_broker_from_starting() {
    for first in [None, Some(true)] {
        let error = services(Broker::builder(two(first))).start().err().expect("it is refused").to_string();
        assert!(error.contains("socketio[0].builtin_events") && error.contains("socketio[0].services"), "{error}");
    }
    assert!(Broker::builder(two(None)).start().is_ok(), "no service is registered");
}

#[actix_web::test]
async fn clients_of_an_endpoint_without_services_neither_call_them_nor_get_their_events() {
    let house = House::with(two(Some(false)));
    let address = house.serve();
    let (mut without, _) = Client::connect(address, &json!({})).await;
    let (mut with, _) = Client::connect_at(address, "/services.io/", &json!({})).await;
    without.say(r#"420["create","todos",{"text":"a"}]"#).await;
    without.say(r#"421["subscribe","todos",["created"]]"#).await;
    // What nobody handles is not acknowledged; a built-in event is.
    let answer = without.next().await;
    assert!(answer.starts_with("431"), "{answer}");
    house.send("POST", "/todos", r#"{"text":"b"}"#).await;
    assert_eq!(with.event().await, json!(["todos created", {"text": "b", "id": 0}]));
    without.say(r#"422["unsubscribe","nothing"]"#).await;
    let next = without.next().await;
    assert!(next.starts_with("432"), "{next}");
}

//! Events of services, emitted from outside.
use super::house::{House, config};
use crate::harness::socketio::Client;
use callboard::server::Broker;
use callboard::service::{Methods, Registration};
use callboard::transport::engineio::EngineConfig;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::mpsc;

fn house() -> House {
    let mut config = config();
    config.socketio = vec![EngineConfig::default()];
    let payments = Registration::of(Methods::new()).event("status").for_everyone();
    let of_users = Registration::of(Methods::new()).event("moved").for_everyone();
    let builder = Broker::builder(config).service("payments", payments).service("users/:id/places", of_users);
    House::of(builder.start().unwrap())
}

#[actix_web::test]
async fn an_event_that_a_service_lists_reaches_clients_and_listeners_in_the_process() {
    let house = house();
    let (mut client, _) = Client::connect(SocketAddr::from(([127, 0, 0, 1], house.serve())), &json!({})).await;
    let (tell, told) = mpsc::channel();
    let payments = house.broker.service("payments").unwrap();
    payments.on("status", move |data, call| tell.send((data.clone(), call.is_none())).unwrap()).unwrap();
    for data in [json!({"id": 1, "text": "\u{0}\"'"}), json!(null), json!([1, [2]]), json!("done")] {
        let emitted = house.result("emit", json!({"service": "/payments/", "event": "status", "data": data})).await;
        assert_eq!(emitted, json!({}));
        assert_eq!(client.event().await, json!(["payments status", data]));
        assert_eq!(told.recv().unwrap(), (data, true));
    }
    house.result("emit", json!({"service": "payments", "event": "status"})).await;
    assert_eq!(client.event().await, json!(["payments status", null]));
    house.result("emit", json!({"service": "payments", "event": "created", "data": {"id": 2}})).await;
    assert_eq!(client.event().await, json!(["payments created", {"id": 2}]));
    house.result("emit", json!({"service": "users/7/places", "event": "moved", "data": 1})).await;
    assert_eq!(client.event().await, json!(["users/:id/places moved", 1]));
}

#[actix_web::test]
async fn an_unknown_service_is_not_found_and_an_event_that_is_not_listed_is_refused() {
    let house = house();
    for service in ["nothing", "payments/1", "users//places", "\u{0}"] {
        let answer = house.call("emit", json!({"service": service, "event": "status"})).await;
        assert_eq!(answer, json!({"error": {"code": 104, "message": "not found"}}), "{service}");
    }
    for event in ["moved", "Status", "payments status", "error", "__proto__", "\u{0}"] {
        assert_eq!(house.error("emit", json!({"service": "payments", "event": event})).await, 103, "{event}");
    }
    for incomplete in [json!({}), json!({"service": "payments"}), json!({"service": "", "event": "status"})] {
        assert_eq!(house.error("emit", incomplete).await, 107);
    }
    let none = House::new();
    assert_eq!(none.error("emit", json!({"service": "payments", "event": "status"})).await, 104);
}

#[actix_web::test]
async fn what_is_nested_too_deeply_is_refused() {
    let house = house();
    let deep: Value = json!(null);
    let body =
        format!(r#"{{"service":"payments","event":"status","data":{}{deep}{}}}"#, "[".repeat(200), "]".repeat(200));
    let answer = house.post("emit", body).await;
    assert!(answer.status == 400 || answer.json()["error"]["code"] == 107, "{answer:?}");
}

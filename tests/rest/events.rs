//! What is written over HTTP is told to everybody else.
use super::house::{House, request, with_json};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use std::sync::mpsc;

#[actix_web::test]
async fn a_write_reaches_listeners_on_sockets_and_in_the_process() {
    let house = House::new();
    let mut client = house.client().await;
    let (tell, told) = mpsc::channel();
    let service = house.0.service("todos").expect("it is registered");
    for event in ["created", "updated", "patched", "removed"] {
        let tell = tell.clone();
        let listener = service.on(event, move |data, call| {
            let provider = call.and_then(|call| call.params.provider).map(|provider| provider.name());
            tell.send((data.clone(), provider)).expect("the test listens");
        });
        listener.expect("there is room");
    }
    let mut expect = async |event: &str, data: Value| {
        assert_eq!(client.event().await, json!([format!("todos {event}"), data]));
        assert_eq!(told.recv().expect("the listener was told"), (data, Some("rest")));
    };
    house.send("POST", "/todos", r#"[{"a":1},{"a":2}]"#).await;
    expect("created", json!({"a": 1, "id": 0})).await;
    expect("created", json!({"a": 2, "id": 1})).await;
    house.send("PUT", "/todos/0", r#"{"a":3}"#).await;
    expect("updated", json!({"a": 3, "id": 0})).await;
    house.send("PATCH", "/todos/0", r#"{"b":1}"#).await;
    expect("patched", json!({"a": 3, "id": 0, "b": 1})).await;
    house.request("DELETE", "/todos/0").await;
    expect("removed", json!({"a": 3, "id": 0, "b": 1})).await;
}

#[actix_web::test]
async fn what_was_refused_is_told_to_nobody() {
    let house = House::new();
    let mut client = house.client().await;
    let broken = with_json(request("POST", "/todos"), "{");
    let untyped: TestRequest = request("POST", "/todos").set_payload("{}");
    let foreign = with_json(request("POST", "/todos"), "{}").insert_header(("Origin", "https://evil.example.net"));
    for refused in [broken, untyped, foreign, request("DELETE", "/todos/99")] {
        assert!(house.ask(refused).await.status.is_client_error());
    }
    house.send("POST", "/todos", r#"{"a":1}"#).await;
    assert_eq!(client.event().await, json!(["todos created", {"a": 1, "id": 0}]));
}

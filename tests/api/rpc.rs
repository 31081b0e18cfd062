//! rpc from the API.
use super::house::{House, config};
use callboard::broker::handler::{Handle, HandlerFuture, RpcCall, answer, host};
use callboard::server::Broker;
use callboard::types::Json;
use serde_json::json;

/// Answers what it was asked with, and nothing to a call without.
struct Echo;

impl Handle<RpcCall> for Echo {
    fn handle(&mut self, call: RpcCall) -> HandlerFuture<Option<Json>> {
        assert!(call.session.is_none(), "the API has no session");
        answer(Ok(call.data))
    }
}

/// Panics.
struct Failing;

impl Handle<RpcCall> for Failing {
    fn handle(&mut self, _: RpcCall) -> HandlerFuture<Option<Json>> {
        panic!("as the test wants")
    }
}

fn house() -> House {
    let builder = Broker::builder(config()).on_rpc("echo", &host(|| Echo)).on_rpc("fail", &host(|| Failing));
    House::of(builder.start().unwrap())
}

#[actix_web::test]
async fn a_handler_is_asked_and_its_answer_passed_on() {
    let house = house();
    for params in [json!({"id": 1}), json!([1, "a"]), json!(null)] {
        let answer = house.result("rpc", json!({"method": "echo", "params": params})).await;
        assert_eq!(answer, json!({"data": params}));
    }
    assert_eq!(house.result("rpc", json!({"method": "echo"})).await, json!({}));
}

#[actix_web::test]
async fn a_call_that_nobody_takes_or_that_fails_is_an_error() {
    let house = house();
    let unknown = house.call("rpc", json!({"method": "unknown"})).await;
    assert_eq!(unknown, json!({"error": {"code": 104, "message": "not found"}}));
    assert_eq!(house.error("rpc", json!({"params": {}})).await, 107);
    assert_eq!(house.error("rpc", json!({"method": ""})).await, 107);
    assert_eq!(house.error("rpc", json!({"method": "fail"})).await, 100);
}

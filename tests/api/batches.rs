//! batch.
use super::house::House;
use serde_json::{Value, json};

#[actix_web::test]
async fn replies_come_in_the_order_of_the_commands_one_after_the_other_or_at_once() {
    for parallel in [false, true] {
        let house = House::new();
        let commands = json!([
            {"publish": {"channel": "news", "data": 1}},
            {"broadcast": {"channels": ["news", "no:b"], "data": 2}},
            {"presence": {"channel": "news"}},
            {"history_remove": {"channel": "plain:a"}},
            {"publish": {"channel": "news", "data": 3}},
        ]);
        let answer = house.call("batch", json!({"commands": commands, "parallel": parallel})).await;
        let replies = answer["replies"].as_array().unwrap();
        let epoch = &replies[0]["publish"]["epoch"];
        assert_eq!(replies[0], json!({"publish": {"offset": 1, "epoch": epoch}}));
        let responses =
            json!([{"result": {"offset": 2, "epoch": epoch}}, {"error": {"code": 102, "message": "unknown channel"}}]);
        assert_eq!(replies[1], json!({"broadcast": {"responses": responses}}));
        assert_eq!(replies[2], json!({"presence": {"presence": {}}}));
        assert_eq!(replies[3], json!({"error": {"code": 108, "message": "not available"}}));
        assert_eq!(replies[4], json!({"publish": {"offset": 3, "epoch": epoch}}));
        assert_eq!((replies.len(), answer.as_object().unwrap().len()), (5, 1));
    }
}

#[actix_web::test]
async fn a_later_command_sees_what_an_earlier_one_did() {
    let house = House::new();
    let commands = json!([
        {"publish": {"channel": "news", "data": 1}},
        {"history": {"channel": "news", "limit": 1}},
        {"history_remove": {"channel": "news"}},
        {"history": {"channel": "news", "limit": 1}},
    ]);
    let answer = house.call("batch", json!({"commands": commands})).await;
    let kept = |n: usize| answer["replies"][n]["history"]["publications"].as_array().unwrap().len();
    assert_eq!((kept(1), kept(3)), (1, 0));
}

#[actix_web::test]
async fn a_command_that_names_no_method_is_an_error_in_its_place() {
    let house = House::new();
    let commands = json!([{}, {"unknown": {}}, {"publish": null}, {"batch": {"commands": []}}, {"map_clear": {}}]);
    let answer = house.call("batch", json!({"commands": commands})).await;
    let codes: Vec<&Value> =
        answer["replies"].as_array().unwrap().iter().map(|reply| &reply["error"]["code"]).collect();
    assert_eq!(codes, [104, 104, 104, 104, 108]);
}

#[actix_web::test]
async fn no_commands_are_answered_with_nothing() {
    let house = House::new();
    for body in [json!({}), json!({"commands": []}), json!({"commands": null, "parallel": true})] {
        assert_eq!(house.call("batch", body).await, json!({}));
    }
}

#[actix_web::test]
async fn nothing_is_done_of_a_batch_that_is_too_long_or_malformed() {
    let house = House::new();
    let publish = json!({"publish": {"channel": "news", "data": 1}});
    assert_eq!(house.error("batch", json!({"commands": vec![publish.clone(); 6]})).await, 106);
    let malformed = json!({"commands": [publish, {"publish": {"channel": 5}}]});
    let answer = house.post("batch", malformed.to_string()).await;
    assert!(answer.status == 400 && answer.body.contains("publish: field \"channel\": invalid type"), "{answer:?}");
    assert_eq!(house.result("history", json!({"channel": "news"})).await["offset"], 0);
}

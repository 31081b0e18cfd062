//! history and history_remove.
use super::client::Client;
use super::house::House;
use serde_json::{Value, json};

async fn fill(house: &House, count: u64) -> Value {
    let mut last = Value::Null;
    for n in 1..=count {
        last = house.result("publish", json!({"channel": "news", "data": n})).await;
    }
    last["epoch"].clone()
}

fn offsets(page: &Value) -> Vec<u64> {
    page["publications"].as_array().unwrap().iter().map(|event| event["offset"].as_u64().unwrap()).collect()
}

#[actix_web::test]
async fn without_a_limit_the_position_alone_is_told() {
    let house = House::new();
    let epoch = fill(&house, 3).await;
    for body in [json!({"channel": "news"}), json!({"channel": "news", "limit": 0})] {
        let expected = json!({"publications": [], "offset": 3, "epoch": epoch});
        assert_eq!(house.result("history", body).await, expected);
    }
}

#[actix_web::test]
async fn an_empty_channel_has_the_epoch_that_its_subscribers_see() {
    let house = House::new();
    let told = house.result("history", json!({"channel": "news", "limit": 0})).await;
    assert_eq!(told["offset"], 0);
    let mut client = Client::connect(house.serve(), "").await;
    let subscribed = client.ask("subscribe", json!({"channel": "news"})).await;
    assert_eq!(subscribed["subscribe"]["epoch"], told["epoch"]);
    assert_eq!(fill(&house, 1).await, told["epoch"]);
}

#[actix_web::test]
async fn a_part_is_chosen_by_limit_since_and_reverse() {
    let house = House::new();
    let epoch = fill(&house, 5).await;
    for (body, expected) in [
        (json!({"limit": -1}), vec![1, 2, 3, 4, 5]),
        (json!({"limit": 2}), vec![1, 2]),
        (json!({"limit": 2, "reverse": true}), vec![5, 4]),
        (json!({"limit": 10, "since": {"offset": 3, "epoch": epoch}}), vec![4, 5]),
        (json!({"limit": 10, "since": {"offset": 0, "epoch": epoch}}), vec![1, 2, 3, 4, 5]),
        (json!({"limit": 10, "since": {"offset": 3, "epoch": epoch}, "reverse": true}), vec![2, 1]),
    ] {
        let mut body = body;
        body["channel"] = "news".into();
        assert_eq!(offsets(&house.result("history", body.clone()).await), expected, "{body}");
    }
    let foreign = json!({"channel": "news", "limit": 10, "since": {"offset": 3, "epoch": "other"}});
    assert_eq!(house.error("history", foreign).await, 112);
}

#[actix_web::test]
async fn an_event_tells_its_tags_and_who_published_it() {
    let house = House::new();
    let mut client = Client::connect(house.serve(), &house.token("42", Some(r#"{"name":"Ada"}"#))).await;
    client.ask("publish", json!({"channel": "news", "data": {"a": 1}})).await;
    house.result("publish", json!({"channel": "news", "data": 2, "tags": {"k": "v"}})).await;
    let page = house.result("history", json!({"channel": "news", "limit": 2})).await;
    let info = json!({"user": "42", "client": client.id, "conn_info": {"name": "Ada"}});
    assert_eq!(page["publications"][0], json!({"data": {"a": 1}, "offset": 1, "info": info}));
    assert_eq!(page["publications"][1], json!({"data": 2, "offset": 2, "tags": {"k": "v"}}));
}

#[actix_web::test]
async fn a_removed_history_keeps_its_position() {
    let house = House::new();
    let epoch = fill(&house, 2).await;
    assert_eq!(house.result("history_remove", json!({"channel": "news"})).await, json!({}));
    let page = house.result("history", json!({"channel": "news", "limit": -1})).await;
    assert_eq!(page, json!({"publications": [], "offset": 2, "epoch": epoch}));
}

#[actix_web::test]
async fn history_is_refused_where_it_is_switched_off_or_unknown() {
    let house = House::new();
    for method in ["history", "history_remove"] {
        assert_eq!(house.error(method, json!({"channel": "plain:a"})).await, 108);
        assert_eq!(house.error(method, json!({"channel": "no:a"})).await, 102);
        assert_eq!(house.error(method, json!({})).await, 107);
    }
}

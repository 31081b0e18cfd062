//! presence, presence_stats, channels and info.
use super::client::Client;
use super::house::House;
use serde_json::json;

#[actix_web::test]
async fn presence_names_the_sessions_of_a_channel() {
    let house = House::new();
    let port = house.serve();
    let empty = house.result("presence", json!({"channel": "news"})).await;
    assert_eq!(empty, json!({"presence": {}}));
    let mut ada = Client::connect(port, &house.token("42", Some("1"))).await;
    let mut twin = Client::connect(port, &house.token("42", None)).await;
    let mut nobody = Client::connect(port, "").await;
    for client in [&mut ada, &mut twin, &mut nobody] {
        client.ask("subscribe", json!({"channel": "news"})).await;
    }
    let presence = house.result("presence", json!({"channel": "news"})).await;
    let present = json!({
        (ada.id.clone()): {"user": "42", "client": ada.id, "conn_info": 1},
        (twin.id.clone()): {"user": "42", "client": twin.id},
        (nobody.id.clone()): {"user": "", "client": nobody.id},
    });
    assert_eq!(presence["presence"], present);
    let stats = house.result("presence_stats", json!({"channel": "news"})).await;
    assert_eq!(stats, json!({"num_clients": 3, "num_users": 2}));
}

#[actix_web::test]
async fn presence_is_refused_where_it_is_switched_off_or_unknown() {
    let house = House::new();
    for method in ["presence", "presence_stats"] {
        assert_eq!(house.error(method, json!({"channel": "plain:a"})).await, 108);
        assert_eq!(house.error(method, json!({"channel": "no:a"})).await, 102);
        assert_eq!(house.error(method, json!({})).await, 107);
    }
}

#[actix_web::test]
async fn channels_lists_those_with_listeners_that_match() {
    let house = House::new();
    assert_eq!(house.result("channels", json!({})).await, json!({"channels": {}}));
    let port = house.serve();
    let (mut one, mut two) = (Client::connect(port, "").await, Client::connect(port, "").await);
    two.ask("subscribe", json!({"channel": "news"})).await;
    for channel in ["news", "plain:a", "plain:b"] {
        one.ask("subscribe", json!({"channel": channel})).await;
    }
    house.result("publish", json!({"channel": "nobody listens", "data": 1})).await;
    let all = house.result("channels", json!({"pattern": ""})).await;
    let single = json!({"num_clients": 1});
    assert_eq!(all["channels"], json!({"news": {"num_clients": 2}, "plain:a": single, "plain:b": single}));
    let some = house.result("channels", json!({"pattern": "plain:*"})).await;
    assert_eq!(some["channels"], json!({"plain:a": single, "plain:b": single}));
    assert_eq!(house.error("channels", json!({"pattern": "["})).await, 107);
}

#[actix_web::test]
async fn info_tells_of_the_node() {
    let house = House::new();
    let port = house.serve();
    let mut ada = Client::connect(port, &house.token("42", None)).await;
    ada.ask("subscribe", json!({"channel": "news"})).await;
    ada.ask("subscribe", json!({"channel": "plain:a"})).await;
    let info = house.result("info", json!({})).await;
    let node = &info["nodes"][0];
    for (field, expected) in [("num_clients", 1), ("num_users", 1), ("num_channels", 2), ("num_subs", 2)] {
        assert_eq!(node[field], expected, "{field} of {node}");
    }
    assert_eq!((node["uid"].as_str(), &node["metrics"]["items"]), (Some(house.broker.node().id()), &json!({})));
    let version: Vec<u32> = node["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert_eq!(version.len(), 3);
    assert!(node["uptime"].is_u64() && node["name"].is_string() && node["metrics"]["interval"].is_number());
    if cfg!(target_os = "linux") {
        assert!(node["process"]["rss"].as_u64().unwrap() > 0 && node["process"]["cpu"].is_number(), "{node}");
    }
}

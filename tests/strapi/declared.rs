//! A Strapi application whose services the config declares: no line of Rust.
use super::house::{House, call, client, jwt, may, nothing_came, patch, section};
use callboard::server::Config;
use serde_json::{Value, json};

const SERVICES: &str = r#"
[[service]]
path = "roles"
store = "memory"
allow = { all = "connection.user.isAdmin == true", find = "true", create = "true", patch = "true" }
[[service]]
path = "api-tokens"
store = "memory"
allow = { all = "connection.user.isAdmin == true", find = "true", create = "true" }
[[service]]
path = "users"
store = "memory"
[[service]]
path = "articles"
store = "memory"
multi = true
"#;

async fn open(store: &str) -> House {
    let services = SERVICES.replace("\"memory\"", &format!("{store:?}"));
    let mut config: Config = toml::from_str(&services).expect("a config");
    config.server.allow_insecure = true;
    config.socketio = vec![callboard::transport::engineio::EngineConfig::default()];
    config.strapi = section();
    let house = House::with(config, |builder| builder);
    house.create("roles", json!({"id": 1, "name": "Public", "type": "public", "permissions": []})).await;
    house.create("roles", json!({"id": 2, "name": "Authenticated", "permissions": [may("create")]})).await;
    house.create("users", json!({"id": 7, "role": 2})).await;
    house.create("users", json!({"id": 8, "role": 2, "isAdmin": true})).await;
    house
}

fn created(id: i64) -> Value {
    json!(["article:create", {"data": {"id": id, "attributes": {}}, "meta": {}}])
}

#[actix_rt::test]
async fn its_events_go_to_roles_and_whoever_the_config_allows_manages_it() {
    manages("memory").await;
}

#[actix_rt::test]
async fn in_sqlite_where_a_find_may_go_past_the_service_nobody_is_shown_more() {
    let folder = tempfile::tempdir().expect("a folder");
    manages(&format!("sqlite:{}", folder.path().join("strapi.db").display())).await;
}

async fn manages(store: &str) {
    let house = open(store).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut admin = client(&house, json!({"token": jwt(8)})).await;
    house.create("articles", json!({"id": 1, "secret": 2})).await;
    assert_eq!((user.event().await, admin.event().await), (created(1), created(1)));
    let nothing = json!(["patch", "roles", 2, {"permissions": []}]);
    assert_eq!(call(&mut user, nothing.clone()).await.1[0]["code"], 403);
    let (_, answer) = call(&mut admin, nothing).await;
    assert_eq!(answer, json!([null, {"id": 2, "name": "Authenticated", "permissions": []}]));
    house.create("articles", json!({"id": 2})).await;
    nothing_came(&house, [&mut user, &mut admin]).await;
    // The hash of a key is shown to nobody.
    let token = json!({"id": 1, "name": "App", "type": "full-access", "accessKey": "ab"});
    let (_, answer) = call(&mut admin, json!(["create", "api-tokens", token])).await;
    assert_eq!(answer, json!([null, {"id": 1, "name": "App", "type": "full-access"}]));
    let (_, answer) = call(&mut admin, json!(["find", "api-tokens", {}])).await;
    assert!(!answer.to_string().contains("accessKey") && answer[1]["total"] == 1, "{answer}");
    // Neither is an entry to whom no role permits it, nor what is private of it to anybody.
    for path in ["articles", "users"] {
        assert_eq!(call(&mut user, json!(["find", path, {}])).await.1[0]["code"], 403, "{path}");
    }
    patch(&house, "roles", 2, json!({"permissions": [may("find")]})).await;
    let (_, answer) = call(&mut user, json!(["find", "articles", {}])).await;
    assert!(answer[1].to_string().contains("\"id\":1") && !answer.to_string().contains("secret"), "{answer}");
    // Who may manage it is looked at again as well.
    patch(&house, "users", 8, json!({"role": 1})).await;
    house.create("articles", json!({"id": 3})).await;
    nothing_came(&house, [&mut user, &mut admin]).await;
}

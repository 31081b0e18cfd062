//! Users whose service the config declares, and rules about them.
use super::house::{House, Kind, PASSWORD, answer, config, local, log_in, refusal};
use callboard::server::Config;
use serde::Deserialize;
use serde_json::json;

/// The services of a config file.
#[derive(Deserialize)]
struct Declared {
    service: Vec<callboard::service::ServiceConfig>,
}

/// The config of a broker whose services are in a database of this kind at this address.
fn declared(on: Kind, address: &str) -> Config {
    let text = r#"
        [[service]]
        path = "users"
        store = "memory"
        allow = { create = "true", get = { query = { id = "connection.user.id" } }, patch = { query = { id = "connection.user.id" } } }
        filter = { all = "false" }

        [[service]]
        path = "people"
        store = "memory"
        table = "Users"
        filter = { all = "false" }

        [[service]]
        path = "colleagues"
        store = "memory"
        table = "users"
        filter = { all = "false" }

        [[service]]
        path = "messages"
        store = "memory"
        allow = { create = "connection.user != null" }
        filter = { all = "data.company == connection.user.company" }
    "#;
    // SQLite tells no `Users` from `users`, so a second table of that name would be refused.
    let same = if matches!(on, Kind::Sqlite) { "users" } else { "Users" };
    let text = &text.replace("memory", address).replace("Users", same);
    Config { services: toml::from_str::<Declared>(text).expect("services").service, ..config() }
}

pub async fn a_config_alone_has_users_who_log_in_and_rules_that_know_them(on: Kind) {
    let (address, _folder) = on.address().await;
    let house = House::with(declared(on, &address), |builder| builder);
    let (mut ann, mut nobody) = (house.client(json!({})).await, house.client(json!({})).await);
    let user = json!({"email": "ann@x.test", "password": PASSWORD, "company": 7});
    let created = answer(&mut ann, json!(["create", "users", user, {}])).await;
    assert_eq!(created, json!([null, {"email": "ann@x.test", "company": 7, "id": 0}]));
    let refused = refusal(&mut ann, json!(["create", "messages", {"company": 7}, {}])).await;
    assert_eq!(refused["name"], "Forbidden");
    // The rule for `get` is asked with the user who logs in.
    let logged_in = log_in(&mut ann, local("ann@x.test", PASSWORD)).await;
    assert_eq!(logged_in["user"], created[1]);
    let other = json!({"email": "bob@x.test", "password": "another one", "company": 8});
    answer(&mut nobody, json!(["create", "users", other, {}])).await;
    assert_eq!(answer(&mut ann, json!(["get", "users", 0, {}])).await[1], created[1]);
    assert_eq!(refusal(&mut ann, json!(["get", "users", 1, {}])).await["name"], "NotFound");
    assert_eq!(refusal(&mut nobody, json!(["get", "users", 1, {}])).await["name"], "Forbidden");
    let (events, message) = super::house::call(&mut ann, json!(["create", "messages", {"company": 7}, {}])).await;
    assert_eq!(events[0][0], "messages created");
    assert!(message[0].is_null(), "{message}");
    super::house::nothing_comes(&mut nobody).await;
}

pub async fn no_other_service_of_the_same_table_leads_to_the_passwords(on: Kind) {
    let (address, _folder) = on.address().await;
    let house = House::with(declared(on, &address), |builder| builder);
    let mut client = house.client(json!({})).await;
    let user = json!({"email": "ann@x.test", "password": PASSWORD});
    answer(&mut client, json!(["create", "users", user, {}])).await;
    let found = answer(&mut client, json!(["find", "colleagues", {}])).await;
    assert_eq!(found[1]["data"], json!([{"email": "ann@x.test", "id": 0}]));
    for path in ["colleagues", "people"] {
        let query = json!({"password": {"$gt": ""}});
        assert_eq!(refusal(&mut client, json!(["find", path, query])).await["name"], "BadRequest");
    }
    let changed = answer(&mut client, json!(["patch", "colleagues", 0, {"password": "another one"}, {}])).await;
    assert_eq!(changed[1], json!({"email": "ann@x.test", "id": 0}));
    log_in(&mut client, local("ann@x.test", "another one")).await;
}

//! What Rust code, handlers and the HTTP API emit to the clients of a Strapi application.
use super::house::{House, client, config, furnished, jwt, may, nothing_came, open, plan, role};
use crate::harness::http;
use callboard::auth::Secret;
use callboard::server::BrokerBuilder;
use callboard::service::Params;
use callboard::service::events::Socket;
use callboard::types::Fault;
use serde_json::{Value, json};

#[actix_rt::test]
async fn raw_goes_to_all_or_to_the_union_of_rooms_each_once_and_looks_at_no_permission() {
    let house = open().await;
    let io = house.broker.strapi().expect("there is a section");
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut public = client(&house, json!({})).await;
    io.raw("custom:evt", json!({"m": 1})).await.expect("it is accepted");
    for client in [&mut user, &mut public] {
        assert_eq!(client.event().await, json!(["custom:evt", {"data": {"m": 1}}]));
    }
    io.raw_to(["io-role-public", "io-role-authenticated", "nobody"], "both", 1).await.expect("it is accepted");
    io.raw_to(["io-role-public"], "one", 1).await.expect("it is accepted");
    io.raw_to(Vec::<String>::new(), "none", 1).await.expect("it is accepted");
    io.raw_to(["#principal:role:2"], "none", 1).await.expect("it is accepted");
    assert_eq!(user.event().await, json!(["both", {"data": 1}]));
    assert_eq!(public.event().await, json!(["both", {"data": 1}]));
    assert_eq!(public.event().await, json!(["one", {"data": 1}]));
    nothing_came(&house, [&mut user, &mut public]).await;
    for reserved in ["", "connect", "disconnect"] {
        assert_eq!(io.raw(reserved, 1).await.expect_err(reserved).code, 107);
    }
}

#[actix_rt::test]
async fn emit_goes_to_those_whose_role_permits_the_event_of_any_name() {
    let house = open().await;
    role(&house, 3, "Editor", &[may("publish")]).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    let io = house.broker.strapi().expect("there is a section");
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut editor = client(&house, json!({"token": jwt(8)})).await;
    let entry = json!({"id": 1, "title": "x", "secret": 1, "author": 7});
    io.emit("publish", "api::article.article", entry.clone()).await.expect("it is accepted");
    let wanted = json!({"data": {"id": 1, "attributes": {"title": "x"}}, "meta": {}});
    assert_eq!(editor.event().await, json!(["article:publish", wanted]));
    nothing_came(&house, [&mut user, &mut editor]).await;
    for (event, uid, entry) in [
        ("", "api::article.article", json!({})),
        ("connect", "api::article.article", json!({})),
        ("publish", "api::note.note", json!({})),
        ("publish", "api::article.article", json!([1])),
    ] {
        assert_eq!(io.emit(event, uid, entry).await.expect_err(uid).code, 107);
    }
}

/// The seed's own handler: the names of users are in the store.
fn with_names(builder: BrokerBuilder) -> BrokerBuilder {
    plan(builder).on("/", "update-user-name", |socket: Socket, (id, name): (u64, String)| async move {
        let users =
            socket.service("users").map_err(|error| callboard::types::ReplyError::new(400, error.to_string()))?;
        let renamed = users.patch(id, json!({"username": name}), Params::default()).await;
        renamed.map(|user| (user["username"].clone(),)).map_err(|error| {
            Fault::from(callboard::types::ReplyError::new(u32::from(error.class.code()), error.message))
        })
    })
}

#[actix_rt::test]
async fn a_handler_renames_a_user_in_the_store_and_others_are_told() {
    let house = furnished(House::with(config(), with_names)).await;
    role(&house, 3, "Watcher", &["plugin::users-permissions.user.update".into()]).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut watcher = client(&house, json!({"token": jwt(8)})).await;
    assert_eq!(user.ask(&json!(["update-user-name", 7, "lorem ipsum"])).await, json!(["lorem ipsum"]));
    let renamed = json!({"data": {"id": 7, "attributes": {"username": "lorem ipsum", "role": 2}}, "meta": {}});
    assert_eq!(watcher.event().await, json!(["user:update", renamed]));
    assert_eq!(user.ask(&json!(["update-user-name", 99, "x"])).await[0]["error"]["code"], 404);
}

#[actix_rt::test]
async fn the_http_api_emits_with_its_key_alone() {
    let mut config = config();
    config.api.key = vec![Secret::new("key of the API")].into();
    let house = furnished(House::with(config, plan)).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut public = client(&house, json!({})).await;
    let call = |key: &str, method: &str, body: Value| {
        let answer = http::call(house.address, key, method, &body.to_string()).expect("an answer");
        (answer.status, serde_json::from_str::<Value>(&answer.body).unwrap_or_default())
    };
    let raw = json!({"event": "news", "data": {"a": 1}, "rooms": ["io-role-public"]});
    assert_eq!(call("wrong", "strapi_raw", raw.clone()).0, 401);
    assert_eq!(call("key of the API", "strapi_raw", raw), (200, json!({"result": {}})));
    assert_eq!(public.event().await, json!(["news", {"data": {"a": 1}}]));
    let all = json!({"event": "all"});
    assert_eq!(call("key of the API", "strapi_raw", all).1, json!({"result": {}}));
    for client in [&mut user, &mut public] {
        assert_eq!(client.event().await, json!(["all", {"data": null}]));
    }
    let entry = json!({"event": "create", "schema": "api::article.article", "data": {"id": 1, "secret": 2}});
    assert_eq!(call("key of the API", "strapi_emit", entry).1, json!({"result": {}}));
    let wanted = json!(["article:create", {"data": {"id": 1, "attributes": {}}, "meta": {}}]);
    assert_eq!(user.event().await, wanted);
    nothing_came(&house, [&mut user, &mut public]).await;
    let unknown = json!({"event": "create", "schema": "api::note.note", "data": {}});
    assert_eq!(call("key of the API", "strapi_emit", unknown).1["error"]["code"], 107);
    let reserved = json!({"event": "connect"});
    assert_eq!(call("key of the API", "strapi_raw", reserved).1["error"]["code"], 107);
}

#[actix_rt::test]
async fn without_the_section_there_is_nobody_to_emit_to() {
    let mut config = crate::service::house::config();
    config.api.key = vec![Secret::new("key")].into();
    let house = House::with(config, |builder| builder);
    assert!(house.broker.strapi().is_none());
    let answer = http::call(house.address, "key", "strapi_raw", r#"{"event":"a"}"#).expect("an answer");
    assert!(answer.body.contains("108") && answer.body.contains("strapi.roles"), "{}", answer.body);
}

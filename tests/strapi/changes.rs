//! Roles, permissions, API tokens and users that change under connected clients: from the next event on nobody is told what was taken
//! away.
use super::house::{
    House, api_token, client, config, documents, jwt, may, nothing_came, open, patch, plan, remove, role,
};
use crate::harness::socketio::Client;
use callboard::server::BrokerBuilder;
use callboard::service::{Methods, Params, ServiceError};
use callboard::store::Id;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn created(id: i64) -> Value {
    json!(["article:create", {"data": {"id": id, "attributes": {}}, "meta": {}}])
}

async fn article(house: &House, id: i64) {
    house.create("articles", json!({"id": id})).await;
}

fn api(key: &str) -> Value {
    json!({"strategy": "api-token", "token": key})
}

#[actix_rt::test]
async fn what_is_taken_from_a_role_none_of_its_hundred_clients_is_told_from_the_next_event_on() {
    let house = open().await;
    let mut clients = vec![];
    for _ in 0..100 {
        clients.push(client(&house, json!({"token": jwt(7)})).await);
    }
    article(&house, 1).await;
    patch(&house, "roles", 2, json!({"permissions": []})).await;
    article(&house, 2).await;
    patch(&house, "roles", 2, json!({"permissions": [{"action": may("create")}]})).await;
    article(&house, 3).await;
    remove(&house, "roles", 2).await;
    article(&house, 4).await;
    for client in &mut clients {
        assert_eq!(client.event().await, created(1));
        assert_eq!(client.event().await, created(3));
    }
    // They are connected, and have no role.
    nothing_came(&house, &mut clients).await;
    role(&house, 2, "Authenticated", &[may("create")]).await;
    article(&house, 5).await;
    assert_eq!(clients[99].event().await, created(5));
}

#[actix_rt::test]
async fn the_clients_of_a_token_that_is_revoked_end_and_those_of_one_that_is_limited_are_told_no_more() {
    let house = open().await;
    house.create("api-tokens", api_token(1, "One", "one", "full-access", &[])).await;
    house.create("api-tokens", api_token(2, "Two", "two", "full-access", &[])).await;
    house.create("api-tokens", api_token(3, "Three", "three", "full-access", &[])).await;
    let (mut one, mut two) = (client(&house, api("one")).await, client(&house, api("two")).await);
    let mut three = client(&house, api("three")).await;
    remove(&house, "api-tokens", 1).await;
    patch(&house, "api-tokens", 2, json!({"type": "custom", "permissions": [may("delete")]})).await;
    article(&house, 1).await;
    assert_eq!(one.next().await, "41");
    assert_eq!(three.event().await, created(1));
    // One that is made anew has another key.
    let anew = api_token(3, "Three", "another", "full-access", &[]);
    patch(&house, "api-tokens", 3, json!({"accessKey": anew["accessKey"]})).await;
    article(&house, 2).await;
    assert_eq!(three.next().await, "41");
    nothing_came(&house, [&mut two]).await;
    // Its time ends while it is connected.
    patch(&house, "api-tokens", 2, json!({"type": "full-access", "expiresAt": "2020-01-01T00:00:00Z"})).await;
    article(&house, 3).await;
    nothing_came(&house, [&mut two]).await;
}

#[actix_rt::test]
async fn a_user_who_gets_another_role_is_told_by_that_one_and_one_who_is_blocked_ends() {
    let house = open().await;
    role(&house, 3, "Editor", &[may("update")]).await;
    house.create("users", json!({"id": 8, "role": 2})).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut blocked = client(&house, json!({"token": jwt(8)})).await;
    let mut gone = client(&house, json!({"token": jwt(8)})).await;
    patch(&house, "users", 7, json!({"role": 3})).await;
    patch(&house, "users", 8, json!({"blocked": true})).await;
    assert_eq!((blocked.next().await.as_str(), gone.next().await.as_str()), ("41", "41"));
    article(&house, 1).await;
    patch(&house, "articles", 1, json!({"title": "x"})).await;
    assert_eq!(user.event().await[0], "article:update");
    let io = house.broker.strapi().expect("there is a section");
    io.raw_to("io-role-authenticated", "old", 0).await.expect("it is accepted");
    io.raw_to("io-role-editor", "new", 0).await.expect("it is accepted");
    assert_eq!(user.event().await, json!(["new", {"data": 0}]));
    // All of them at once.
    let users = house.broker.service("users").expect("it is there");
    users.patch(None::<Id>, json!({"role": 2, "blocked": false}), Params::default()).await.expect("they are changed");
    article(&house, 2).await;
    assert_eq!(user.event().await, created(2));
    remove(&house, "users", 7).await;
    assert_eq!(user.next().await, "41");
}

#[actix_rt::test]
async fn a_role_that_is_called_otherwise_has_its_clients_in_another_room() {
    let house = open().await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    patch(&house, "roles", 2, json!({"name": "Senior Member"})).await;
    let io = house.broker.strapi().expect("there is a section");
    io.raw_to("io-role-authenticated", "old", 0).await.expect("it is accepted");
    io.raw_to("io-role-senior-member", "new", 0).await.expect("it is accepted");
    assert_eq!(user.event().await, json!(["new", {"data": 0}]));
    article(&house, 1).await;
    assert_eq!(user.event().await, created(1));
}

#[actix_rt::test]
async fn clients_without_a_token_follow_when_another_role_becomes_the_public_one() {
    let house = open().await;
    let mut public = client(&house, json!({})).await;
    role(&house, 3, "Guest", &[may("create")]).await;
    patch(&house, "roles", 1, json!({"type": "former"})).await;
    article(&house, 1).await;
    patch(&house, "roles", 3, json!({"type": "public"})).await;
    article(&house, 2).await;
    assert_eq!(public.event().await, created(2));
}

#[actix_rt::test]
async fn permissions_may_be_a_service_of_their_own() {
    let mut config = config();
    config.strapi.permissions = Some("permissions".into());
    let plan = |builder: BrokerBuilder| plan(builder).service("permissions", documents());
    let house = super::house::furnished(House::with(config, plan)).await;
    let mut public = client(&house, json!({})).await;
    house.create("permissions", json!({"id": 5, "action": may("create"), "role": {"id": 1}})).await;
    article(&house, 1).await;
    assert_eq!(public.event().await, created(1));
    remove(&house, "permissions", 5).await;
    article(&house, 2).await;
    nothing_came(&house, [&mut public]).await;
}

#[actix_rt::test]
async fn while_roles_cannot_be_read_nobody_is_told_anything_and_nobody_comes_in() {
    let fails = Arc::new(AtomicBool::new(false));
    let is_failing = fails.clone();
    let mut config = config();
    config.limits.handler_timeout = std::time::Duration::from_millis(500);
    let house = House::with(config, move |builder| {
        let find = async move |_| match is_failing.load(Ordering::Relaxed) {
            true => Err(ServiceError::unavailable("not now")),
            false => Ok(json!([{"id": 1, "name": "Public", "type": "public", "permissions": [may("create")]}])),
        };
        let roles = Methods::new().find(find).create(async |data, _| Ok(data));
        let builder = builder.service("roles", roles);
        ["api-tokens", "users", "articles"]
            .into_iter()
            .fold(builder, |builder, path| builder.service(path, documents()))
    });
    let mut public = client(&house, json!({})).await;
    article(&house, 1).await;
    fails.store(true, Ordering::Relaxed);
    house.create("roles", json!({"id": 2})).await;
    article(&house, 2).await;
    let (_, refused) = Client::connect(house.address, &json!({})).await;
    assert!(refused.starts_with("44") && refused.contains("internal server error"), "{refused}");
    fails.store(false, Ordering::Relaxed);
    house.create("roles", json!({"id": 3})).await;
    article(&house, 3).await;
    assert_eq!((public.event().await, public.event().await), (created(1), created(3)));
}

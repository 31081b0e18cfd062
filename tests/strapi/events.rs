//! Events of entries, for those whose role or API token permits them.
use super::house::{House, config};
use super::house::{api_token, client, furnished, jwt, may, nothing_came, open, patch, plan, remove, role, section};
use callboard::server::BrokerBuilder;
use callboard::service::{HookContext, Hooks, Methods, Params, Registration};
use callboard::store::Id;
use serde_json::{Value, json};

fn told(event: &str, id: i64, attributes: Value) -> Value {
    json!([format!("article:{event}"), {"data": {"id": id, "attributes": attributes}, "meta": {}}])
}

#[actix_rt::test]
async fn an_entry_that_is_created_is_told_to_the_role_that_permits_it_and_to_nobody_else() {
    let house = open().await;
    let mut user = client(&house, json!({"strategy": "jwt", "token": jwt(7)})).await;
    let mut public = client(&house, json!({})).await;
    house.create("articles", json!({"id": 1, "title": "x", "secret": 1})).await;
    assert_eq!(user.event().await, told("create", 1, json!({"title": "x"})));
    nothing_came(&house, [&mut user, &mut public]).await;
}

#[actix_rt::test]
async fn three_roles_and_two_tokens_each_see_exactly_their_own() {
    let house = open().await;
    role(&house, 3, "Editor", &["create", "update", "delete"].map(may)).await;
    house.create("users", json!({"id": 8, "role": {"id": 3}})).await;
    house.create("api-tokens", api_token(1, "All", "all", "full-access", &[])).await;
    house.create("api-tokens", api_token(2, "Some", "some", "custom", &[may("delete")])).await;
    house.create("api-tokens", api_token(3, "Reader", "reader", "read-only", &[may("create")])).await;
    let api = |key: &str| json!({"strategy": "api-token", "token": key});
    let mut public = client(&house, json!({})).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut editor = client(&house, json!({"token": jwt(8)})).await;
    let mut all = client(&house, api("all")).await;
    let mut some = client(&house, api("some")).await;
    let mut reader = client(&house, api("reader")).await;

    house.create("articles", json!({"id": 1, "title": "x", "secret": 1})).await;
    patch(&house, "articles", 1, json!({"title": "y"})).await;
    remove(&house, "articles", 1).await;
    let created = told("create", 1, json!({"title": "x"}));
    let updated = told("update", 1, json!({"title": "y"}));
    let deleted = told("delete", 1, json!({"title": "y"}));
    assert_eq!(user.event().await, created);
    for whole in [&mut editor, &mut all] {
        assert_eq!(whole.event().await, created);
        assert_eq!(whole.event().await, updated);
        assert_eq!(whole.event().await, deleted);
    }
    assert_eq!(some.event().await, deleted);
    nothing_came(&house, [&mut public, &mut user, &mut editor, &mut all, &mut some, &mut reader]).await;
}

#[actix_rt::test]
async fn many_entries_are_told_one_by_one_in_their_order_and_deleted_ones_as_they_were() {
    let house = open().await;
    role(&house, 3, "Editor", &["create", "update", "delete"].map(may)).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    let mut editor = client(&house, json!({"token": jwt(8)})).await;
    let many: Vec<Value> = (1..=300).map(|id| json!({"id": id, "n": id})).collect();
    house.create("articles", Value::Array(many)).await;
    let service = house.broker.service("articles").expect("it is there");
    let first = || Params::query(json!({"n": {"$lte": 2}}));
    service.patch(None::<Id>, json!({"seen": true}), first()).await.expect("they are changed");
    service.remove(None::<Id>, first()).await.expect("they are removed");
    for id in 1..=300 {
        assert_eq!(editor.event().await, told("create", id, json!({"n": id})));
    }
    for event in ["update", "delete"] {
        for id in 1..=2 {
            assert_eq!(editor.event().await, told(event, id, json!({"n": id, "seen": true})));
        }
    }
    nothing_came(&house, [&mut editor]).await;
}

#[actix_rt::test]
async fn what_is_no_entry_or_has_no_event_is_told_to_nobody() {
    let plan = |builder: BrokerBuilder| {
        let silent = Hooks::new().after("create", async |context: &mut HookContext| {
            if context.data["draft"] == true {
                context.event = None;
            }
            Ok(())
        });
        let odd = Registration::of(Methods::new().create(async |data, _| Ok(data["gives"].clone()))).hooks(silent);
        let paths = ["roles", "users", "api-tokens"].into_iter();
        let builder = paths.fold(builder, |builder, path| builder.service(path, super::house::documents()));
        builder.service("articles", odd)
    };
    let house = furnished(House::with(config(), plan)).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    for nothing in [json!(null), json!("text"), json!([null, 5]), json!([])] {
        house.create("articles", json!({"gives": nothing})).await;
    }
    house.create("articles", json!({"gives": {"id": 1}, "draft": true})).await;
    house.create("articles", json!({"gives": {"id": 2}})).await;
    assert_eq!(user.event().await, told("create", 2, json!({})));
    nothing_came(&house, [&mut user]).await;
}

#[actix_rt::test]
async fn relations_are_brought_along_for_those_who_may_find_them() {
    let house = open().await;
    let find = "plugin::users-permissions.user.find".to_owned();
    role(&house, 3, "Editor", &[may("create"), find]).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    let mut editor = client(&house, json!({"token": jwt(8)})).await;
    house.create("articles", json!({"id": 1, "author": 7})).await;
    let author = json!({"data": {"id": 7, "attributes": {"username": "mia", "role": 2}}});
    assert_eq!(editor.event().await, told("create", 1, json!({"author": author})));
    assert_eq!(user.event().await, told("create", 1, json!({})));
    // One that is gone is null, and a list leaves it out.
    house.create("articles", json!({"id": 2, "author": 99})).await;
    house.create("articles", json!({"id": 3, "author": [99, 7, {"x": 1}]})).await;
    assert_eq!(editor.event().await, told("create", 2, json!({"author": {"data": null}})));
    let list = json!({"author": {"data": [author["data"], {"id": null, "attributes": {"x": 1}}]}});
    assert_eq!(editor.event().await, told("create", 3, list));
}

#[actix_rt::test]
async fn a_cycle_of_relations_ends_where_the_config_says() {
    let mut config = config();
    config.strapi.populate_depth = 3;
    config.strapi.content_types[0].relations =
        [("next", "api::article.article"), ("all", "api::article.article")].map(|(a, b)| (a.into(), b.into())).into();
    let house = furnished(House::with(config, plan)).await;
    role(&house, 3, "Editor", &["create", "update", "find"].map(may)).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    house.create("articles", json!({"id": 1, "next": 2, "secret": 5})).await;
    house.create("articles", json!({"id": 2, "next": 1})).await;
    let mut editor = client(&house, json!({"token": jwt(8)})).await;
    patch(&house, "articles", 1, json!({"title": "x"})).await;
    let one = |id: i64, mut attributes: Value, next: Value| {
        attributes["next"] = json!({"data": next});
        json!({"id": id, "attributes": attributes})
    };
    let last = json!({"id": 2, "attributes": {}});
    let next = one(2, json!({}), one(1, json!({"title": "x"}), last));
    let wanted = one(1, json!({"title": "x"}), next);
    assert_eq!(editor.event().await, json!(["article:update", {"data": wanted, "meta": {}}]));
    // However many are related, an event brings a hundred along.
    patch(&house, "articles", 1, json!({"next": null, "all": vec![1; 500]})).await;
    let told = editor.event().await.to_string();
    assert_eq!(told.matches("\"title\"").count(), 101);
}

#[actix_rt::test]
async fn the_service_has_no_other_events_for_clients_unless_it_says_so() {
    let section = section();
    assert!(section.content_types.iter().any(|one| one.service == "articles"));
    let house = open().await;
    let mut user = client(&house, json!({"token": jwt(7)})).await;
    patch(&house, "users", 7, json!({"username": "ann"})).await;
    house.create("articles", json!({"id": 1, "secret": 5})).await;
    house.broker.service("articles").expect("it is there").emit("created", json!({"id": 2, "secret": 5}));
    assert_eq!(user.event().await, told("create", 1, json!({})));
    assert_eq!(user.event().await, told("create", 2, json!({})));
    nothing_came(&house, [&mut user]).await;
}

//! Calls of clients to the services of a Strapi application.
use super::house::{call, client, jwt, may, open, patch, role};
use crate::harness::http;
use serde_json::{Value, json};

async fn refused(client: &mut crate::harness::socketio::Client, what: Value) -> Value {
    let (_, answer) = call(client, what).await;
    json!([answer[0]["code"], answer[0]["message"]])
}

#[actix_rt::test]
async fn nobody_calls_a_service_that_holds_rights() {
    let house = open().await;
    role(&house, 3, "Admin", &["roles.create".into(), "plugin::users-permissions.user.update".into()]).await;
    house.create("users", json!({"id": 8, "role": 3})).await;
    let mut admin = client(&house, json!({"token": jwt(8)})).await;
    for path in ["roles", "api-tokens"] {
        for call in [
            json!(["find", path, {}]),
            json!(["get", path, 1]),
            json!(["create", path, {"name": "Mine"}]),
            json!(["patch", path, 1, {"permissions": [may("create")]}]),
            json!(["remove", path, 1]),
        ] {
            assert_eq!(refused(&mut admin, call).await, json!([403, "Forbidden"]));
        }
    }
    // Users are entries of a content type here: by their permissions, and heeded.
    let mut other = client(&house, json!({"token": jwt(7)})).await;
    let blocked = json!(["patch", "users", 7, {"blocked": true}]);
    assert_eq!(refused(&mut other, blocked.clone()).await, json!([403, "Forbidden"]));
    let (_, answer) = call(&mut admin, blocked).await;
    assert_eq!(answer, json!([null, {"id": 7, "username": "mia", "role": 2, "blocked": true}]));
    assert_eq!(other.next().await, "41");
}

#[actix_rt::test]
async fn the_service_of_a_content_type_is_called_by_permission_and_shows_nothing_private() {
    let house = open().await;
    let all = ["find", "findOne", "update"].map(may);
    patch(&house, "roles", 1, json!({"permissions": all})).await;
    house.create("articles", json!({"id": 1, "title": "x", "secret": 5, "author": {"id": 7, "password": "p"}})).await;
    let mut public = client(&house, json!({})).await;
    let shown = json!({"id": 1, "title": "x"});
    for (asked, wanted) in [
        (json!(["find", "articles", {}]), json!([shown])),
        (json!(["get", "articles", 1]), shown.clone()),
        (json!(["patch", "articles", 1, {"secret": 6}]), shown.clone()),
    ] {
        assert_eq!(call(&mut public, asked).await.1, json!([null, wanted]));
    }
    for asked in [json!(["create", "articles", {}]), json!(["remove", "articles", 1])] {
        assert_eq!(refused(&mut public, asked).await, json!([403, "Forbidden"]));
    }
    // Nor does a query tell.
    for query in [
        json!({"secret": 6}),
        json!({"$or": [{"title": "x"}, {"secret": {"$gt": 5}}]}),
        json!({"secret.a": 1}),
        json!({"$sort": {"secret": 1}}),
    ] {
        let wanted = refused(&mut public, json!(["find", "articles", query])).await;
        assert_eq!(wanted[0], 400, "{wanted}");
    }
}

#[actix_rt::test]
async fn over_http_everybody_has_the_public_role() {
    let mut config = super::house::config();
    config.auth.anonymous = true;
    config.rest.prefix = Some("/rest".into());
    let house = super::house::furnished(super::house::House::with(config, super::house::plan)).await;
    house.create("articles", json!({"id": 1, "title": "x", "secret": 5})).await;
    let asked = |path: &str| http::get(house.address, path).expect("an answer");
    assert_eq!(asked("/rest/articles/1").status, 403);
    assert_eq!(asked("/rest/roles").status, 403);
    patch(&house, "roles", 1, json!({"permissions": [may("findOne")]})).await;
    let answer = asked("/rest/articles/1");
    assert_eq!(serde_json::from_str::<Value>(&answer.body).expect("JSON"), json!({"id": 1, "title": "x"}));
}

//! Events of entries, for those whose role permits them.
use super::house::{client, jwt, nothing_came, open};
use serde_json::json;

#[actix_rt::test]
async fn an_entry_that_is_created_is_told_to_the_role_that_permits_it_and_to_nobody_else() {
    let house = open().await;
    let mut user = client(&house, json!({"strategy": "jwt", "token": jwt(7)})).await;
    let mut public = client(&house, json!({})).await;
    house.create("articles", json!({"id": 1, "title": "x", "secret": 1})).await;
    let told = json!(["article:create", {"data": {"id": 1, "attributes": {"title": "x"}}, "meta": {}}]);
    assert_eq!(user.event().await, told);
    nothing_came(&house, [&mut user, &mut public]).await;
}

//! A Strapi application on two nodes of one Redis: what is changed on one is heeded on both before the change is answered.
use super::house::{House, api_token, client, config, jwt, may, nothing_came, patch, remove};
use crate::harness::redis::Redis;
use callboard::engine::Kind;
use callboard::engine::redis::Address;
use callboard::service::{Registration, Stored};
use callboard::store::{MemoryStore, Multi, StoreOptions, Table};
use serde_json::{Value, json};

const PATHS: [&str; 4] = ["roles", "api-tokens", "users", "articles"];

/// A node whose documents are those of all others with the same tables, as those of a database are.
fn node(redis: &Redis, tables: &[Table; 4]) -> House {
    let mut config = config();
    config.engine = Kind::Redis;
    config.redis.url = Address::new(redis.url()).expect("an address");
    let tables = tables.clone();
    House::with(config, |builder| {
        PATHS.into_iter().zip(tables).fold(builder, |builder, (path, table)| {
            let store = MemoryStore::over(table, StoreOptions { multi: Multi::ALL, ..StoreOptions::default() });
            builder.service(path, Registration::of(Stored::new(store)).single_node())
        })
    })
}

fn created(id: i64) -> Value {
    json!(["article:create", {"data": {"id": id, "attributes": {}}, "meta": {}}])
}

#[actix_rt::test]
async fn a_change_on_one_node_is_heeded_on_the_other_before_it_is_answered() {
    let (redis, tables) = (Redis::start(), Default::default());
    let (here, there) = (node(&redis, &tables), node(&redis, &tables));
    super::house::role(&here, 1, "Public", &[]).await;
    super::house::role(&here, 2, "Authenticated", &[may("create")]).await;
    here.create("users", json!({"id": 7, "role": 2})).await;
    here.create("api-tokens", api_token(1, "App", "key", "full-access", &[])).await;
    let api = json!({"strategy": "api-token", "token": "key"});
    let mut users = [client(&here, json!({"token": jwt(7)})).await, client(&there, json!({"token": jwt(7)})).await];
    let mut apps = [client(&here, api.clone()).await, client(&there, api).await];
    here.create("articles", json!({"id": 1})).await;
    for client in users.iter_mut().chain(&mut apps) {
        assert_eq!(client.event().await, created(1));
    }
    // What the other node tells of is told by what it knows.
    patch(&here, "roles", 2, json!({"permissions": []})).await;
    there.create("articles", json!({"id": 2})).await;
    patch(&there, "roles", 2, json!({"permissions": [may("create")]})).await;
    here.create("articles", json!({"id": 3})).await;
    // Between nodes a change may overtake what is still under way to a client.
    for client in &mut users {
        assert_eq!(client.event().await, created(3));
    }
    for client in &mut apps {
        assert_eq!(client.event().await, created(2));
        assert_eq!(client.event().await, created(3));
    }
    patch(&here, "users", 7, json!({"role": 1})).await;
    remove(&here, "api-tokens", 1).await;
    there.create("articles", json!({"id": 4})).await;
    for client in &mut apps {
        // It may also be told of the user that has changed; never of what came after its token was removed.
        let last = client.next().await;
        let last = if last.contains("user:update") { client.next().await } else { last };
        assert_eq!(last, "41");
    }
    nothing_came(&here, &mut users).await;
}

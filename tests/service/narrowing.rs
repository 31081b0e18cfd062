//! Queries of the config that keep clients to what is theirs, whatever these send.
use super::declared::declaring;
use super::house::{House, answer, call, with_users};
use callboard::service::Params;
use serde_json::{Value, json};

/// Runs a story with messages of two companies, 0 and 1 of the first, 2 of the second, and with what is allowed: in memory, and in a
/// database.
async fn on_each_store(allow: &str, story: impl AsyncFn(House)) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("messages.db");
    for store in ["memory".to_owned(), format!("sqlite:{}", file.display())] {
        let table = format!("[[service]]\npath = 'messages'\nstore = '{store}'\npaginate = false\nmulti = true\n");
        let rules = format!("filter = {{ all = 'false' }}\nallow = {allow}\n");
        let house = House::with(declaring(&format!("{table}{rules}")), with_users);
        for company in [1, 1, 2] {
            house.create("messages", json!({"company_id": company, "text": "as it was"})).await;
        }
        story(house).await;
    }
}

const COMPANY: &str = "{ all = { query = { company_id = 'connection.user.company_id' } } }";

fn user(company: Value) -> Value {
    json!({"id": 7, "company_id": company})
}

async fn all(house: &House) -> Value {
    house.broker.service("messages").expect("it is there").find(Params::default()).await.expect("Rust finds all")
}

#[actix_rt::test]
async fn nobody_finds_patches_or_removes_what_is_not_theirs() {
    on_each_store(COMPANY, async |house: House| {
        let before = all(&house).await;
        let mut client = house.client(user(json!(1))).await;
        let ids = |found: &Value| -> Vec<i64> {
            found[1].as_array().expect("an array").iter().filter_map(|document| document["id"].as_i64()).collect()
        };
        for query in [
            json!({}),
            json!({"company_id": {"$in": [1, 2]}}),
            json!({"$or": [{"company_id": 2}, {"company_id": 1}]}),
            json!({"$and": [{"company_id": {"$gt": 0}}]}),
            json!({"$and": []}),
        ] {
            let found = answer(&mut client, json!(["find", "messages", query])).await;
            assert!(found[0].is_null() && ids(&found).iter().all(|id| *id < 2), "{query}: {found}");
        }
        assert_eq!(answer(&mut client, json!(["find", "messages", {"company_id": 2}])).await, json!([null, []]));
        assert_eq!(answer(&mut client, json!(["find", "messages", {"$and": {}}])).await[0]["name"], "BadRequest");
        for what in [
            json!(["get", "messages", 2]),
            json!(["get", "messages", 2, {"company_id": 2}]),
            json!(["patch", "messages", 2, {"text": "theirs"}]),
            json!(["update", "messages", 2, {"text": "theirs"}]),
            json!(["remove", "messages", 2, {"$or": [{"id": 2}]}]),
        ] {
            assert_eq!(answer(&mut client, what.clone()).await[0]["name"], "NotFound", "{what}");
        }
        assert_eq!(all(&house).await, before);
        let patched =
            answer(&mut client, json!(["patch", "messages", null, {"text": "ours"}, {"id": {"$gte": 0}}])).await;
        assert_eq!(ids(&patched), [0, 1]);
        assert_eq!(ids(&answer(&mut client, json!(["remove", "messages", null, {}])).await), [0, 1]);
        assert_eq!(all(&house).await, json!([{"company_id": 2, "text": "as it was", "id": 2}]));
    })
    .await;
}

#[actix_rt::test]
async fn what_is_written_gets_the_field_that_it_lacks_and_never_the_one_of_another() {
    on_each_store(COMPANY, async |house: House| {
        let mut client = house.client(user(json!(1))).await;
        let created = answer(&mut client, json!(["create", "messages", [{"text": "a"}, {"company_id": 1}]])).await;
        assert_eq!(created[1], json!([{"text": "a", "company_id": 1, "id": 3}, {"company_id": 1, "id": 4}]));
        let updated = answer(&mut client, json!(["update", "messages", 3, {"text": "b"}])).await;
        assert_eq!(updated[1], json!({"text": "b", "company_id": 1, "id": 3}));
        let before = all(&house).await;
        for bad in [json!(2), json!(null), json!([1, 2]), json!([1]), json!({"$ne": 1}), json!("1")] {
            for what in [
                json!(["create", "messages", {"company_id": bad}]),
                json!(["create", "messages", [{"company_id": 1}, {"company_id": bad}]]),
                json!(["update", "messages", 0, {"company_id": bad}]),
                json!(["patch", "messages", 0, {"company_id": bad}]),
                json!(["patch", "messages", null, {"company_id": bad}]),
            ] {
                assert_eq!(answer(&mut client, what.clone()).await[0]["name"], "Forbidden", "{what}");
            }
        }
        assert_eq!(all(&house).await, before);
    })
    .await;
}

#[actix_rt::test]
async fn a_caller_whose_value_is_missing_null_or_more_than_a_value_may_call_nothing() {
    on_each_store(COMPANY, async |house: House| {
        for said in [json!({}), json!({"id": 7}), user(json!(null)), user(json!({"$ne": 1})), user(json!([1, 2]))] {
            let mut client = house.client(said.clone()).await;
            for what in
                [json!(["find", "messages", {}]), json!(["create", "messages", {}]), json!(["remove", "messages", 0])]
            {
                assert_eq!(answer(&mut client, what).await[0]["name"], "Forbidden", "{said}");
            }
        }
        assert_eq!(all(&house).await.as_array().map(Vec::len), Some(3));
    })
    .await;
}

#[actix_rt::test]
async fn lists_and_operators_and_paths_narrow_as_well_and_go_with_a_rule() {
    let narrowing = "{ find = { rule = \"connection.user.role == 'reader'\", \
                     query = { company_id = { \"$in\" = 'connection.user.companies' }, id = { \"$lt\" = '2' } } }, \
                     create = { query = { \"author.id\" = 'connection.user.id' } }, \
                     patch = { query = { \"author.id\" = 'connection.user.id' } } }";
    on_each_store(narrowing, async |house: House| {
        let mut reader = house.client(json!({"id": 7, "role": "reader", "companies": [2, 1]})).await;
        let found = answer(&mut reader, json!(["find", "messages", {"$select": ["id"]}])).await;
        assert_eq!(found, json!([null, [{"id": 0}, {"id": 1}]]));
        let mut other = house.client(json!({"id": 8, "companies": [1]})).await;
        assert_eq!(answer(&mut other, json!(["find", "messages", {}])).await[0]["name"], "Forbidden");
        for author in [
            json!({}),
            json!({"author": {"id": 8}}),
            json!({"author": [{"id": 7}, {"id": 8}]}),
            json!({"author.id": 7}),
        ] {
            assert_eq!(answer(&mut reader, json!(["create", "messages", author])).await[0]["name"], "Forbidden");
        }
        let (_, created) = call(&mut reader, json!(["create", "messages", {"author": {"id": 7}}])).await;
        assert_eq!(created[1]["id"], 3);
        let moved = json!(["patch", "messages", 3, {"author": {"name": "a"}}]);
        assert_eq!(answer(&mut reader, moved).await[0]["name"], "Forbidden");
        assert_eq!(answer(&mut reader, json!(["patch", "messages", 3, {"text": "c"}])).await[1]["text"], "c");
        assert_eq!(answer(&mut other, json!(["patch", "messages", 3, {"text": "d"}])).await[0]["name"], "NotFound");
    })
    .await;
}

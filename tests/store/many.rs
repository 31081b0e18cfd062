//! Writes of many documents. Source: `@feathersjs/adapter-tests` 5, `methods.ts` and `syntax.ts`.
use super::fixture::{Shelf, refusal, values};
use callboard::store::{Multi, Paginate, StoreError, StoreOptions, Write};
use serde_json::{Value, json};

pub async fn many_are_written_only_where_allowed(shelf: &Shelf) {
    let none = shelf.service_with(shelf.options());
    let refusals = [
        (none.create(json!([])).await, "Can not create multiple entries"),
        (none.patch(Value::Null, json!({}), json!({})).await, "Can not patch multiple entries"),
        (none.remove(Value::Null, json!({})).await, "Can not remove multiple entries"),
    ];
    for (answer, message) in refusals {
        assert!(matches!(answer, Err(StoreError::MethodNotAllowed { .. })));
        assert_eq!(refusal(answer), message);
    }
    let removes = Multi::from_iter([Write::Remove]);
    let removing = shelf.service_with(StoreOptions { multi: removes, ..shelf.options() });
    assert_eq!(removing.remove(Value::Null, json!({})).await, Ok(json!([])));
    assert!(removing.patch(Value::Null, json!({}), json!({})).await.is_err());
}

pub async fn a_call_allows_what_the_options_do_not(shelf: &Shelf) {
    let service = shelf.service_with(shelf.options()).multi(Multi::from_iter([Write::Create]));
    let users = service.create(json!([{ "name": "Garald" }, { "name": "Harald" }])).await.unwrap();
    assert_eq!(values("name", &users), ["Garald", "Harald"]);
    let patch = service.patch(Value::Null, json!({ "age": 2 }), json!({})).await;
    assert_eq!(refusal(patch), "Can not patch multiple entries");
}

pub async fn many_are_created_in_their_order(shelf: &Shelf) {
    let service = shelf.service();
    let data = json!([{ "name": "Gerald", "age": 18 }, { "name": "Herald", shelf.id: "x" }, { "name": "Zoe" }]);
    let created = service.create_with(data, json!({ "$select": ["name"] })).await.unwrap();
    assert_eq!(values("name", &created), ["Gerald", "Herald", "Zoe"]);
    assert_eq!(values(shelf.id, &created), [json!(0), json!("x"), json!(1)]);
    assert_eq!(values("age", &created), [Value::Null, Value::Null, Value::Null]);
    assert_eq!(service.create(json!([])).await, Ok(json!([])));
}

pub async fn none_are_created_where_one_is_refused(shelf: &Shelf) {
    let service = shelf.service();
    service.add(json!({ shelf.id: "taken" })).await;
    for last in [json!({ shelf.id: "taken" }), json!({ shelf.id: true }), json!("text"), json!(null), json!([])] {
        assert!(service.create(json!([{ "a": 1 }, { shelf.id: "free" }, last])).await.is_err());
    }
    assert_eq!(service.field(shelf.id, json!({})).await, ["taken"]);
}

pub async fn ids_are_told_apart_within_one_creation(shelf: &Shelf) {
    let service = shelf.service();
    let twice = service.create(json!([{ shelf.id: "1" }, { shelf.id: 1 }])).await;
    assert_eq!(refusal(twice), "A record with id '1' exists already");
    let created = service.create(json!([{}, {}, { shelf.id: 1 }])).await.unwrap();
    assert_eq!(values(shelf.id, &created), [0, 2, 1]);
}

pub async fn all_that_match_are_patched_and_answered(shelf: &Shelf) {
    let service = shelf.service();
    service.people().await;
    let young = json!({ "age": { "$lt": 30 } });
    let patched = service.patch(Value::Null, json!({ "age": 40 }), young).await.unwrap();
    assert_eq!(values("name", &patched), ["Bob", "Alice"]);
    assert_eq!(values("age", &patched), [40, 40]);
    assert_eq!(service.field("age", json!({})).await, [40, 32, 40]);
    let nobody = service.patch(Value::Null, json!({ "age": 1 }), json!({ "name": "Nobody" })).await;
    assert_eq!(nobody, Ok(json!([])));
}

pub async fn all_that_match_are_removed_and_answered(shelf: &Shelf) {
    let service = shelf.service();
    service.people().await;
    let removed = service.remove(Value::Null, json!({ "age": { "$lt": 30 }, "$select": ["name"] })).await.unwrap();
    assert_eq!(values("name", &removed), ["Bob", "Alice"]);
    assert_eq!(values("age", &removed), [Value::Null, Value::Null]);
    assert_eq!(service.field("name", json!({})).await, ["Doug"]);
}

pub async fn writes_of_many_heed_no_pages_and_no_filters(shelf: &Shelf) {
    let paginate = Some(Paginate { default: 10, max: Some(100) });
    let service = shelf.service_with(StoreOptions { multi: Multi::ALL, paginate, ..shelf.options() });
    let data = (0..14).map(|at| json!({ "name": format!("name-{at}"), "created": true })).collect();
    assert_eq!(service.create(data).await.unwrap().as_array().unwrap().len(), 14);
    assert_eq!(service.find(json!({})).await.unwrap()["data"].as_array().unwrap().len(), 10);
    let query = json!({ "created": true, "$limit": 1, "$skip": 3, "$sort": { "name": -1 } });
    let patched = service.patch(Value::Null, json!({ "age": 4 }), query.clone()).await.unwrap();
    assert_eq!(patched.as_array().unwrap().len(), 14);
    let removed = service.remove(Value::Null, query).await.unwrap();
    assert_eq!(values("name", &removed)[..2], ["name-0", "name-1"]);
    assert_eq!(removed.as_array().unwrap().len(), 14);
}

pub async fn a_patch_of_many_keeps_each_id(shelf: &Shelf) {
    let service = shelf.service();
    service.create(json!([{ shelf.id: "a" }, { shelf.id: "b" }])).await.unwrap();
    let patched = service.patch(Value::Null, json!({ shelf.id: "c" }), json!({})).await.unwrap();
    assert_eq!(values(shelf.id, &patched), ["a", "b"]);
    assert_eq!(service.field(shelf.id, json!({})).await, ["a", "b"]);
}

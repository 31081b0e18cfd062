//! What the words of a query do. Source: `@feathersjs/adapter-tests` 5, `syntax.ts`.
use super::fixture::{Service, Shelf, refusal};
use callboard::store::StoreError;
use serde_json::{Value, json};

async fn people(shelf: &Shelf) -> Service {
    let service = shelf.service();
    service.people().await;
    service
}

/// The names of those that a query finds, sorted by them.
async fn names(service: &Service, mut query: Value) -> Vec<Value> {
    query["$sort"] = json!({ "name": 1 });
    service.field("name", query).await
}

pub async fn a_value_is_equal_in_kind_and_value(shelf: &Shelf) {
    let service = people(shelf).await;
    assert_eq!(names(&service, json!({ "name": "Alice" })).await, ["Alice"]);
    assert_eq!(names(&service, json!({ "age": 25.0 })).await, ["Bob"]);
    assert!(names(&service, json!({ "age": "25" })).await.is_empty());
    assert!(names(&service, json!({ "age": { "b": 25 } })).await.is_empty());
}

pub async fn several_fields_must_all_match(shelf: &Shelf) {
    let service = people(shelf).await;
    assert!(names(&service, json!({ "name": "Alice", "age": 20 })).await.is_empty());
    assert_eq!(names(&service, json!({ "name": "Alice", "age": 19 })).await, ["Alice"]);
}

pub async fn sort_orders_in_either_direction(shelf: &Shelf) {
    let service = people(shelf).await;
    for up in [json!(1), json!("1"), json!(5)] {
        assert_eq!(service.field("name", json!({ "$sort": { "name": up } })).await, ["Alice", "Bob", "Doug"]);
    }
    for down in [json!(-1), json!("-1")] {
        assert_eq!(service.field("name", json!({ "$sort": { "name": down } })).await, ["Doug", "Bob", "Alice"]);
    }
}

pub async fn sort_has_several_names_in_their_order(shelf: &Shelf) {
    let service = shelf.service();
    let data = json!([{ "a": 1, "b": { "c": 2 } }, { "a": 2, "b": { "c": 1 } }, { "a": 1, "b": { "c": 1 } }, {}]);
    service.create(data).await.unwrap();
    assert_eq!(service.field(shelf.id, json!({ "$sort": { "a": -1, "b.c": 1 } })).await, [1, 2, 0, 3]);
    assert_eq!(service.field(shelf.id, json!({ "$sort": { "b.c": 1 } })).await, [3, 1, 2, 0]);
}

pub async fn limit_and_skip_cut_what_is_found(shelf: &Shelf) {
    let service = people(shelf).await;
    assert_eq!(names(&service, json!({ "$limit": 2 })).await, ["Alice", "Bob"]);
    assert!(names(&service, json!({ "$limit": 0 })).await.is_empty());
    assert_eq!(names(&service, json!({ "$skip": 1 })).await, ["Bob", "Doug"]);
    assert_eq!(names(&service, json!({ "$skip": "1", "$limit": "1" })).await, ["Bob"]);
    assert!(names(&service, json!({ "$skip": u64::MAX, "$limit": u64::MAX })).await.is_empty());
}

pub async fn a_limit_or_skip_that_is_no_count_is_ignored(shelf: &Shelf) {
    let service = people(shelf).await;
    for odd in [json!(-1), json!("a"), json!(null), json!({}), json!(true)] {
        assert_eq!(names(&service, json!({ "$limit": odd, "$skip": odd })).await.len(), 3);
    }
}

pub async fn select_names_the_fields(shelf: &Shelf) {
    let service = people(shelf).await;
    let found = service.find(json!({ "name": "Alice", "$select": ["name"] })).await.unwrap();
    assert_eq!(found, json!([{ "name": "Alice", shelf.id: 2 }]));
}

pub async fn operators_compare_with_lists_and_bounds(shelf: &Shelf) {
    let service = people(shelf).await;
    let found: [(Value, &[&str]); 11] = [
        (json!({ "name": { "$in": ["Alice", "Bob"] } }), &["Alice", "Bob"]),
        (json!({ "name": { "$in": "Alice" } }), &["Alice"]),
        (json!({ "name": { "$in": [] } }), &[]),
        (json!({ "name": { "$nin": ["Alice", "Bob"] } }), &["Doug"]),
        (json!({ "age": { "$lt": 30 } }), &["Alice", "Bob"]),
        (json!({ "age": { "$lte": 25 } }), &["Alice", "Bob"]),
        (json!({ "age": { "$gt": 30 } }), &["Doug"]),
        (json!({ "age": { "$gte": 25 } }), &["Bob", "Doug"]),
        (json!({ "age": { "$ne": 25 } }), &["Alice", "Doug"]),
        (json!({ "age": { "$gt": 18, "$lt": 30 } }), &["Alice", "Bob"]),
        (json!({ "name": { "$gt": "Alice", "$ne": "Doug" } }), &["Bob"]),
    ];
    for (query, expected) in found {
        assert_eq!(names(&service, query.clone()).await, expected, "{query}");
    }
}

pub async fn nothing_has_an_order_with_another_kind(shelf: &Shelf) {
    let service = people(shelf).await;
    for other in [json!("20"), json!(true), json!([20]), json!({}), json!(null)] {
        for operator in ["$lt", "$lte", "$gt", "$gte"] {
            assert!(names(&service, json!({ "age": { operator: other } })).await.is_empty());
        }
    }
}

pub async fn what_is_missing_counts_as_null(shelf: &Shelf) {
    let service = shelf.service();
    service.create(json!([{ "a": null }, {}, { "a": 1 }])).await.unwrap();
    for condition in [json!(null), json!({ "$in": [null] }), json!({ "$lte": null }), json!({ "$gte": null })] {
        assert_eq!(service.field(shelf.id, json!({ "a": condition })).await, [0, 1], "{condition}");
    }
    for condition in [json!({ "$ne": null }), json!({ "$nin": [null] }), json!({ "$gt": 0 })] {
        assert_eq!(service.field(shelf.id, json!({ "a": condition })).await, [2], "{condition}");
    }
    assert!(service.field(shelf.id, json!({ "a": { "$lt": null } })).await.is_empty());
}

pub async fn or_and_and_join_conditions(shelf: &Shelf) {
    let service = people(shelf).await;
    let found: [(Value, &[&str]); 6] = [
        (json!({ "$or": [{ "name": "Alice" }, { "name": "Bob" }] }), &["Alice", "Bob"]),
        (json!({ "$or": [{ "name": "Doug" }, { "age": { "$gte": 18, "$lt": 25 } }] }), &["Alice", "Doug"]),
        (json!({ "$and": [{ "age": 19 }] }), &["Alice"]),
        (json!({ "$and": [{ "$or": [{ "name": "Alice" }] }] }), &["Alice"]),
        (json!({ "$or": [{ "name": "Alice" }, { "name": "Bob" }], "age": 25 }), &["Bob"]),
        (json!({ "$or": [{}] }), &["Alice", "Bob", "Doug"]),
    ];
    for (query, expected) in found {
        assert_eq!(names(&service, query.clone()).await, expected, "{query}");
    }
}

pub async fn dotted_paths_reach_into_objects_and_arrays(shelf: &Shelf) {
    let service = shelf.service();
    let data = json!([{ "a": { "b": 1 } }, { "a": [{ "b": 1 }, { "b": 2 }] }, { "a": { "b": [2, 3] } }, { "a.b": 1 }]);
    service.create(data).await.unwrap();
    assert_eq!(service.field(shelf.id, json!({ "a.b": 1 })).await, [0, 1]);
    assert_eq!(service.field(shelf.id, json!({ "a.b": { "$gt": 1 } })).await, [1, 2]);
    assert_eq!(service.field(shelf.id, json!({ "a.b": { "$ne": 1 } })).await, [2, 3]);
    assert_eq!(service.field(shelf.id, json!({ "a.1.b": 2 })).await, [1]);
    assert_eq!(service.field(shelf.id, json!({ "a": { "b": 1 } })).await, [0, 1]);
}

pub async fn a_query_that_is_none_is_refused_by_each_method(shelf: &Shelf) {
    let service = people(shelf).await;
    let inner = json!({ "$foo": 1 });
    let refused = [
        (json!({ "$foo": 1 }), "Invalid filter value $foo", None),
        (json!({ "a": inner }), "Invalid query parameter $foo", Some(inner.clone())),
        (json!([]), "The query must be an object", None),
    ];
    for (query, message, data) in refused {
        let refusals = [
            service.find(query.clone()).await,
            service.get(0, query.clone()).await,
            service.update(0, json!({}), query.clone()).await,
            service.patch(0, json!({}), query.clone()).await,
            service.remove(0, query.clone()).await,
        ];
        for answer in refusals {
            assert_eq!(answer, Err(StoreError::BadRequest { message: message.into(), data: data.clone() }));
            assert_eq!(refusal(answer), message);
        }
    }
}

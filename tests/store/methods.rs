//! What `get`, `find` and `remove` answer. Source: `@feathersjs/adapter-tests` 5, `methods.ts`.
use super::fixture::{Shelf, is_not_found, values};
use serde_json::{Value, json};

pub async fn a_document_is_got_by_its_id(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug", "age": 32 })).await;
    let got = service.get(doug.clone(), Value::Null).await.unwrap();
    assert_eq!(got[shelf.id], doug);
    assert_eq!(service.bare(got), json!({ "name": "Doug", "age": 32 }));
}

pub async fn a_selected_document_has_the_named_fields_and_its_id(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug", "age": 32 })).await;
    let select = json!({ "$select": ["name"] });
    let expected = json!({ "name": "Doug", shelf.id: doug });
    assert_eq!(service.get(doug.clone(), select.clone()).await, Ok(expected.clone()));
    assert_eq!(service.patch(doug.clone(), json!({ "age": 3 }), select.clone()).await, Ok(expected.clone()));
    let update = json!({ "name": "Doug", "age": 10 });
    assert_eq!(service.update(doug.clone(), update, select.clone()).await, Ok(expected.clone()));
    assert_eq!(service.remove(doug, select).await, Ok(expected));
}

pub async fn a_document_that_the_query_does_not_match_is_not_found(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    assert!(is_not_found(&service.get(doug.clone(), json!({ "name": "Tester" })).await, &doug));
    assert!(service.get(doug, json!({ "name": "Doug" })).await.is_ok());
}

pub async fn a_query_for_another_id_finds_nothing(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    let alice = service.add(json!({ "name": "Alice" })).await;
    let query = json!({ shelf.id: alice });
    assert!(is_not_found(&service.get(doug.clone(), query.clone()).await, &doug));
    assert!(is_not_found(&service.update(doug.clone(), json!({}), query.clone()).await, &doug));
    assert!(is_not_found(&service.patch(doug.clone(), json!({}), query.clone()).await, &doug));
    assert!(is_not_found(&service.remove(doug.clone(), query).await, &doug));
    assert!(service.get(doug.clone(), json!({ shelf.id: doug })).await.is_ok());
}

pub async fn an_unknown_id_is_not_found(shelf: &Shelf) {
    let service = shelf.service();
    service.people().await;
    for id in [json!("568225fbfe21222432e836ff"), json!(123_456_789), json!(-1), json!(0.5), json!(""), json!("00")] {
        assert!(is_not_found(&service.get(id.clone(), json!({})).await, &id));
        assert!(is_not_found(&service.update(id.clone(), json!({}), json!({})).await, &id));
        assert!(is_not_found(&service.patch(id.clone(), json!({}), json!({})).await, &id));
        assert!(is_not_found(&service.remove(id.clone(), json!({})).await, &id));
    }
    assert_eq!(service.field("name", json!({})).await, ["Bob", "Doug", "Alice"]);
}

pub async fn all_documents_are_found_without_a_query(shelf: &Shelf) {
    let service = shelf.service();
    assert_eq!(service.find(Value::Null).await, Ok(json!([])));
    service.people().await;
    assert_eq!(service.field("name", Value::Null).await, ["Bob", "Doug", "Alice"]);
}

pub async fn a_number_and_its_text_find_the_same_document(shelf: &Shelf) {
    let service = shelf.service();
    service.create(json!([{ shelf.id: 7 }, { shelf.id: "8" }])).await.unwrap();
    for (id, kept) in [(json!("7"), json!(7)), (json!(7.0), json!(7)), (json!(8), json!("8"))] {
        assert_eq!(service.get(id, json!({})).await, Ok(json!({ shelf.id: kept })));
    }
    assert!(is_not_found(&service.get(7, json!({ shelf.id: "7" })).await, &json!(7)));
}

pub async fn documents_without_a_sort_come_in_the_order_of_their_ids(shelf: &Shelf) {
    let service = shelf.service();
    for id in [json!("b"), json!(10), json!("a"), json!("2"), json!(-1), json!(u32::MAX), json!(3)] {
        service.add(json!({ shelf.id: id })).await;
    }
    service.patch("b", json!({ "is_patched": true }), json!({})).await.unwrap();
    service.update("10", json!({}), json!({})).await.unwrap();
    let ids = [json!("2"), json!(3), json!(10), json!("b"), json!("a"), json!(-1), json!(u32::MAX)];
    assert_eq!(service.field(shelf.id, json!({})).await, ids);
}

pub async fn a_removed_document_is_answered_and_gone(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    let removed = service.remove(doug.clone(), json!({})).await.unwrap();
    assert_eq!(removed, json!({ "name": "Doug", shelf.id: doug }));
    assert!(is_not_found(&service.get(doug.clone(), json!({})).await, &doug));
    assert!(is_not_found(&service.remove(doug.clone(), json!({})).await, &doug));
}

pub async fn nothing_is_removed_where_the_query_does_not_match(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    assert!(is_not_found(&service.remove(doug.clone(), json!({ "name": "Tester" })).await, &doug));
    assert_eq!(values("name", &service.find(json!({})).await.unwrap()), ["Doug"]);
}

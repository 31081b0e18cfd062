//! What `create`, `update` and `patch` of one document do. Source: `@feathersjs/adapter-tests` 5, `methods.ts`.
use super::fixture::{Shelf, is_not_found, refusal};
use callboard::store::StoreError;
use serde_json::json;

pub async fn a_created_document_has_an_id(shelf: &Shelf) {
    let service = shelf.service();
    let bill = service.create(json!({ "name": "Bill", "age": 40 })).await.unwrap();
    assert!(bill[shelf.id].is_number());
    assert_eq!(service.get(bill[shelf.id].clone(), json!({})).await, Ok(bill.clone()));
    assert_eq!(service.bare(bill), json!({ "name": "Bill", "age": 40 }));
}

pub async fn create_ignores_the_query_but_for_its_select(shelf: &Shelf) {
    let service = shelf.service();
    let query = json!({ "name": "Dave", "$unheard": 1, "$select": ["name"] });
    let billy = service.create_with(json!({ "name": "Billy", "age": 42 }), query).await.unwrap();
    let id = billy[shelf.id].clone();
    assert_eq!(service.bare(billy), json!({ "name": "Billy" }));
    assert_eq!(service.get(id, json!({})).await.unwrap()["age"], 42);
}

pub async fn an_id_that_is_brought_along_is_kept(shelf: &Shelf) {
    let service = shelf.service();
    for id in [json!("text"), json!(7), json!(-1), json!(1.5), json!("01"), json!(u64::MAX)] {
        assert_eq!(service.add(json!({ shelf.id: id })).await, id);
        assert_eq!(service.get(id.clone(), json!({})).await, Ok(json!({ shelf.id: id })));
    }
}

pub async fn an_id_that_javascript_takes_for_false_is_given(shelf: &Shelf) {
    let service = shelf.service();
    let falsy = json!([{ shelf.id: null }, { shelf.id: false }, { shelf.id: 0 }, { shelf.id: "" }, {}]);
    service.create(falsy).await.unwrap();
    assert_eq!(service.field(shelf.id, json!({})).await, [0, 1, 2, 3, 4]);
}

pub async fn an_id_of_the_wrong_kind_is_refused(shelf: &Shelf) {
    let service = shelf.service();
    for id in [json!(true), json!([]), json!([1]), json!({}), json!({ "$ne": null })] {
        for answer in [
            service.create(json!({ shelf.id: id })).await,
            service.update(id.clone(), json!({}), json!({})).await,
            service.patch(id.clone(), json!({}), json!({})).await,
            service.remove(id.clone(), json!({})).await,
        ] {
            assert_eq!(refusal(answer), "An id must be text or a number");
        }
    }
    assert_eq!(service.find(json!({})).await, Ok(json!([])));
}

pub async fn an_id_that_is_taken_is_a_conflict(shelf: &Shelf) {
    let service = shelf.service();
    let first = service.create(json!({ shelf.id: 1, "name": "first" })).await;
    for id in [json!(1), json!("1"), json!(1.0)] {
        let second = service.create(json!({ shelf.id: id, "name": "second" })).await;
        assert!(matches!(second, Err(StoreError::Conflict { .. })));
        assert_eq!(refusal(second), "A record with id '1' exists already");
    }
    assert_eq!(service.get(1, json!({})).await, first);
}

pub async fn a_given_id_is_never_one_that_is_taken(shelf: &Shelf) {
    let service = shelf.service();
    service.create(json!([{ shelf.id: 1 }, { shelf.id: "2" }])).await.unwrap();
    let given = [service.add(json!({})).await, service.add(json!({})).await];
    assert_eq!(given, [0, 3]);
    service.remove(3, json!({})).await.unwrap();
    assert_eq!(service.add(json!({})).await, 4);
}

pub async fn update_replaces_all_but_the_id(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug", "age": 32 })).await;
    for data in [json!({ "name": "Dougler" }), json!({ "name": "Dougler", shelf.id: "another" })] {
        let expected = json!({ "name": "Dougler", shelf.id: doug });
        assert_eq!(service.update(doug.clone(), data, json!({})).await, Ok(expected.clone()));
        assert_eq!(service.find(json!({})).await, Ok(json!([expected])));
    }
}

pub async fn an_update_answers_what_no_longer_matches_its_query(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    let updated = service.update(doug.clone(), json!({ "name": "Dougler" }), json!({ "name": "Doug" })).await;
    assert_eq!(updated, Ok(json!({ "name": "Dougler", shelf.id: doug })));
    assert_eq!(service.get(doug, json!({})).await, updated);
}

pub async fn patch_sets_fields_and_leaves_the_others(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug", "age": 32, "a": { "b": 1 } })).await;
    let data = json!({ "name": "PatchDoug", "a": { "c": 2 }, "new": null, shelf.id: "another" });
    let expected = json!({ "name": "PatchDoug", "age": 32, "a": { "c": 2 }, "new": null, shelf.id: doug });
    assert_eq!(service.patch(doug.clone(), data, json!({})).await, Ok(expected.clone()));
    assert_eq!(service.find(json!({})).await, Ok(json!([expected])));
}

pub async fn a_patch_answers_what_no_longer_matches_its_query(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    let patched = service.patch(doug, json!({ "name": "Dave" }), json!({ "name": "Doug" })).await.unwrap();
    assert_eq!(service.bare(patched), json!({ "name": "Dave" }));
}

pub async fn nothing_is_written_where_the_query_does_not_match(shelf: &Shelf) {
    let service = shelf.service();
    let dave = service.add(json!({ "name": "Dave" })).await;
    let (data, query) = (json!({ "name": "Changed" }), json!({ "name": "NotDave" }));
    assert!(is_not_found(&service.update(dave.clone(), data.clone(), query.clone()).await, &dave));
    assert!(is_not_found(&service.patch(dave.clone(), data, query).await, &dave));
    assert_eq!(service.field("name", json!({})).await, ["Dave"]);
}

pub async fn an_update_of_many_is_refused(shelf: &Shelf) {
    let service = shelf.service();
    let doug = service.add(json!({ "name": "Doug" })).await;
    for answer in
        [service.update(json!(null), json!({}), json!({})).await, service.update(doug, json!([{}]), json!({})).await]
    {
        assert_eq!(refusal(answer), "You can not replace multiple instances. Did you mean 'patch'?");
    }
}

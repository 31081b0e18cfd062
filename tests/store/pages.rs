//! Pages. Source: `@feathersjs/adapter-tests` 5, `syntax.ts`.
use super::fixture::{Service, Shelf, values};
use callboard::store::{Paginate, StoreOptions};
use serde_json::{Value, json};

/// Bob, Doug and Alice in pages of one, or of two where asked.
async fn people(shelf: &Shelf) -> Service {
    let paginate = Some(Paginate { default: 1, max: Some(2) });
    let service = shelf.service_with(StoreOptions { paginate, ..shelf.options() });
    service.people().await;
    service
}

/// What a page says, with the names of its documents.
async fn page(service: &Service, mut query: Value) -> Value {
    query["$sort"] = json!({ "name": -1 });
    let mut page = service.find(query).await.unwrap();
    page["data"] = values("name", &page["data"]).into();
    page
}

pub async fn a_page_tells_how_many_match(shelf: &Shelf) {
    let service = people(shelf).await;
    let first = json!({ "total": 3, "limit": 1, "skip": 0, "data": ["Doug"] });
    assert_eq!(page(&service, json!({})).await, first);
    let alice = json!({ "total": 1, "limit": 1, "skip": 0, "data": ["Alice"] });
    assert_eq!(page(&service, json!({ "name": "Alice" })).await, alice);
    let beyond = json!({ "total": 3, "limit": 1, "skip": 7, "data": [] });
    assert_eq!(page(&service, json!({ "$skip": "7" })).await, beyond);
}

pub async fn a_page_is_no_longer_than_its_bound(shelf: &Shelf) {
    let service = people(shelf).await;
    let two = json!({ "total": 3, "limit": 2, "skip": 1, "data": ["Bob", "Alice"] });
    assert_eq!(page(&service, json!({ "$skip": 1, "$limit": 4 })).await, two);
    for odd in [json!(-1), json!("a"), json!(null)] {
        assert_eq!(page(&service, json!({ "$limit": odd })).await["limit"], 1);
    }
}

pub async fn a_page_of_no_documents_tells_the_total(shelf: &Shelf) {
    let service = people(shelf).await;
    let none = json!({ "total": 3, "limit": 0, "skip": 0, "data": [] });
    assert_eq!(page(&service, json!({ "$limit": 0 })).await, none);
}

pub async fn a_call_has_pages_of_its_own_or_none(shelf: &Shelf) {
    let service = people(shelf).await;
    let three = service.paginate(Some(Paginate { default: 3, max: None }));
    let all = json!({ "total": 3, "limit": 3, "skip": 0, "data": ["Doug", "Bob", "Alice"] });
    assert_eq!(page(&three, json!({})).await, all);
    assert_eq!(service.paginate(None).field("name", json!({})).await, ["Bob", "Doug", "Alice"]);
}

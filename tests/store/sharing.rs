//! Several stores over one set of documents.
use super::fixture::Shelf;
use callboard::store::{CallOptions, Found, Paginate, Query, Select, StoreOptions, documents};
use serde_json::json;

pub async fn stores_over_one_shelf_see_each_others_documents(shelf: &Shelf) {
    let whole = shelf.service();
    let paged =
        shelf.service_with(StoreOptions { paginate: Some(Paginate { default: 1, max: None }), ..shelf.options() });
    let doug = whole.add(json!({ "name": "Doug" })).await;
    assert_eq!(paged.find(json!({})).await.unwrap()["total"], 1);
    assert_ne!(paged.add(json!({ "name": "Alice" })).await, doug);
    paged.remove(doug, json!({})).await.unwrap();
    assert_eq!(whole.field("name", json!({})).await, ["Alice"]);
}

pub async fn an_answer_is_a_copy(shelf: &Shelf) {
    let store = (shelf.open)(shelf.options());
    let data = documents(json!({ "name": "Doug" })).unwrap();
    store.create(data, Select::all(), CallOptions::default()).await.unwrap();
    for _ in 0..2 {
        let Ok(Found::All(mut found)) = store.find(Query::default(), CallOptions::default()).await else {
            panic!("pages are off");
        };
        assert_eq!(found[0].insert("name".into(), "Changed".into()), Some(json!("Doug")));
    }
}

pub async fn the_options_are_told(shelf: &Shelf) {
    let options = StoreOptions { events: vec!["testing".into()], ..shelf.options() };
    assert_eq!(*(shelf.open)(options.clone()).options(), options);
}

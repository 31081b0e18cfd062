//! The memory store, and what it alone promises.
use super::fixture::{Shelf, refusal};
use callboard::store::{MemoryStore, StoreError, StoreOptions, Table};
use serde_json::json;
use std::sync::Arc;

/// A shelf whose stores share one table.
pub fn shelf(id: &'static str) -> Shelf {
    of(Table::default(), id)
}

fn of(table: Table, id: &'static str) -> Shelf {
    Shelf { id, open: Box::new(move |options| Arc::new(MemoryStore::over(table.clone(), options))) }
}

#[tokio::test]
async fn a_full_table_takes_no_document_more() {
    let service = of(Table::holding(2), "id").service();
    service.create(json!([{}, {}])).await.unwrap();
    let full = service.create(json!({})).await;
    assert_eq!(full, Err(StoreError::Full { max: 2, what: "records" }));
    assert_eq!(refusal(full), "The store is full: it holds no more than 2 records");
    service.remove(0, json!({})).await.unwrap();
    assert!(service.create(json!({})).await.is_ok());
}

#[tokio::test]
async fn none_of_many_is_created_where_not_all_fit() {
    let service = of(Table::holding(2), "id").service();
    assert_eq!(service.create(json!([{}, {}, {}])).await, Err(StoreError::Full { max: 2, what: "records" }));
    assert_eq!(service.find(json!({})).await, Ok(json!([])));
}

#[tokio::test]
async fn a_table_whose_bytes_are_taken_takes_what_fits_and_nothing_is_half_written() {
    let service = of(Table::default().holding_bytes(4_000), "id").service();
    let text = "x".repeat(1_000);
    service.create(json!([{ "text": text }, { "text": text }])).await.unwrap();
    let before = service.find(json!({})).await;
    let longer = json!({ "more": text });
    for refused in [
        service.create(json!({ "text": text })).await,
        service.create(json!([{}, { "text": text }])).await,
        service.patch(json!(null), longer.clone(), json!({})).await,
        service.update(0, json!({ "text": text.repeat(3) }), json!({})).await,
        service.patch(0, json!({ "text": text.repeat(3) }), json!({})).await,
    ] {
        assert_eq!(refused, Err(StoreError::Full { max: 4_000, what: "bytes" }));
        assert_eq!(refusal(refused), "The store is full: it holds no more than 4000 bytes");
    }
    assert_eq!(service.find(json!({})).await, before);
    for round in 0..20 {
        // What was removed or has shrunk makes room again.
        service.patch(json!(null), json!({ "text": "" }), json!({})).await.unwrap();
        service.patch(round * 2, longer.clone(), json!({})).await.unwrap();
        service.remove(json!(null), json!({})).await.unwrap();
        service.create(json!([{ "text": text }, { "text": text }])).await.unwrap();
    }
}

#[tokio::test]
async fn ids_begin_where_the_options_say() {
    let shelf = shelf("id");
    let late = shelf.service_with(StoreOptions { start_id: 10, ..shelf.options() });
    assert_eq!(shelf.service().add(json!({})).await, json!(0));
    assert_eq!(late.add(json!({})).await, json!(10));
    assert_eq!(shelf.service().add(json!({})).await, json!(11));
}

#[tokio::test]
async fn a_write_is_done_when_the_call_returns() {
    use callboard::store::{CallOptions, Select, Store, documents};
    let store = MemoryStore::new(StoreOptions::default());
    drop(store.create(documents(json!({})).unwrap(), Select::all(), CallOptions::default()));
    assert!(store.get(0.into(), Default::default()).await.is_ok());
}

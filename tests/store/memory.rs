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
    assert_eq!(full, Err(StoreError::Full { max: 2 }));
    assert_eq!(refusal(full), "The store is full: it holds no more than 2 records");
    service.remove(0, json!({})).await.unwrap();
    assert!(service.create(json!({})).await.is_ok());
}

#[tokio::test]
async fn none_of_many_is_created_where_not_all_fit() {
    let service = of(Table::holding(2), "id").service();
    assert_eq!(service.create(json!([{}, {}, {}])).await, Err(StoreError::Full { max: 2 }));
    assert_eq!(service.find(json!({})).await, Ok(json!([])));
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

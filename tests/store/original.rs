//! What `@feathersjs/memory` 5.0.50 answered, recorded in `original.json`: its documents, and for each query and each sort the
//! numbers of those found.
use super::fixture::{Service, Shelf};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Recorded {
    documents: Vec<Value>,
    queries: Vec<(Value, Vec<Value>)>,
    sorts: Vec<(Value, Vec<Value>)>,
}

async fn recorded(shelf: &Shelf) -> (Service, Recorded) {
    let recorded: Recorded = serde_json::from_str(include_str!("original.json")).expect("the record is JSON");
    let service = shelf.service();
    service.create(recorded.documents.clone().into()).await.expect("documents of the record");
    (service, recorded)
}

pub async fn queries_find_what_the_original_finds(shelf: &Shelf) {
    let (service, recorded) = recorded(shelf).await;
    for (query, mut found) in recorded.queries {
        let mut ours = service.field(shelf.id, query.clone()).await;
        // In JavaScript text has letters at its indexes.
        let is_index = ["a.0", "a.1"].iter().any(|path| query.get(path).is_some());
        let is_letters = |number: &Value| recorded.documents[number.as_u64().unwrap_or(0) as usize]["a"].is_string();
        for numbers in [&mut ours, &mut found] {
            numbers.retain(|number| !(is_index && is_letters(number)));
        }
        assert_eq!(ours, found, "{query}");
    }
}

pub async fn documents_are_sorted_as_the_original_sorts_them(shelf: &Shelf) {
    let (service, recorded) = recorded(shelf).await;
    for (sort, mut found) in recorded.sorts {
        let mut sorted = service.field(shelf.id, json!({ "$sort": sort })).await;
        // The original takes each of null and nothing for less than the other.
        sorted.retain(|number| *number != 1);
        found.retain(|number| *number != 1);
        assert_eq!(sorted, found, "{sort}");
    }
}

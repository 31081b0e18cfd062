//! Random documents, queries and writes, of everything that JSON has: a store answers as the memory store does, to the letter.
use super::fixture::{Service, Shelf};
use callboard::store::{MemoryStore, Multi, Paginate, StoreOptions};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::sync::Arc;

/// Values that meet again, with those that are hard to tell apart: numbers of both kinds past 2⁵³, texts that end, quote or command
/// something, long ones that are alike at first.
fn scalar() -> impl Strategy<Value = Value> {
    let exact = 1_i64 << 53;
    let numbers = [
        json!(0),
        json!(-0.0),
        json!(1),
        json!(1.0),
        json!(1.5),
        json!(-1),
        json!(exact),
        json!(exact + 1),
        json!(exact as f64),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(u64::MAX as f64),
        json!(1e300),
        json!(5e-324),
    ];
    let texts = ["", "a", "b", "1", "é", "\0", "\u{1}", "\u{2}0", "[", "'\"\\", "\u{1f600}", "\u{ffff}", "%"];
    let long = ["a", "b", ""].map(|end| json!("x".repeat(199) + end + "\u{e9}"));
    prop_oneof![
        2 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        6 => select(numbers.to_vec()),
        6 => select(texts.to_vec()).prop_map(Value::from),
        1 => select(long.to_vec()),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ]
}

fn name() -> impl Strategy<Value = String> {
    let names = ["a", "a", "b", "b", "x", "0", "1", "", " ", "é\"", "a'", "~", "\0", "length"];
    select(names.to_vec()).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let many = json!(vec!["y".repeat(50); 30]);
    let leaf = prop_oneof![20 => scalar(), 1 => Just(many)];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..3).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    let id = prop_oneof![3 => Just(Value::Null), 1 => scalar()];
    (id, prop::collection::vec((name(), value()), 0..5)).prop_map(|(id, fields)| {
        let mut document: Value = fields.into_iter().collect();
        // Booleans and `null` are no ids, or none that is kept.
        if id.is_string() || id.is_number() {
            document["id"] = id;
        }
        document
    })
}

fn path() -> impl Strategy<Value = String> {
    let one = prop_oneof![6 => name(), 1 => Just("id".to_owned())];
    let two = (name(), name()).prop_map(|(a, b)| format!("{a}.{b}"));
    let three = (name(), name(), name()).prop_map(|(a, b, c)| format!("{a}.{b}.{c}"));
    prop_oneof![5 => one, 3 => two, 1 => three]
}

fn conditions() -> impl Strategy<Value = Value> {
    let operators = select(vec!["$ne", "$lt", "$lte", "$gt", "$gte"]);
    let test = prop_oneof![
        4 => value(),
        4 => (operators, value()).prop_map(|(operator, value)| json!({ operator: value })),
        2 => (any::<bool>(), prop::collection::vec(value(), 0..4))
            .prop_map(|(is_in, values)| json!({ if is_in { "$in" } else { "$nin" }: values })),
        1 => (scalar(), scalar()).prop_map(|(low, high)| json!({ "$gte": low, "$lt": high })),
    ];
    let field = prop::collection::vec((path(), test), 1..3).prop_map(|fields| fields.into_iter().collect::<Value>());
    field.prop_recursive(2, 6, 3, |inner| {
        (select(vec!["$or", "$or", "$and"]), prop::collection::vec(inner, 1..3))
            .prop_map(|(operator, parts)| json!({ operator: parts }))
    })
}

/// A whole query: conditions, a sort, a part, a choice of fields.
fn query() -> impl Strategy<Value = Value> {
    let sort = prop::collection::vec((path(), select(vec![1, -1])), 0..3);
    let part = (prop::option::of(0..8_usize), prop::option::of(0..5_usize));
    let names = prop::option::weighted(0.2, prop::collection::vec(name(), 0..3));
    let conditions = prop_oneof![1 => Just(json!({})), 5 => conditions()];
    (conditions, sort, part, names).prop_map(|(mut query, sort, (limit, skip), names)| {
        if !sort.is_empty() {
            query["$sort"] = sort.into_iter().map(|(path, direction)| (path, json!(direction))).collect();
        }
        for (name, number) in [("$limit", limit), ("$skip", skip)] {
            if let Some(number) = number {
                query[name] = json!(number);
            }
        }
        if let Some(names) = names {
            query["$select"] = json!(names);
        }
        query
    })
}

/// The same service in memory, and the one of the shelf.
fn both(shelf: &Shelf) -> [Service; 2] {
    let options = StoreOptions { multi: Multi::ALL, ..StoreOptions::default() };
    [Service::of(Arc::new(MemoryStore::new(options.clone()))), Service::of((shelf.open)(options))]
}

/// One value of a strategy.
fn one<T>(strategy: impl Strategy<Value = T>, runner: &mut TestRunner) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

pub async fn any_query_finds_what_memory_finds(shelf: &Shelf) {
    let mut runner = TestRunner::default();
    let [memory, store] = both(shelf);
    for _ in 0..60 {
        let document = one(document(), &mut runner);
        assert_eq!(memory.create(document.clone()).await, store.create(document.clone()).await, "{document}");
    }
    let pages = Some(Paginate { default: 3, max: Some(5) });
    let [paged_memory, paged] = [&memory, &store].map(|service| service.paginate(pages));
    for _ in 0..500 {
        let query = one(query(), &mut runner);
        let (expected, found) = (memory.find(query.clone()).await, store.find(query.clone()).await);
        assert_eq!(text(&expected), text(&found), "{query}");
        assert_eq!(store.find_written(query.clone()).await, found, "{query}");
        assert_eq!(paged_memory.find(query.clone()).await, paged.find(query.clone()).await, "{query} in pages");
    }
}

pub async fn any_writes_leave_what_memory_has(shelf: &Shelf) {
    let mut runner = TestRunner::default();
    let [memory, store] = both(shelf);
    for round in 0..150 {
        let (data, query, id) =
            (one(document(), &mut runner), one(conditions(), &mut runner), one(scalar(), &mut runner));
        let id = if round % 3 == 0 { id } else { json!(round % 40) };
        let (expected, answer) = match round % 7 {
            0..3 => (memory.create(data.clone()).await, store.create(data.clone()).await),
            3 => {
                let many = json!([data, {}, { "a": 1 }]);
                (memory.create(many.clone()).await, store.create(many).await)
            }
            4 => {
                let query = if round % 2 == 0 { json!({}) } else { query.clone() };
                let update = memory.update(id.clone(), data.clone(), query.clone()).await;
                (update, store.update(id.clone(), data.clone(), query).await)
            }
            5 => {
                let id = if round % 2 == 0 { Value::Null } else { id.clone() };
                let patch = memory.patch(id.clone(), data.clone(), query.clone()).await;
                (patch, store.patch(id, data.clone(), query.clone()).await)
            }
            _ => {
                let id = if round % 2 == 0 && query.get("$or").is_none() { Value::Null } else { id.clone() };
                let remove = memory.remove(id.clone(), query.clone()).await;
                (remove, store.remove(id, query.clone()).await)
            }
        };
        assert_eq!(text(&expected), text(&answer), "{id} {data} {query}");
        let (expected, found) = (memory.find(json!({})).await, store.find(json!({})).await);
        assert_eq!(text(&expected), text(&found), "after {id} {data} {query}");
    }
}

/// With the order of members, and with each number as it is written.
fn text(answer: &super::fixture::Answer) -> String {
    match answer {
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

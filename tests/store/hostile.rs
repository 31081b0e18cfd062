//! What is meant to break a store.
use super::fixture::{Shelf, is_not_found, refusal};
use callboard::store::{CallOptions, MAX_DOCUMENT_DEPTH, Multi, Query, Select, StoreError, StoreOptions, documents};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Texts that end, quote or command something in one language or another.
const TEXTS: [&str; 16] = [
    "\0",
    "a\0b",
    "\u{1}\u{7f}\u{1b}[0m",
    "\r\n\t",
    "'",
    "\"",
    "`",
    "\\",
    "'; DROP TABLE documents; --",
    "\" OR 1=1 --",
    "%_*?[]",
    "$1 ? :name @x",
    "{}[]()<>&;|",
    "\u{2028}\u{feff}\u{202e}",
    "\u{1f600}\u{10ffff}\u{e000}",
    " ",
];

pub async fn any_text_is_a_value_a_name_and_an_id(shelf: &Shelf) {
    let service = shelf.service();
    for text in TEXTS {
        let document = json!({ shelf.id: text, text: text, "inner": { text: text }, "list": [text] });
        assert_eq!(service.create(document.clone()).await, Ok(document.clone()), "{text:?}");
        assert_eq!(service.get(text, json!({})).await, Ok(document.clone()));
        for query in [
            json!({ shelf.id: text }),
            json!({ text: text }),
            json!({ format!("inner.{text}"): text }),
            json!({ "inner": { text: text } }),
            json!({ "list": text }),
            json!({ text: { "$in": [text], "$gte": text, "$lte": text } }),
            json!({ text: text, "$sort": { text: 1 }, "$limit": 1 }),
        ] {
            // A name that begins with `$` is an operator, and one with a dot is a path.
            if !text.starts_with('$') {
                assert_eq!(service.find(query.clone()).await, Ok(json!([document])), "{query}");
            }
        }
        let selected = service.get(text, json!({ "$select": [text] })).await;
        assert_eq!(selected, Ok(json!({ shelf.id: text, text: text })));
        assert_eq!(service.patch(text, json!({ text: "new" }), json!({})).await.unwrap()[text], "new");
    }
    for text in TEXTS {
        assert!(service.remove(text, json!({})).await.is_ok());
        assert!(is_not_found(&service.get(text, json!({})).await, &json!(text)));
    }
}

pub async fn names_of_javascript_are_names_like_others(shelf: &Shelf) {
    let service = shelf.service();
    for name in ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "length"] {
        assert!(is_not_found(&service.get(name, json!({})).await, &json!(name)));
        assert!(service.field(shelf.id, json!({ name: { "$ne": null } })).await.is_empty());
        let document = json!({ shelf.id: name, name: { "polluted": true } });
        assert_eq!(service.create(document.clone()).await, Ok(document.clone()));
        assert_eq!(service.get(name, json!({})).await, Ok(document.clone()));
        assert_eq!(service.find(json!({ format!("{name}.polluted"): true })).await, Ok(json!([document])));
        assert_eq!(service.field(shelf.id, json!({ "polluted": true })).await, [""; 0]);
        service.patch(name, json!({ "__proto__": { "admin": true } }), json!({})).await.unwrap();
        assert!(service.field(shelf.id, json!({ "admin": true })).await.is_empty());
        service.remove(name, json!({})).await.unwrap();
    }
}

/// A value with so many objects inside each other.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
}

pub async fn a_query_nested_too_deeply_is_refused_by_each_method(shelf: &Shelf) {
    let service = shelf.service();
    let id = service.add(json!({})).await;
    let message = "The query is nested more than 32 levels deep";
    for query in [
        nested(33),
        nested(100),
        json!({ "$or": [nested(32)] }),
        json!({ "a": { "$in": [nested(32)] } }),
        json!({ "$sort": nested(32) }),
        json!({ "$unheard": nested(100) }),
        json!({ ["a"; 10_000].join("."): 1 }),
    ] {
        assert_eq!(refusal(service.find(query.clone()).await), message);
        assert_eq!(refusal(service.get(id.clone(), query.clone()).await), message);
        assert_eq!(refusal(service.patch(Value::Null, json!({}), query.clone()).await), message);
        assert!(matches!(Query::parse(&query), Err(StoreError::BadRequest { data: None, .. })));
    }
    // As a value it would end the stack of whoever drops it, before any store has seen it.
    for (opened, closed) in [(r#"{"a":"#, "}"), (r#"{"$or":["#, "]}")] {
        let text = format!("{}{{}}{}", opened.repeat(10_000), closed.repeat(10_000));
        assert_eq!(Query::read(&text).unwrap_err().to_string(), message);
    }
    assert_eq!(service.find(nested(32)).await, Ok(json!([])));
}

pub async fn data_nested_too_deeply_is_refused(shelf: &Shelf) {
    let store = (shelf.open)(shelf.options());
    let create = |data| store.create(documents(data).unwrap(), Select::all(), CallOptions::default());
    for levels in [MAX_DOCUMENT_DEPTH + 1, 1_000] {
        let refused = create(nested(levels)).await.unwrap_err();
        assert_eq!(refused.to_string(), "The data is nested more than 100 levels deep");
    }
    create(nested(MAX_DOCUMENT_DEPTH)).await.unwrap();
    let service = shelf.service();
    let deep = json!({ "a": nested(MAX_DOCUMENT_DEPTH) });
    assert!(refusal(service.update(0, deep.clone(), json!({})).await).starts_with("The data is nested"));
    assert!(refusal(service.patch(0, deep.clone(), json!({})).await).starts_with("The data is nested"));
    assert!(refusal(service.patch(Value::Null, deep, json!({})).await).starts_with("The data is nested"));
    assert_eq!(service.find(json!({})).await, Ok(json!([{ shelf.id: 0, "a": nested(MAX_DOCUMENT_DEPTH - 1) }])));
}

pub async fn a_document_that_is_or_becomes_too_large_is_refused(shelf: &Shelf) {
    let options = StoreOptions { max_document_bytes: 1_000, multi: Multi::ALL, ..shelf.options() };
    let service = shelf.service_with(options);
    let (half, whole) = ("x".repeat(600), "x".repeat(1_000));
    service.create(json!([{ "a": half }, {}])).await.unwrap();
    let before = service.find(json!({})).await;
    for refused in [
        service.create(json!({ "a": whole })).await,
        service.create(json!([{}, { whole.as_str(): 1 }])).await,
        service.create(json!({ shelf.id: whole })).await,
        service.create(json!({ "a": "\u{1}".repeat(200) })).await,
        service.update(0, json!({ "a": whole }), json!({})).await,
        service.patch(0, json!({ "b": half }), json!({})).await,
        service.patch(Value::Null, json!({ "b": half }), json!({})).await,
    ] {
        assert_eq!(refusal(refused), "A document may be 1000 bytes of JSON at most");
    }
    assert_eq!(service.find(json!({})).await, before);
    // What fits when it is created fits when it is written again.
    let fits = 1_000 - json!({ shelf.id: u64::MAX, "a": "" }).to_string().len();
    let id = service.add(json!({ "a": "x".repeat(fits) })).await;
    assert!(service.patch(id.clone(), json!({}), json!({})).await.is_ok());
    assert!(service.patch(id, json!({ "a": "" }), json!({})).await.is_ok());
}

pub async fn a_large_list_is_searched_quickly(shelf: &Shelf) {
    let service = shelf.service();
    let data = (0..1_000).map(|at| json!({ "tags": vec![at; 50] })).collect();
    service.create(data).await.unwrap();
    let began = Instant::now();
    let listed: Vec<_> = (0..Query::MAX_LISTED).map(|at| at + 500).collect();
    assert_eq!(service.field(shelf.id, json!({ "tags": { "$nin": listed } })).await.len(), 500);
    // One by one it would be 250 million comparisons.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

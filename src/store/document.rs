//! What a store keeps, and what it answers.
use super::nesting::document_is_within;
use super::size::{Size, size};
use super::{Id, StoreError, StoreOptions};
use serde::Serialize;
use serde_json::{Map, Value};

/// One document: the fields of a JSON object, in their order.
pub type Document = Map<String, Value>;

/// How many objects and arrays may stand inside each other in a document, itself counted: readers of JSON allow 128, and what
/// is sent stands in some levels more.
pub const MAX_DOCUMENT_DEPTH: usize = 100;

/// One document or many: what is created, and what a write answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Documents {
    /// One.
    One(Document),
    /// Any number, also none.
    Many(Vec<Document>),
}

/// What `find` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Found {
    /// Where pages are on.
    Page(Page),
    /// Where they are off.
    All(Vec<Document>),
}

impl Found {
    /// The documents, of a page or of all.
    pub fn into_documents(self) -> Vec<Document> {
        match self {
            Found::Page(page) => page.data,
            Found::All(documents) => documents,
        }
    }
}

/// A part of what a query matches, as it is written on the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// How many documents the query matches, `$limit` and `$skip` aside.
    pub total: usize,
    /// How many a page has at most.
    pub limit: usize,
    /// How many were left out before these.
    pub skip: usize,
    /// The documents.
    pub data: Vec<Document>,
}

/// Reads what is to be created. [`StoreError::BadRequest`] for what is neither an object nor an array of them.
pub fn documents(data: Value) -> Result<Documents, StoreError> {
    match data {
        Value::Array(elements) => Ok(Documents::Many(elements.into_iter().map(document).collect::<Result<_, _>>()?)),
        one => Ok(Documents::One(document(one)?)),
    }
}

/// Reads what is to be patched. [`StoreError::BadRequest`] for what is no object.
pub fn document(data: Value) -> Result<Document, StoreError> {
    match data {
        Value::Object(fields) => Ok(fields),
        _ => Err(StoreError::bad_request("The data must be an object")),
    }
}

/// Reads what is to be updated, which is one document. [`StoreError::BadRequest`] without an id, for an array, and for what is
/// no object.
pub fn replacement(id: Option<Id>, data: Value) -> Result<(Id, Document), StoreError> {
    match (id, data) {
        (None, _) | (_, Value::Array(_)) => {
            Err(StoreError::bad_request("You can not replace multiple instances. Did you mean 'patch'?"))
        }
        (Some(id), data) => Ok((id, document(data)?)),
    }
}

/// The document with the id of another one, also where that has none. `id` names the field of the id.
pub(super) fn with_id_of(id: &str, other: &Document, mut document: Document) -> Document {
    match other.get(id) {
        Some(kept) => document.insert(id.to_owned(), kept.clone()),
        None => document.remove(id),
    };
    document
}

/// Up to so many fields a walk over all of them is faster than a hash of the name.
const FEW: usize = 12;

/// A field of an object. Conditions look for one in each document.
pub(super) fn field<'d>(fields: &'d Document, name: &str) -> Option<&'d Value> {
    match fields.len() <= FEW {
        true => fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value),
        false => fields.get(name),
    }
}

/// [`StoreError::BadRequest`] for a document that is nested too deeply.
pub(super) fn check_depth(document: &Document) -> Result<(), StoreError> {
    match document_is_within(document, MAX_DOCUMENT_DEPTH) {
        true => Ok(()),
        false => {
            let message = format!("The data is nested more than {MAX_DOCUMENT_DEPTH} levels deep");
            Err(StoreError::bad_request(message))
        }
    }
}

/// The size of a document that is to be kept, with the id that it is still to be given. [`StoreError::BadRequest`] where it is more than
/// the options allow.
pub(super) fn check_size(document: &Document, has_id: bool, options: &StoreOptions) -> Result<Size, StoreError> {
    let size = size(document);
    let size = if has_id { size } else { size.with_number(&options.id) };
    match size.text <= options.max_document_bytes {
        true => Ok(size),
        false => {
            let max = options.max_document_bytes;
            Err(StoreError::bad_request(format!("A document may be {max} bytes of JSON at most")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_update_without_an_id_or_with_an_array_is_no_replacement() {
        for (id, data) in [(None, json!({})), (Some(Id::from(1)), json!([]))] {
            let refusal = replacement(id, data).unwrap_err();
            assert_eq!(refusal.to_string(), "You can not replace multiple instances. Did you mean 'patch'?");
        }
        assert!(replacement(Some(Id::from(1)), json!({})).is_ok());
    }

    #[test]
    fn data_that_is_no_object_is_refused() {
        for data in [json!(null), json!("abc"), json!(1), json!([1]), json!([{}, null])] {
            assert!(matches!(documents(data), Err(StoreError::BadRequest { .. })));
        }
        assert_eq!(documents(json!([])), Ok(Documents::Many(vec![])));
    }

    #[test]
    fn what_is_found_is_written_as_a_page_or_as_an_array() {
        let page = Found::Page(Page { total: 3, limit: 1, skip: 2, data: vec![] });
        assert_eq!(serde_json::to_value(page).unwrap(), json!({ "total": 3, "limit": 1, "skip": 2, "data": [] }));
        assert_eq!(serde_json::to_value(Found::All(vec![])).unwrap(), json!([]));
    }
}

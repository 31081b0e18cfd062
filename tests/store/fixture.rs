//! A store as a client has it: JSON in, JSON out.
use callboard::store::{self, CallOptions, Id, Multi, Paginate, Query, Select, Store, StoreError, StoreOptions};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a store answers, as it is written on the wire.
pub type Answer = Result<Value, StoreError>;

/// Opens stores over one set of documents, which is empty at first.
pub struct Shelf {
    /// The field that holds the id.
    pub id: &'static str,
    /// Opens a store.
    pub open: Box<dyn Fn(StoreOptions) -> Arc<dyn Store>>,
}

impl Shelf {
    /// Options with the id of this shelf.
    pub fn options(&self) -> StoreOptions {
        StoreOptions { id: self.id.into(), ..StoreOptions::default() }
    }

    /// A service that allows all writes of many.
    pub fn service(&self) -> Service {
        self.service_with(StoreOptions { multi: Multi::ALL, ..self.options() })
    }

    /// A service with these options.
    pub fn service_with(&self, options: StoreOptions) -> Service {
        Service { store: (self.open)(options), call: CallOptions::default(), id: self.id }
    }
}

/// A store behind the readers that every call from a wire goes through.
pub struct Service {
    store: Arc<dyn Store>,
    call: CallOptions,
    id: &'static str,
}

impl Service {
    /// The service of a store whose ids stand in `id`.
    pub fn of(store: Arc<dyn Store>) -> Service {
        Service { store, call: CallOptions::default(), id: "id" }
    }

    /// The same service with pages of the call's own, or none.
    pub fn paginate(&self, paginate: Option<Paginate>) -> Service {
        Service { store: self.store.clone(), call: self.call.paginate(paginate), id: self.id }
    }

    /// The same service with these writes of many.
    pub fn multi(&self, multi: Multi) -> Service {
        Service { store: self.store.clone(), call: self.call.multi(multi), id: self.id }
    }

    pub async fn find(&self, query: Value) -> Answer {
        written(self.store.find(read(&query)?, self.call).await?)
    }

    /// What is found, by the way that is written at once.
    pub async fn find_written(&self, query: Value) -> Answer {
        let found = self.store.find_written(read(&query)?, self.call).await?;
        Ok(serde_json::from_str(found.as_str()).expect("an answer is JSON"))
    }

    pub async fn get(&self, id: impl Into<Value>, query: Value) -> Answer {
        written(self.store.get(one(&id.into())?, read(&query)?).await?)
    }

    pub async fn create(&self, data: Value) -> Answer {
        self.create_with(data, Value::Null).await
    }

    pub async fn create_with(&self, data: Value, query: Value) -> Answer {
        written(self.store.create(store::documents(data)?, Select::read(&query)?, self.call).await?)
    }

    pub async fn update(&self, id: impl Into<Value>, data: Value, query: Value) -> Answer {
        let (id, data) = store::replacement(Id::read(&id.into())?, data)?;
        written(self.store.update(id, data, read(&query)?).await?)
    }

    pub async fn patch(&self, id: impl Into<Value>, data: Value, query: Value) -> Answer {
        let id = Id::read(&id.into())?;
        written(self.store.patch(id, store::document(data)?, read(&query)?, self.call).await?)
    }

    pub async fn remove(&self, id: impl Into<Value>, query: Value) -> Answer {
        written(self.store.remove(Id::read(&id.into())?, read(&query)?, self.call).await?)
    }

    /// Creates a document and tells its id.
    pub async fn add(&self, data: Value) -> Value {
        let created = self.create(data).await.expect("a document that may be created");
        created[self.id].clone()
    }

    /// One field of all documents that a query finds, in their order.
    pub async fn field(&self, name: &str, query: Value) -> Vec<Value> {
        values(name, &self.find(query).await.expect("a query that may be asked"))
    }

    /// The document without its id.
    pub fn bare(&self, mut document: Value) -> Value {
        document.as_object_mut().expect("a document").remove(self.id).expect("an id");
        document
    }

    /// Bob, Doug and Alice, who are in many tests of the original.
    pub async fn people(&self) {
        for person in [json!({ "name": "Bob", "age": 25 }), json!({ "name": "Doug", "age": 32 })] {
            self.add(person).await;
        }
        self.add(json!({ "name": "Alice", "age": 19 })).await;
    }
}

/// One field of each document of an array.
pub fn values(name: &str, documents: &Value) -> Vec<Value> {
    let documents = documents.as_array().expect("an array of documents");
    documents.iter().map(|document| document.get(name).cloned().unwrap_or_default()).collect()
}

/// Whether this is the refusal that tells there is no document of this id.
pub fn is_not_found(answer: &Answer, id: &Value) -> bool {
    let text = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    matches!(answer, Err(error @ StoreError::NotFound { .. }) if error.to_string() == format!("No record found for id '{text}'"))
}

/// What a refusal says.
pub fn refusal(answer: Answer) -> String {
    answer.expect_err("a refusal").to_string()
}

fn one(id: &Value) -> Result<Id, StoreError> {
    Ok(Id::read(id)?.expect("the id of one document"))
}

/// Reads a query from its text, as a wire does.
fn read(query: &Value) -> Result<Query, StoreError> {
    Query::read(&query.to_string())
}

fn written(answer: impl serde::Serialize) -> Answer {
    Ok(serde_json::to_value(answer).expect("an answer is JSON"))
}

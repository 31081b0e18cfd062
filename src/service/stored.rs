//! A service of the documents in a store.
use super::definition::Service;
use super::error::{ServiceError, ServiceResult};
use super::params::Params;
use crate::metrics::Metrics;
use crate::store::{
    CallOptions, Document, Documents, Found, Id, Outbox, Query, Store, StoreError, document, documents, replacement,
};
use crate::types::Json;
use serde_json::Value;
use std::ops::Deref;
use std::sync::Arc;

/// A service of the documents in a store: answers the six methods as the adapters of Feathers do.
pub struct Stored<S>(S);

impl<S: Store> Stored<S> {
    /// The service of this store.
    pub fn new(store: S) -> Self {
        Stored(store)
    }

    /// The store, which notes the event of the call where there is to be one.
    fn noting(&self, params: &Params) -> Noting<'_, S> {
        let draft = params.draft.as_ref().filter(|draft| !draft.is_noted());
        match draft.and_then(|draft| self.0.noting(draft.clone())) {
            Some(noting) => Noting::Draft(noting),
            None => Noting::Nothing(&self.0),
        }
    }
}

impl<S: Store> Service for Stored<S> {
    fn events(&self) -> Vec<String> {
        self.0.options().events.iter().map(|event| event.to_string()).collect()
    }

    fn id(&self) -> String {
        self.0.options().id.to_string()
    }

    fn is_on_one_node(&self) -> bool {
        self.0.is_on_one_node()
    }

    fn anywhere(&self) -> Option<Arc<dyn Store>> {
        self.0.anywhere()
    }

    async fn find(&self, params: Params) -> ServiceResult {
        let found = self.0.find(Query::parse(&params.query)?, options(&params)).await?;
        Ok(match found {
            Found::Page(page) => {
                let mut found = Document::new();
                found.insert("total".into(), page.total.into());
                found.insert("limit".into(), page.limit.into());
                found.insert("skip".into(), page.skip.into());
                found.insert("data".into(), page.data.into_iter().map(Value::Object).collect());
                Value::Object(found)
            }
            Found::All(all) => all.into_iter().map(Value::Object).collect(),
        })
    }

    async fn find_written(&self, params: Params) -> Option<Result<Json, ServiceError>> {
        let query = match Query::parse(&params.query) {
            Ok(query) => query,
            Err(error) => return Some(Err(error.into())),
        };
        Some(self.0.find_written(query, options(&params)).await.map_err(ServiceError::from))
    }

    async fn get(&self, id: Id, params: Params) -> ServiceResult {
        Ok(Value::Object(self.0.get(id, Query::parse(&params.query)?).await?))
    }

    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        self.0.outbox()
    }

    fn watch(&self, metrics: &Metrics) {
        self.0.watch(metrics);
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        let select = Query::parse(&params.query)?.select().clone();
        Ok(value(self.noting(&params).create(documents(data)?, select, options(&params)).await?))
    }

    async fn update(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        let (id, data): (Id, Document) = replacement(id, data)?;
        Ok(Value::Object(self.noting(&params).update(id, data, Query::parse(&params.query)?).await?))
    }

    async fn patch(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        let patched =
            self.noting(&params).patch(id, document(data)?, Query::parse(&params.query)?, options(&params)).await?;
        Ok(value(patched))
    }

    async fn remove(&self, id: Option<Id>, params: Params) -> ServiceResult {
        Ok(value(self.noting(&params).remove(id, Query::parse(&params.query)?, options(&params)).await?))
    }
}

/// A store, as a call writes to it.
enum Noting<'s, S> {
    Draft(Arc<dyn Store>),
    Nothing(&'s S),
}

impl<S: Store> Deref for Noting<'_, S> {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        match self {
            Noting::Draft(store) => &**store,
            Noting::Nothing(store) => *store,
        }
    }
}

/// What Rust code may say otherwise; what clients call never has it.
fn options(params: &Params) -> CallOptions {
    match params.paginate {
        Some(false) if params.provider.is_none() => CallOptions::default().paginate(None),
        _ => CallOptions::default(),
    }
}

fn value(documents: Documents) -> Value {
    match documents {
        Documents::One(document) => Value::Object(document),
        Documents::Many(documents) => documents.into_iter().map(Value::Object).collect(),
    }
}

/// The one table of what a store refuses.
impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::NotFound { .. } => ServiceError::not_found(message),
            StoreError::BadRequest { data, .. } => {
                ServiceError { data: data.map(Box::new), ..ServiceError::bad_request(message) }
            }
            StoreError::MethodNotAllowed { .. } => ServiceError::method_not_allowed(message),
            StoreError::Conflict { .. } => ServiceError::conflict(message),
            StoreError::Full { .. } | StoreError::Unavailable { .. } => ServiceError::unavailable(message),
        }
    }
}

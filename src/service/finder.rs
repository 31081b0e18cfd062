//! `find` of clients on the thread that asks, where the store of a service may be asked there.
use super::call::{Arguments, Outcome, ServiceCall};
use super::declared::Gate;
use super::error::ServiceError;
use super::hooks::HookContext;
use crate::store::{CallOptions, Query, Store, StoreFuture};
use crate::types::{BoxFuture, Json};
use std::future::ready;
use std::sync::Arc;

/// Finds the documents of a service as clients are sent them.
pub(super) struct Finder {
    store: Arc<dyn Store>,
    /// What decides who may, and what of it; none where everybody may.
    gate: Option<Arc<Gate>>,
}

impl Finder {
    pub fn new(store: Arc<dyn Store>, gate: Option<Arc<Gate>>) -> Self {
        Finder { store, gate }
    }

    /// Asks for what a call of `find` by a client asks; `path` is that of the service.
    pub fn find(&self, call: ServiceCall, path: &str) -> BoxFuture<Result<Outcome, ServiceError>> {
        match self.asked(call, path) {
            Ok(found) => Box::pin(async move {
                let body = found.await?;
                Ok(Outcome::Shown { body, status: None, location: None })
            }),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }

    fn asked(&self, call: ServiceCall, path: &str) -> Result<StoreFuture<Json>, ServiceError> {
        let ServiceCall { app, method, input, mut params, .. } = call;
        let Arguments { id, data, query } = input.read(&method)?;
        if let Some(query) = query {
            params.query = query;
        }
        let query = match &self.gate {
            Some(gate) => {
                let mut context = HookContext::new(path, method, id, data, params.called(app, path));
                gate.admit(&mut context)?;
                Query::parse(&context.params.query)?
            }
            None => Query::parse(&params.query)?,
        };
        // What Rust code alone may say is not said by a client.
        Ok(self.store.find_written(query, CallOptions::default()))
    }
}

//! A service as Rust code calls it.
use super::app::App;
use super::call::{Input, Outcome, Purpose, ServiceCall};
use super::emitter::ServiceListener;
use super::entry::Entry;
use super::error::{ServiceError, ServiceResult};
use super::hooks::HookContext;
use super::host::written;
use super::method::Method;
use super::params::Params;
use crate::store::Id;
use crate::types::BoxFuture;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A service of an application, to be called and listened to. Cheap to clone.
#[derive(Clone)]
pub struct ServiceHandle {
    app: App,
    entry: Arc<Entry>,
    route: Map<String, Value>,
}

impl ServiceHandle {
    pub(super) fn new(app: App, entry: Arc<Entry>, route: Map<String, Value>) -> Self {
        ServiceHandle { app, entry, route }
    }

    /// The path under which it is registered.
    pub fn path(&self) -> &str {
        self.entry.definition.path.as_str()
    }

    /// Whether it has a method.
    pub fn has(&self, method: &Method) -> bool {
        self.entry.definition.methods.contains(method)
    }

    /// Finds documents. Fails as the service and its hooks do; so do all calls.
    pub fn find(&self, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Find, None, Value::Null, params)
    }

    /// Gets one document.
    pub fn get(&self, id: impl Into<Id>, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Get, Some(id.into()), Value::Null, params)
    }

    /// Creates a document, or several from an array.
    pub fn create(&self, data: impl Into<Value>, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Create, None, data.into(), params)
    }

    /// Puts other data in the place of a document.
    pub fn update(&self, id: impl Into<Id>, data: impl Into<Value>, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Update, Some(id.into()), data.into(), params)
    }

    /// Changes a document; with no id all that the query admits.
    pub fn patch(&self, id: impl IntoId, data: impl Into<Value>, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Patch, id.into_id(), data.into(), params)
    }

    /// Removes a document; with no id all that the query admits.
    pub fn remove(&self, id: impl IntoId, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::Remove, id.into_id(), Value::Null, params)
    }

    /// Calls a method of the service's own.
    pub fn custom(&self, method: &str, data: impl Into<Value>, params: Params) -> BoxFuture<ServiceResult> {
        self.call(Method::named(method), None, data.into(), params)
    }

    fn call(&self, method: Method, id: Option<Id>, data: Value, params: Params) -> BoxFuture<ServiceResult> {
        let answer = self.ask(method, Input::Values(id, data), params, Purpose::Code);
        Box::pin(async move {
            match answer.await? {
                Outcome::Value(value) => Ok(value),
                Outcome::Shown { body, .. } => {
                    body.read().map_err(|error| ServiceError::general_error(format!("The result is lost: {error}")))
                }
            }
        })
    }

    /// Asks for what a client is shown. `input` is the arguments; the query is in the params.
    pub(crate) fn ask_for_client(
        &self,
        method: Method,
        (id, data): (Option<Id>, Value),
        params: Params,
    ) -> BoxFuture<Result<Outcome, ServiceError>> {
        self.ask(method, Input::Values(id, data), params, Purpose::Client)
    }

    /// A document with its password, or a change of that, for the authentication service alone.
    pub(super) fn in_vault(&self, method: Method, id: &str, data: Value, params: Params) -> BoxFuture<ServiceResult> {
        let answer = self.ask(method, Input::Values(Some(Id::from(id)), data), params, Purpose::Vault);
        Box::pin(async move {
            match answer.await? {
                Outcome::Value(value) => Ok(value),
                Outcome::Shown { .. } => Err(ServiceError::general_error("The result is lost")),
            }
        })
    }

    fn ask(
        &self,
        method: Method,
        input: Input,
        mut params: Params,
        purpose: Purpose,
    ) -> BoxFuture<Result<Outcome, ServiceError>> {
        params.route = self.route.clone();
        let call = ServiceCall { app: self.app.clone(), method, input, params, purpose };
        let answer = self.entry.ask(call);
        Box::pin(async move { answer.await? })
    }

    /// Tells a function of each event of this name, after the clients were told: with its data, and with the call that it comes from;
    /// none for an event that was emitted. Fails where the service has too many listeners.
    pub fn on(
        &self,
        event: &str,
        listener: impl Fn(&Value, Option<&HookContext>) + Send + Sync + 'static,
    ) -> Result<ServiceListener, ServiceError> {
        self.entry.definition.emitter.add(event, false, listener).ok_or_else(too_many)
    }

    /// The same for the next event of this name alone.
    pub fn once(
        &self,
        event: &str,
        listener: impl Fn(&Value, Option<&HookContext>) + Send + Sync + 'static,
    ) -> Result<ServiceListener, ServiceError> {
        self.entry.definition.emitter.add(event, true, listener).ok_or_else(too_many)
    }

    /// The listener hears no more. Whether it was there.
    pub fn remove_listener(&self, listener: ServiceListener) -> bool {
        self.entry.definition.emitter.remove(listener)
    }

    /// Emits an event of the service. Clients get it if it is one of the four of every service, or the service lists it;
    /// listeners inside the process get every one.
    pub fn emit(&self, event: &str, data: impl Into<Value>) {
        let mut data = data.into();
        if let Some(password) = &self.entry.definition.password {
            password.strip(&mut data);
        }
        match written(&data) {
            // It is on its way; what refuses it is told there.
            Ok(shown) => self.app.publish(&self.entry.definition, event, &data, Some(&shown), None),
            Err(error) => log::error!("the event {event:?} of {:?} cannot be sent: {error}", self.path()),
        }
    }

    /// Whether clients get this event of the service.
    pub fn lists(&self, event: &str) -> bool {
        self.entry.definition.reaches_clients(event)
    }
}

fn too_many() -> ServiceError {
    ServiceError::unavailable("The service has too many listeners")
}

/// An id, or none for all documents that a query admits.
pub trait IntoId {
    /// As an id.
    fn into_id(self) -> Option<Id>;
}

impl<I: Into<Id>> IntoId for I {
    fn into_id(self) -> Option<Id> {
        Some(self.into())
    }
}

impl IntoId for Option<Id> {
    fn into_id(self) -> Option<Id> {
        self
    }
}

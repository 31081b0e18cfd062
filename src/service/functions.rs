//! A service made of functions: what an object of methods is in JavaScript.
use super::definition::Service;
use super::error::{ServiceError, ServiceResult};
use super::method::Method;
use super::params::Params;
use crate::store::Id;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::collections::HashMap;

/// A service made of asynchronous functions. It has those methods that it was given.
///
/// ```
/// use callboard::service::Methods;
///
/// let messages = Methods::new().create(async |data, _params| Ok(data));
/// ```
#[derive(Default)]
pub struct Methods {
    find: Option<Box<dyn Function<Params>>>,
    get: Option<Box<dyn Function<(Id, Params)>>>,
    create: Option<Box<dyn Function<(Value, Params)>>>,
    update: Option<Box<dyn Function<Changing>>>,
    patch: Option<Box<dyn Function<Changing>>>,
    remove: Option<Box<dyn Function<(Option<Id>, Params)>>>,
    custom: HashMap<String, Box<dyn Function<(Value, Params)>>>,
    events: Vec<String>,
}

/// The arguments of a method that changes documents.
type Changing = (Option<Id>, Value, Params);

/// A function of these arguments.
trait Function<A>: Send {
    fn call(&self, args: A) -> LocalBoxFuture<'_, ServiceResult>;
}

/// Names the arguments of a function, which may be several.
struct Of<F>(F);

impl<F: AsyncFn(Params) -> ServiceResult + Send> Function<Params> for Of<F> {
    fn call(&self, params: Params) -> LocalBoxFuture<'_, ServiceResult> {
        Box::pin(self.0(params))
    }
}

impl<A: 'static, F: AsyncFn(A, Params) -> ServiceResult + Send> Function<(A, Params)> for Of<F> {
    fn call(&self, (argument, params): (A, Params)) -> LocalBoxFuture<'_, ServiceResult> {
        Box::pin(self.0(argument, params))
    }
}

impl<F: AsyncFn(Option<Id>, Value, Params) -> ServiceResult + Send> Function<Changing> for Of<F> {
    fn call(&self, (id, data, params): Changing) -> LocalBoxFuture<'_, ServiceResult> {
        Box::pin(self.0(id, data, params))
    }
}

impl Methods {
    /// No methods.
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`Service::find`].
    pub fn find(mut self, function: impl AsyncFn(Params) -> ServiceResult + Send + 'static) -> Self {
        self.find = Some(Box::new(Of(function)));
        self
    }

    /// See [`Service::get`].
    pub fn get(mut self, function: impl AsyncFn(Id, Params) -> ServiceResult + Send + 'static) -> Self {
        self.get = Some(Box::new(Of(function)));
        self
    }

    /// See [`Service::create`].
    pub fn create(mut self, function: impl AsyncFn(Value, Params) -> ServiceResult + Send + 'static) -> Self {
        self.create = Some(Box::new(Of(function)));
        self
    }

    /// See [`Service::update`].
    pub fn update(
        mut self,
        function: impl AsyncFn(Option<Id>, Value, Params) -> ServiceResult + Send + 'static,
    ) -> Self {
        self.update = Some(Box::new(Of(function)));
        self
    }

    /// See [`Service::patch`].
    pub fn patch(
        mut self,
        function: impl AsyncFn(Option<Id>, Value, Params) -> ServiceResult + Send + 'static,
    ) -> Self {
        self.patch = Some(Box::new(Of(function)));
        self
    }

    /// See [`Service::remove`].
    pub fn remove(mut self, function: impl AsyncFn(Option<Id>, Params) -> ServiceResult + Send + 'static) -> Self {
        self.remove = Some(Box::new(Of(function)));
        self
    }

    /// A method of the service's own, by this name.
    pub fn custom(
        mut self,
        name: &str,
        function: impl AsyncFn(Value, Params) -> ServiceResult + Send + 'static,
    ) -> Self {
        self.custom.insert(name.to_owned(), Box::new(Of(function)));
        self
    }

    /// An event of the service's own that clients may listen to. See [`Service::events`].
    pub fn event(mut self, name: &str) -> Self {
        self.events.push(name.to_owned());
        self
    }
}

async fn called<A>(function: Option<&dyn Function<A>>, method: &str, args: A) -> ServiceResult {
    match function {
        Some(function) => function.call(args).await,
        None => Err(ServiceError::method_not_allowed(format!("Method '{method}' is not written"))),
    }
}

impl Service for Methods {
    fn methods(&self) -> Vec<Method> {
        let has = [
            (Method::Find, self.find.is_some()),
            (Method::Get, self.get.is_some()),
            (Method::Create, self.create.is_some()),
            (Method::Update, self.update.is_some()),
            (Method::Patch, self.patch.is_some()),
            (Method::Remove, self.remove.is_some()),
        ];
        let standard = has.into_iter().filter(|(_, has)| *has).map(|(method, _)| method);
        standard.chain(self.custom.keys().map(|name| Method::Custom(name.as_str().into()))).collect()
    }

    fn events(&self) -> Vec<String> {
        self.events.clone()
    }

    async fn find(&self, params: Params) -> ServiceResult {
        called(self.find.as_deref(), "find", params).await
    }

    async fn get(&self, id: Id, params: Params) -> ServiceResult {
        called(self.get.as_deref(), "get", (id, params)).await
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        called(self.create.as_deref(), "create", (data, params)).await
    }

    async fn update(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        called(self.update.as_deref(), "update", (id, data, params)).await
    }

    async fn patch(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        called(self.patch.as_deref(), "patch", (id, data, params)).await
    }

    async fn remove(&self, id: Option<Id>, params: Params) -> ServiceResult {
        called(self.remove.as_deref(), "remove", (id, params)).await
    }

    async fn custom(&self, method: &str, data: Value, params: Params) -> ServiceResult {
        called(self.custom.get(method).map(|function| &**function), method, (data, params)).await
    }
}

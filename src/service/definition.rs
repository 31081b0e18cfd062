//! What a service is: the methods that an application writes.
use super::error::{ServiceError, ServiceResult};
use super::method::Method;
use super::params::Params;
use crate::metrics::Metrics;
use crate::store::{Id, Outbox, Store};
use crate::types::Json;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use std::future::{Future, ready};
use std::rc::Rc;
use std::sync::Arc;

/// A service: write the methods that it has, as `async fn`. Calls begin in the order in which they came and run side by side, all
/// on one thread that other services share; so nothing may block there, and what changes is behind a `Cell`, a `RefCell` or a
/// lock.
///
/// What create, update, patch and remove return becomes an event, one for each item of an array.
pub trait Service: Send + 'static {
    /// The methods that it has. Default: the six of every service; those that are not written refuse each call.
    fn methods(&self) -> Vec<Method> {
        Method::STANDARD.to_vec()
    }

    /// The events of its own that clients may listen to, beside the four of every service. One of the four that is named here is not
    /// emitted by itself: the service emits it.
    fn events(&self) -> Vec<String> {
        vec![]
    }

    /// The field of its documents that has the id. Default: `id`.
    fn id(&self) -> String {
        "id".to_owned()
    }

    /// Whether what it stores is on this node alone, so that other nodes would have other documents. Default: it is not.
    fn is_on_one_node(&self) -> bool {
        false
    }

    /// Where the events of what it stores are noted in the transaction that stores it; none where a crash may lose them. Default: none.
    fn outbox(&self) -> Option<Arc<dyn Outbox>> {
        None
    }

    /// The store whose documents [`Service::find`] finds, where that may be asked on any thread: `find` of clients goes there past the
    /// service, unless a hook or a password is in the way. Default: none.
    fn anywhere(&self) -> Option<Arc<dyn Store>> {
        None
    }

    /// Has these metrics tell how many calls wait for what it stores in. Default: none do.
    fn watch(&self, metrics: &Metrics) {
        let _ = metrics;
    }

    /// Some documents: an array, or a page of them.
    fn find(&self, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = params;
        ready(Err(unwritten(&Method::Find)))
    }

    /// The same as clients are sent it, for calls that no hook looks at; none where the service has no shorter way to that than
    /// [`Service::find`].
    fn find_written(&self, params: Params) -> impl Future<Output = Option<Result<Json, ServiceError>>> {
        let _ = params;
        ready(None)
    }

    /// One document.
    fn get(&self, id: Id, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (id, params);
        ready(Err(unwritten(&Method::Get)))
    }

    /// A new document, or several where `data` is an array.
    fn create(&self, data: Value, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (data, params);
        ready(Err(unwritten(&Method::Create)))
    }

    /// Puts `data` in the place of a document; no id is for all that the query admits.
    fn update(&self, id: Option<Id>, data: Value, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (id, data, params);
        ready(Err(unwritten(&Method::Update)))
    }

    /// Changes a document; no id is for all that the query admits.
    fn patch(&self, id: Option<Id>, data: Value, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (id, data, params);
        ready(Err(unwritten(&Method::Patch)))
    }

    /// Removes a document; no id is for all that the query admits.
    fn remove(&self, id: Option<Id>, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (id, params);
        ready(Err(unwritten(&Method::Remove)))
    }

    /// Runs a method of the service's own, one that [`Service::methods`] names.
    fn custom(&self, method: &str, data: Value, params: Params) -> impl Future<Output = ServiceResult> {
        let _ = (data, params);
        ready(Err(unwritten(&Method::named(method))))
    }
}

fn unwritten(method: &Method) -> ServiceError {
    ServiceError::method_not_allowed(format!("Method '{method}' is not written"))
}

/// A call of a method, everything decided.
pub struct MethodCall {
    /// Which method.
    pub method: Method,
    /// The id; none for methods without one, and for all documents that the query admits.
    pub id: Option<Id>,
    /// The data; null for methods without any.
    pub data: Value,
    /// What goes along.
    pub params: Params,
}

/// A service of any type.
pub(super) trait AnyService {
    fn watch(&self, metrics: &Metrics);

    fn call(self: Rc<Self>, call: MethodCall) -> LocalBoxFuture<'static, ServiceResult>;

    fn find_written(self: Rc<Self>, params: Params) -> LocalBoxFuture<'static, Option<Result<Json, ServiceError>>>;
}

impl<S: Service> AnyService for S {
    fn watch(&self, metrics: &Metrics) {
        Service::watch(self, metrics);
    }

    fn find_written(self: Rc<Self>, params: Params) -> LocalBoxFuture<'static, Option<Result<Json, ServiceError>>> {
        Box::pin(async move { Service::find_written(&*self, params).await })
    }

    fn call(self: Rc<Self>, call: MethodCall) -> LocalBoxFuture<'static, ServiceResult> {
        let MethodCall { method, id, data, params } = call;
        Box::pin(async move {
            match method {
                Method::Find => self.find(params).await,
                Method::Get => match id {
                    Some(id) => self.get(id, params).await,
                    None => Err(ServiceError::bad_request("id for 'get' can not be null")),
                },
                Method::Create => self.create(data, params).await,
                Method::Update => self.update(id, data, params).await,
                Method::Patch => self.patch(id, data, params).await,
                Method::Remove => self.remove(id, params).await,
                Method::Custom(name) => self.custom(&name, data, params).await,
            }
        })
    }
}

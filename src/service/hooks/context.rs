//! What hooks see and change of a call.
use crate::service::error::ServiceError;
use crate::service::method::Method;
use crate::service::params::Params;
use crate::store::Id;
use serde_json::Value;

/// Which kind of hook is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HookKind {
    /// Around the method.
    #[default]
    Around,
    /// Before it.
    Before,
    /// After it.
    After,
    /// On an error.
    Error,
}

/// A call on its way through its hooks.
pub struct HookContext {
    /// The path under which the service is registered.
    pub path: String,
    /// The method that was called.
    pub method: Method,
    /// Which kind of hook is running.
    pub kind: HookKind,
    /// The id of the document; none where the method has no id, and for all documents that the query admits.
    pub id: Option<Id>,
    /// The data of create, update, patch and custom methods; null for others.
    pub data: Value,
    /// The query, the user and what else goes along.
    pub params: Params,
    /// What the method has returned; set it before the method to have it not called.
    pub result: Option<Value>,
    /// Why the call has failed, for hooks on errors.
    pub error: Option<ServiceError>,
    /// The event that will follow, without the path; none for no event.
    pub event: Option<String>,
    /// What clients are shown in the place of the result, in answers and events: for a result that is an array, an array with one
    /// item for each of its items; of an item beyond those no client is told. What is no array is shown for each of them.
    pub dispatch: Option<Value>,
    /// The status of the answer over HTTP; none for the usual one.
    pub status: Option<u16>,
    /// The URL to which the answer over HTTP sends its client.
    pub location: Option<String>,
}

impl HookContext {
    pub(in crate::service) fn new(path: &str, method: Method, id: Option<Id>, data: Value, params: Params) -> Self {
        HookContext {
            path: path.to_owned(),
            event: method.event().map(str::to_owned),
            method,
            kind: HookKind::default(),
            id,
            data,
            params,
            result: None,
            error: None,
            dispatch: None,
            status: None,
            location: None,
        }
    }

    /// What clients are shown.
    pub(in crate::service) fn shown(&self) -> &Value {
        self.dispatch.as_ref().or(self.result.as_ref()).unwrap_or(&Value::Null)
    }
}

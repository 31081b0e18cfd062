//! What goes along with a call: its query, its route, and whose it is.
use super::app::App;
use super::connection::{AUTHENTICATION, Connection, USER, document};
use super::error::ServiceError;
use crate::store::Draft;
use crate::types::Identity;
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::ops::Index;
use std::sync::Arc;

const NULL: &Value = &Value::Null;

/// By which way a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// A Socket.IO client.
    SocketIo,
    /// An HTTP request.
    Rest,
}

impl Provider {
    /// The name that hooks of Feathers know it by.
    pub fn name(self) -> &'static str {
        match self {
            Provider::SocketIo => "socketio",
            Provider::Rest => "rest",
        }
    }
}

/// What goes along with a call. Its fields, such as `user`, are those of its connection and what hooks have set:
/// `params["user"]["id"]` reads one, null where there is none.
#[derive(Clone, Default)]
pub struct Params {
    /// The query: an object.
    pub query: Value,
    /// What the placeholders of the service's path stand for, such as `userId` in `users/:userId/todos`.
    pub route: Map<String, Value>,
    /// By which way the call came; none where Rust code made it.
    pub provider: Option<Provider>,
    /// The connection that it came by; none over HTTP and from Rust code.
    pub connection: Option<Connection>,
    /// The headers of the request: those of the handshake for a connection.
    pub headers: Arc<Map<String, Value>>,
    /// Where the client is, as trusted proxies say; none where Rust code made the call.
    pub address: Option<IpAddr>,
    /// Whether a find may be cut into pages, where the service does so; what clients call always may.
    pub paginate: Option<bool>,
    /// Shared by the copies of the params that hooks and the method get.
    fields: Arc<Map<String, Value>>,
    origin: Option<Arc<Origin>>,
    /// The event that a write of this call notes.
    pub(super) draft: Option<Draft>,
}

/// Where a call is made, and in which service.
struct Origin {
    app: App,
    path: String,
}

impl Params {
    /// Params with this query, an object.
    pub fn query(query: impl Into<Value>) -> Self {
        Params { query: query.into(), ..Params::default() }
    }

    /// Params of an HTTP request: whose it is, its headers, and its query, an object.
    pub(crate) fn of_request(
        identity: &Identity,
        headers: Map<String, Value>,
        address: Option<IpAddr>,
        query: Value,
    ) -> Self {
        let (headers, provider) = (Arc::new(headers), Some(Provider::Rest));
        let mut params = Params { query, headers, provider, address, ..Params::default() };
        Arc::make_mut(&mut params.fields).extend(document(identity).map(|user| (USER.to_owned(), user)));
        params
    }

    /// The same where the request has shown an access token: its user, and what hooks see of the token.
    pub(crate) fn of_bearer(mut self, user: Value, authentication: Value) -> Self {
        self.set(USER, user);
        self.set(AUTHENTICATION, authentication);
        self
    }

    /// The same with this field.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// A field; null where there is none.
    pub fn get(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(NULL)
    }

    /// Sets a field.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        Arc::make_mut(&mut self.fields).insert(name.to_owned(), value.into());
    }

    /// The user's document; null where the call is nobody's.
    pub fn user(&self) -> &Value {
        self.get(USER)
    }

    /// The application that the service is part of: other services, channels.
    /// Fails for params that have not come with a call.
    pub fn app(&self) -> Result<&App, ServiceError> {
        let origin = self.origin.as_ref().map(|origin| &origin.app);
        origin.ok_or_else(|| ServiceError::general_error("these params have not come with a call"))
    }

    /// Emits an event of the service that was called, at once. Clients get it if the service lists it.
    /// Fails for params that have not come with a call.
    pub fn emit(&self, event: &str, data: impl Into<Value>) -> Result<(), ServiceError> {
        let app = self.app()?;
        let path = self.origin.as_ref().map(|origin| origin.path.as_str()).unwrap_or_default();
        app.service(path)?.emit(event, data);
        Ok(())
    }

    /// What a connection of this caller would have: the fields, the headers, and by which way the call came.
    pub(super) fn as_connection(&self) -> Value {
        let mut fields = (*self.fields).clone();
        fields.entry(USER).or_insert(Value::Null);
        fields.insert("headers".into(), Value::Object((*self.headers).clone()));
        fields.insert("provider".into(), self.at("provider"));
        Value::Object(fields)
    }

    /// The same as they come with a call of the service at `path`.
    pub(super) fn called(mut self, app: App, path: &str) -> Self {
        if let Some(connection) = &self.connection
            && let Value::Object(fields) = &*connection.fields()
        {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("provider", _) => {}
                    ("headers", Value::Object(headers)) => self.headers = Arc::new(headers.clone()),
                    _ => drop(Arc::make_mut(&mut self.fields).insert(name.clone(), value.clone())),
                }
            }
        }
        if !self.query.is_object() {
            self.query = Value::Object(Map::new());
        }
        // That of another call, whose params these were.
        self.draft = None;
        self.origin = Some(Arc::new(Origin { app, path: path.to_owned() }));
        self
    }

    /// What stands at a path of names with dots between, such as `user.company_id`, `query.room` or `route.userId`; null where
    /// nothing does.
    pub(super) fn at(&self, path: &str) -> Value {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let in_map = |map: &Map<String, Value>| match rest {
            Some(rest) => rest.split_once('.').map_or_else(
                || map.get(rest).cloned().unwrap_or_default(),
                |(name, below)| map.get(name).map_or(Value::Null, |value| inside(value, below)),
            ),
            None => Value::Object(map.clone()),
        };
        match first {
            "query" => rest.map_or_else(|| self.query.clone(), |rest| inside(&self.query, rest)),
            "route" => in_map(&self.route),
            "provider" => self.provider.map_or(Value::Null, |provider| provider.name().into()),
            _ => rest.map_or_else(|| self.get(first).clone(), |rest| inside(self.get(first), rest)),
        }
    }
}

fn inside(value: &Value, path: &str) -> Value {
    path.split('.').fold(value, |value, name| &value[name]).clone()
}

impl Index<&str> for Params {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_is_found_by_its_path_and_nothing_is_null() {
        let mut params = Params::query(json!({"room": "a"})).with("user", json!({"company": {"id": 5}}));
        params.route.insert("userId".into(), "7".into());
        assert_eq!(params.at("user.company.id"), 5);
        assert_eq!(params.at("query.room"), "a");
        assert_eq!(params.at("route.userId"), "7");
        assert_eq!(params.at("user.nothing.here"), Value::Null);
        assert_eq!(params["user"]["company"]["id"], 5);
        assert_eq!(params["nobody"], Value::Null);
    }
}

//! A broker of its own for each test, with services, and requests to it.
use crate::harness::socketio::Client;
use actix_web::body::to_bytes;
use actix_web::dev::Service as _;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpServer};
use callboard::server::{Broker, BrokerBuilder, Config};
use callboard::service::{
    HookContext, Hooks, Methods, Params, Registration, Service, ServiceError, ServiceResult, Stored,
};
use callboard::store::{Id, MemoryStore, Multi, Paginate, StoreOptions};
use callboard::transport::engineio::EngineConfig;
use serde_json::{Map, Value, json};
use std::net::{Ipv4Addr, SocketAddr};

/// A response, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// The body of an error: its status, name and message.
    pub fn error(&self) -> (u16, String, String) {
        let error = self.json();
        let text = |name: &str| error[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned();
        assert!(error["code"].is_u64() && error["className"].is_string(), "{self:?}");
        (self.status.as_u16(), text("name"), text("message"))
    }
}

/// A running broker.
pub struct House(pub Broker);

/// Services below `/`, for anonymous callers, and an endpoint of Socket.IO.
pub fn config() -> Config {
    let mut config = Config::default();
    config.auth.anonymous = true;
    config.server.allow_insecure = true;
    config.rest.prefix = Some("/".into());
    config.socketio = vec![EngineConfig::default()];
    config
}

/// Says how it was called.
pub struct Told;

fn told(what: &str, id: Option<Id>, data: Value, params: &Params) -> ServiceResult {
    let id = id.map_or(Value::Null, Value::from);
    Ok(json!({"method": what, "id": id, "data": data, "query": params.query, "route": params.route}))
}

impl Service for Told {
    fn methods(&self) -> Vec<callboard::service::Method> {
        let own = ["archive", "nothing"].map(|name| callboard::service::Method::Custom(name.into()));
        [&callboard::service::Method::STANDARD[..], &own].concat()
    }

    async fn find(&self, params: Params) -> ServiceResult {
        told("find", None, Value::Null, &params)
    }

    async fn get(&self, id: Id, params: Params) -> ServiceResult {
        match id.to_string().as_str() {
            "none" => Ok(Value::Null),
            "zero" => Ok(json!(0)),
            _ => told("get", Some(id), Value::Null, &params),
        }
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        told("create", None, data, &params)
    }

    async fn update(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        told("update", id, data, &params)
    }

    async fn patch(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        told("patch", id, data, &params)
    }

    async fn remove(&self, id: Option<Id>, params: Params) -> ServiceResult {
        told("remove", id, Value::Null, &params)
    }

    async fn custom(&self, method: &str, data: Value, params: Params) -> ServiceResult {
        match method {
            "nothing" => Ok(Value::Null),
            _ => told(method, None, data, &params),
        }
    }
}

/// Sets the status and the location that the data names.
async fn as_told(context: &mut HookContext) -> Result<(), ServiceError> {
    context.status = context.data["status"].as_u64().map(|status| status.try_into().expect("a small number"));
    context.location = context.data["location"].as_str().map(str::to_owned);
    Ok(())
}

/// What most tests use: documents in memory, and services that say how they were called.
pub fn services(builder: BrokerBuilder) -> BrokerBuilder {
    let pages = Some(Paginate { default: 10, max: Some(50) });
    let todos =
        Stored::new(MemoryStore::new(StoreOptions { paginate: pages, multi: Multi::ALL, ..Default::default() }));
    let whose = Methods::new().find(async |params| {
        Ok(json!({
            "user": params.user(), "headers": Value::Object((*params.headers).clone()),
            "provider": params.provider.map(|provider| provider.name()), "connection": params.connection.is_some(),
        }))
    });
    let failing = Methods::new().create(async |data: Value, _| {
        let error = ServiceError::unprocessable("bad thing");
        Err(error.with_data(json!({"hint": data["hint"], "errors": {"text": "required"}})))
    });
    builder
        .service("todos", Registration::of(todos).for_everyone())
        .service("told", Registration::of(Told).for_everyone())
        .service("users/:userId/todos", Registration::of(Told).for_everyone())
        .service("users", Registration::of(Told).for_everyone())
        .service("users/me", Registration::of(Told).for_everyone())
        .service("hooked", Registration::of(Told).hooks(Hooks::new().after("create", as_told)).for_everyone())
        .service("whose", Registration::of(whose).for_everyone())
        .service("failing", Registration::of(failing).for_everyone())
}

impl House {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(config: Config) -> Self {
        House(services(Broker::builder(config)).start().expect("a good config"))
    }

    /// Sends a request as it is.
    pub async fn ask(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(self.0.routes())).await;
        let response = app.call(request.to_request()).await.expect("no service of it fails");
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body that breaks off"));
        Answer { status, headers, body: String::from_utf8(body.to_vec()).expect("text") }
    }

    /// A request without a body.
    pub async fn request(&self, method: &str, url: &str) -> Answer {
        self.ask(request(method, url)).await
    }

    /// A request with a body of JSON.
    pub async fn send(&self, method: &str, url: &str, body: impl Into<String>) -> Answer {
        self.ask(with_json(request(method, url), body)).await
    }

    /// Serves the broker on a free port of loopback.
    pub fn serve(&self) -> SocketAddr {
        let routes = self.0.routes();
        let server = HttpServer::new(move || App::new().configure(routes.clone()));
        let server = self.0.server(server).workers(1).bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        address
    }

    /// A client of Socket.IO.
    pub async fn client(&self) -> Client {
        let (client, answer) = Client::connect(self.serve(), &json!({})).await;
        assert!(answer.starts_with("40{"), "{answer}");
        client
    }
}

/// A request of this method.
pub fn request(method: &str, url: &str) -> TestRequest {
    TestRequest::default().method(Method::from_bytes(method.as_bytes()).expect("a method")).uri(url)
}

/// The same with a body of JSON.
pub fn with_json(request: TestRequest, body: impl Into<String>) -> TestRequest {
    request.insert_header(("Content-Type", "application/json")).set_payload(body.into())
}

/// What [`Told`] says.
pub fn said(method: &str, id: Value, data: Value) -> Value {
    json!({"method": method, "id": id, "data": data, "query": {}, "route": Value::Object(Map::new())})
}

//! A broker of its own for each test, and calls of its API.
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::Service;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpServer};
use callboard::auth::{ConnectionToken, Issuer};
use callboard::server::{Broker, Config};
use callboard::types::Json;
use serde_json::Value;

/// The key of the API.
pub const KEY: &str = "the-key-of-these-tests";

/// What tests start from: a key, a namespace "" that keeps everything, one that keeps nothing, small bounds.
pub fn config() -> Config {
    let text = r#"
        [auth]
        hmac_secret = "what signs the tokens of these tests, long enough"
        anonymous = true
        [api]
        key = "the-key-of-these-tests"
        [backstage]
        signals = true
        [limits]
        body = 65536
        batch = 5
        [[namespace]]
        name = ""
        subscribe = "anyone"
        publish = "anyone"
        history_size = 10
        history_ttl = "5m"
        presence = true
        force_recovery = true
        [[namespace]]
        name = "plain"
        subscribe = "anyone"
    "#;
    toml::from_str(text).unwrap()
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A running broker.
pub struct House {
    pub broker: Broker,
    config: Config,
}

impl House {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(config: Config) -> Self {
        House { broker: Broker::builder(config.clone()).start().unwrap(), config }
    }

    pub fn of(broker: Broker) -> Self {
        House { broker, config: config() }
    }

    /// Sends a request as it is. Of a stream, which has no end, the first part is read.
    pub async fn ask(&self, request: TestRequest) -> Answer {
        let app = init_service(App::new().configure(self.broker.routes())).await;
        let response = app.call(request.to_request()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is_stream = headers.get("Content-Type").is_some_and(|kind| kind == "application/x-ndjson");
        let body = match is_stream {
            true => {
                let mut body = std::pin::pin!(response.into_body());
                std::future::poll_fn(|cx| body.as_mut().poll_next(cx)).await.unwrap().unwrap()
            }
            false => to_bytes(response.into_body()).await.unwrap_or_else(|_| panic!("a body that breaks off")),
        };
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Posts a body to a method, with the key.
    pub async fn post(&self, method: &str, body: impl Into<String>) -> Answer {
        self.ask(post(method, body)).await
    }

    /// Calls a method, whose body must be answered with status 200.
    pub async fn call(&self, method: &str, body: Value) -> Value {
        let answer = self.post(method, body.to_string()).await;
        assert_eq!(answer.status, 200, "{method} {body}: {answer:?}");
        answer.json()
    }

    /// Calls a method that must have a result.
    pub async fn result(&self, method: &str, body: Value) -> Value {
        let mut answer = self.call(method, body.clone()).await;
        assert!(answer["result"].is_object(), "{method} {body}: {answer}");
        answer["result"].take()
    }

    /// Calls a method that must be refused; the error's code.
    pub async fn error(&self, method: &str, body: Value) -> u64 {
        let answer = self.call(method, body.clone()).await;
        assert!(answer["error"]["message"].is_string(), "{method} {body}: {answer}");
        answer["error"]["code"].as_u64().unwrap()
    }

    /// Serves the broker on a free port of loopback.
    pub fn serve(&self) -> u16 {
        let broker = self.broker.clone();
        let server = HttpServer::new(move || App::new().configure(broker.routes()));
        let server = self.broker.server(server).workers(1).bind(("127.0.0.1", 0)).unwrap();
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        port
    }

    /// A connection token.
    pub fn token(&self, user: &str, info: Option<&str>) -> String {
        let info = info.map(|info| Json::parse(info.to_owned().into()).unwrap());
        let token = ConnectionToken { user: user.to_owned(), info, ..ConnectionToken::default() };
        Issuer::new(&self.config.auth).unwrap().issue_connection(&token).unwrap()
    }
}

/// A post to a method, with the key and the content type.
pub fn post(method: &str, body: impl Into<String>) -> TestRequest {
    let request = TestRequest::post().uri(&format!("/api/{method}")).insert_header(("X-API-Key", KEY));
    request.insert_header(("Content-Type", "application/json")).set_payload(body.into())
}

//! Where services are served, and what else is.
use super::house::{House, Told, config, services};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web};
use callboard::server::{Broker, Config};
use callboard::service::Registration;
use callboard::transport::engineio::EngineConfig;

/// What a start with a service at this path fails with.
fn refused(config: Config, path: &str) -> String {
    let started = Broker::builder(config).service(path, Registration::of(Told).for_everyone()).start();
    started.err().unwrap_or_else(|| panic!("{path} was accepted")).to_string()
}

fn accepted(config: Config, path: &str) {
    let started = Broker::builder(config).service(path, Registration::of(Told).for_everyone()).start();
    assert!(started.is_ok(), "{path}: {:?}", started.err().map(|error| error.to_string()));
}

fn at(prefix: &str) -> Config {
    let mut config = config();
    config.rest.prefix = Some(prefix.to_owned());
    config
}

#[actix_web::test]
async fn below_the_root_everything_else_stays_where_it_is() {
    let house = House::new();
    assert_eq!(house.request("GET", "/health").await.json()["status"], "ok");
    assert_eq!(house.request("GET", "/ready").await.status, 200);
    assert!(house.request("GET", "/metrics").await.body.contains("callboard_connections"));
    assert!(house.request("GET", "/api/openapi.json").await.json()["paths"].is_object());
    assert_eq!(house.send("POST", "/api/info", "{}").await.json()["result"]["nodes"][0]["num_clients"], 0);
    // No handshake, but an endpoint that says so.
    assert_eq!(house.request("GET", "/connection/websocket").await.status, 400);
    assert!(house.request("GET", "/socket.io/?EIO=4&transport=polling").await.body.starts_with("0{"));
}

#[actix_web::test]
async fn below_a_prefix_services_are_there_and_nowhere_else() {
    let house = House::with(at("/rest/v1"));
    assert_eq!(house.request("GET", "/rest/v1/told/1").await.json()["id"], "1");
    assert_eq!(house.request("GET", "/rest/v1/zip").await.error().2, "Page not found");
    for url in ["/told", "/rest/told", "/rest/v1told", "/rest/v1"] {
        assert_eq!(house.request("GET", url).await.status, 404, "{url}");
    }
}

#[actix_web::test]
async fn a_service_below_the_events_of_backstage_is_refused() {
    let mut config = at("/");
    config.backstage.events = true;
    config.backstage.auth.legacy_secret = vec![callboard::auth::Secret::new("c2VjcmV0")].into();
    let error = refused(config, "events/list");
    assert!(error.contains("events/list") && error.contains("/events/"), "{error}");
}

#[actix_web::test]
async fn without_a_prefix_there_are_none_over_http() {
    let mut config = config();
    config.rest.prefix = None;
    let answer = House::with(config).request("GET", "/told").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (404, ""));
}

#[actix_web::test]
async fn an_app_has_its_own_routes_beside_services() {
    let broker = services(Broker::builder(config())).start().expect("a good config");
    let own = || async { HttpResponse::Ok().body("own") };
    let app = App::new().configure(broker.routes()).route("/own", web::get().to(own));
    let app = init_service(app).await;
    let told = call_service(&app, TestRequest::get().uri("/told").to_request()).await;
    assert_eq!(told.status(), 200);
    let own = call_service(&app, TestRequest::get().uri("/own").to_request()).await;
    assert_eq!(read_body(own).await, "own");
}

#[actix_web::test]
async fn a_service_where_something_else_is_keeps_the_broker_from_starting_and_both_are_named() {
    let mut two = config();
    two.socketio.push(EngineConfig {
        path: "/chat.io/".into(),
        namespaces: vec!["/chat".into()],
        ..EngineConfig::default()
    });
    for (config, service, other) in [
        (at("/"), "connection", "/connection/websocket"),
        (at("/connection"), "websocket", "/connection/websocket"),
        (at("/"), "health", "/health"),
        (at("/"), "metrics", "/metrics"),
        (at("/"), "api", "server.api_prefix"),
        (at("/"), "api/v1/todos", "server.api_prefix"),
        (at("/api"), "todos", "server.api_prefix"),
        (at("/"), "socket.io", "/socket.io/"),
        (two, "chat.io/rooms", "/chat.io/"),
    ] {
        let error = refused(config, service);
        assert!(
            error.contains(&format!("{service:?}")) && error.contains(other) && error.contains("rest.prefix"),
            "{error}"
        );
    }
}

#[actix_web::test]
async fn services_that_only_look_like_something_else_are_accepted() {
    for service in ["healthy", "api-keys", "connections", ":tenant/messages", "socket.ioo", "my/health"] {
        accepted(at("/"), service);
    }
    accepted(at("/rest"), "health");
    accepted(at("/rest"), "api");
    let mut apart = at("/");
    apart.server.internal_port = Some(1);
    accepted(apart, "health");
    let mut none = config();
    none.rest.prefix = None;
    accepted(none, "health");
}

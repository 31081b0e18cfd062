//! The program's config.
use super::everyone;
use super::peer::Peer;
use callboard::client::{ClientCounts, Error, EventParams, EventsClientManager, NoToken, TokenSource};
use callboard::types::BoxFuture;
use serde::Serialize;
use serde_json::json;

/// A source that must not be asked.
struct Untouched;

impl TokenSource for Untouched {
    fn token(&self) -> BoxFuture<Result<Option<String>, String>> {
        panic!("a disabled client asks for a token");
    }
}

#[tokio::test]
async fn a_client_that_is_disabled_does_nothing_and_succeeds() {
    let peer = Peer::new().await;
    let base_url = format!("http://{}", peer.address());
    for backend in [
        json!({}),
        json!({"baseUrl": base_url}),
        json!({"baseUrl": base_url, "events": false}),
        json!({"events": {"enabled": false}}),
        json!({"baseUrl": base_url, "events": {"enabled": false, "endpoint": base_url}}),
    ] {
        let manager = EventsClientManager::from_config(&json!({"backend": backend}), Untouched).unwrap();
        assert!(!manager.is_enabled());
        let backend = manager.for_plugin("").get_client();
        backend.connect().await.unwrap();
        backend.connected().await.unwrap();
        backend.publish(1, EventParams { topic: Some(String::new()), ..everyone() }).unwrap();
        backend.flush().await.unwrap();
        backend.subscribe("", |_: u32| {}, "").unwrap();
        backend.unsubscribe("", "").unwrap();
        backend.disconnect().await;
        assert_eq!((backend.is_connected(), backend.counts()), (false, ClientCounts::default()));
        let frontend = manager.frontend();
        frontend.subscribe("catalog", |_: u32| {}, None).unwrap();
        frontend.connect().await.unwrap();
        frontend.unsubscribe("catalog", None).unwrap();
        frontend.disconnect().await;
    }
    assert!(peer.is_left_alone().await);
}

#[tokio::test]
async fn the_config_may_be_a_type_of_the_program() {
    #[derive(Serialize)]
    struct AppConfig {
        backend: Backend,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Backend {
        base_url: String,
        events: Events,
    }
    #[derive(Serialize)]
    struct Events {
        enabled: bool,
        endpoint: Option<String>,
    }
    let peer = Peer::new().await;
    let endpoint = Some(format!("ws://{}/behind/a/proxy/", peer.address()));
    let events = Events { enabled: true, endpoint };
    let config = AppConfig { backend: Backend { base_url: "http://localhost:1".into(), events } };
    let client = EventsClientManager::from_config(&config, NoToken).unwrap().for_plugin("catalog").get_client();
    client.connect().await.unwrap();
    assert_eq!(peer.accept_catalog().await.path, "/behind/a/proxy/events");
}

#[test]
fn a_wrong_config_says_which_key_and_what_to_write() {
    let read = |backend| EventsClientManager::from_config(&json!({"backend": backend}), NoToken).unwrap_err();
    let missing = read(json!({"events": true}));
    assert!(matches!(missing, Error::Missing { key: "backend.baseUrl", .. }), "{missing}");
    let wrong = read(json!({"events": {"enabled": true, "endpoint": "localhost"}}));
    assert!(matches!(&wrong, Error::Wrong { key, .. } if key == "backend.events.endpoint"), "{wrong}");
}

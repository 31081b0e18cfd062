//! A page whose name was made to resolve to this machine (DNS rebinding) gets nothing from a broker that is open to it.
use crate::harness::{API_KEY, Broker, http};

const OPEN: &str = r#"
[auth]
anonymous = true
origins = ["http://listed.test"]
[[namespace]]
name = ""
subscribe = "anyone"
"#;

/// The status of a WebSocket handshake from a page at this host.
fn handshake(broker: &Broker, host: &str) -> u16 {
    handshake_at(broker, "/connection/websocket", host)
}

fn handshake_at(broker: &Broker, path: &str, host: &str) -> u16 {
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    http::status(broker.address(), &head).expect("an answer")
}

/// The status of an API call from a page at this host; `more` are headers.
fn call(broker: &Broker, host: &str, more: &str) -> u16 {
    let head = format!(
        "POST /api/info HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\n{more}\r\n{{}}"
    );
    http::status(broker.address(), &head).expect("an answer")
}

#[test]
fn an_open_broker_on_loopback_knows_itself_by_the_names_of_its_machine() {
    let broker = Broker::start(OPEN);
    for (host, connection, api) in [
        ("localhost:8000", 101, 200),
        ("127.0.0.1:8000", 101, 200),
        ("[::1]:8000", 101, 200),
        ("listed.test", 101, 200),
        ("rebound.test:8000", 403, 403),
    ] {
        assert_eq!((handshake(&broker, host), call(&broker, host, "")), (connection, api), "{host}");
    }
    let log = broker.log();
    assert_eq!(log.matches("auth.origins").count(), 2, "{log}");
    assert!(broker.stop().success());
}

#[test]
fn a_broker_that_is_open_to_guests_of_backstage_alone_knows_itself_by_those_names_too() {
    let config =
        "[backstage]\nsignals = true\nevents = true\nguests = true\n[backstage.auth]\nlegacy_secret = 'c2VjcmV0'\n";
    let broker = Broker::start(config);
    for path in ["/api/signals", "/events", "/events/?EIO=4&transport=websocket"] {
        assert_eq!(handshake_at(&broker, path, "localhost:8000"), 101, "{path}");
        assert_eq!(handshake_at(&broker, path, "rebound.test:8000"), 403, "{path}");
    }
    assert!(broker.stop().success());
}

#[test]
fn where_a_token_and_a_key_are_asked_for_every_name_will_do() {
    let config = OPEN.replace("anonymous = true", "hmac_secret = 'a secret'");
    let broker = Broker::start(&format!("{config}[api]\nkey = '{API_KEY}'\n"));
    assert_eq!(handshake(&broker, "rebound.test"), 101);
    assert_eq!(call(&broker, "rebound.test", &format!("X-API-Key: {API_KEY}\r\n")), 200);
    assert_eq!(call(&broker, "rebound.test", ""), 401);
    assert!(broker.stop().success());
}

#[test]
fn the_name_that_a_trusted_proxy_was_asked_for_counts_for_the_api_too() {
    let broker = Broker::start(&format!("{OPEN}[server]\ntrusted_proxies = ['127.0.0.1']\n"));
    let forwarded = |host: &str| {
        let head = format!(
            "POST /api/info HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nX-Forwarded-Host: {host}\r\nOrigin: http://localhost\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        http::status(broker.address(), &head).expect("an answer")
    };
    assert_eq!((forwarded("localhost"), forwarded("foreign.test")), (200, 403));
    assert!(broker.stop().success());
}

//! What a broker says when it listens, and of whom it refuses.
mod without_a_system;

use crate::harness::socket::{Next, Socket};
use crate::harness::{API_KEY, Broker, http};

/// What the log says behind the words that a line begins with.
fn said(log: &str, what: &str) -> String {
    let lines = log.lines().filter_map(|line| line.split_once("] ").map(|(_, text)| text));
    let mut found = lines.filter_map(|text| text.strip_prefix(what)).map(str::trim);
    found.next().unwrap_or_else(|| panic!("no line about {what:?}:\n{log}")).to_owned()
}

#[test]
fn the_shipped_config_says_where_everything_is_and_how_to_try_it() {
    let broker = Broker::start_shipped();
    let (url, port) = (broker.url(), broker.address().port());
    let log = broker.until(Broker::log, |log| log.contains("to publish:"));
    let summary = said(&log, "callboard ");
    assert!(summary.contains(&format!("listens on {url}, ")) && summary.contains("in memory"), "{summary}");
    assert!(summary.ends_with("open to this machine without a token"), "{summary}");
    assert_eq!(said(&log, "console:"), format!("{url}/"));
    assert_eq!(said(&log, "WebSocket:"), format!("{}/connection/websocket", url.replace("http", "ws")));
    assert_eq!(said(&log, "Socket.IO:"), format!("{url}/socket.io/"));
    assert_eq!(said(&log, "HTTP API:"), format!("{url}/api without a key"));
    assert_eq!(said(&log, "metrics, health:"), format!("{url}/metrics {url}/health"));
    assert!(said(&log, "config:").starts_with("built in"), "{log}");
    assert_eq!(said(&log, "to listen:"), format!("callboard --port {port} sub news"));
    assert!(!log.contains("actix"), "the HTTP server's lines are folded into ours:\n{log}");
    assert!(broker.stop().success());
}

#[test]
fn a_config_of_ones_own_says_who_may_connect_and_where_the_api_is() {
    let config = format!(
        "[server]\ninternal_host = '127.0.0.1'\ninternal_port = {{internal_port}}\n[api]\nkey = '{API_KEY}'\n\
         [auth]\nhmac_secret = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e'\n\
         [backstage]\nsignals = true\nbus = true\nguests = true\n\
         [backstage.auth]\nlegacy_secret = 'YSBzZWNyZXQ='\n"
    );
    let broker = Broker::start_with_internal(&config);
    let log = broker.until(Broker::log, |log| log.contains("] config:"));
    assert!(said(&log, "callboard ").ends_with(", by token"), "{log}");
    assert_eq!(said(&log, "console:"), format!("http://{}/", broker.internal()));
    assert_eq!(said(&log, "Backstage signals:"), format!("ws://{}/api/signals", broker.address()));
    assert_eq!(said(&log, "Backstage bus:"), format!("http://{}/api/events/bus/v1", broker.address()));
    assert_eq!(said(&log, "HTTP API:"), format!("http://{}/api with api.key", broker.internal()));
    assert_eq!(said(&log, "config:"), broker.config_path().display().to_string());
    assert!(!log.contains("to listen:"), "there is no channel that one line shows:\n{log}");
    assert!(broker.stop().success());
}

#[tokio::test]
async fn who_is_refused_is_told_of_with_the_remedy_a_few_times_a_minute() {
    let broker = Broker::start("[auth]\nhmac_secret = '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e'\n");
    for origin in ["http://elsewhere.test", "null"] {
        let head = format!(
            "GET /connection/websocket HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            broker.address()
        );
        assert_eq!(http::status(broker.address(), &head).expect("an answer"), 403);
    }
    let forged = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.AAAA";
    for connect in ["{}".to_owned(), format!(r#"{{"token":"{forged}"}}"#)] {
        for _ in 0..12 {
            let mut socket = Socket::open(broker.address(), 0).await;
            socket.send(&format!(r#"{{"id":1,"connect":{connect}}}"#)).await;
            assert!(matches!(socket.next().await, Next::Closed(_)));
        }
    }
    let log = broker.log();
    for line in [
        "a connection from the origin http://elsewhere.test was refused: let it in with auth.origins = [\"http://elsewhere.test\"]",
        "a connection from a page without an origin was refused: serve the page by HTTP",
        "a client without a token was refused: sign one for it (callboard token connection --user 42)",
    ] {
        assert!(log.contains(line), "{line}:\n{log}");
    }
    assert!(!log.contains("Some(") && !log.contains(forged), "{log}");
    assert_eq!(log.matches("was refused").count(), 2 + 10, "a kind has ten lines a minute:\n{log}");
}

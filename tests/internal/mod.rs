//! Where the API, metrics and health are when the config puts them apart from clients, and what may be reached by others.
use crate::harness::socket::Socket;
use crate::harness::{API_KEY, Broker, http};
use std::io::Write;
use std::process::Command;

const APART: &str = r#"
[server]
internal_host = "127.0.0.1"
internal_port = {internal_port}
[auth]
anonymous = true
[[namespace]]
name = ""
subscribe = "anyone"
"#;

#[tokio::test]
async fn an_internal_address_serves_the_api_and_the_public_one_clients_alone() {
    let broker = Broker::start_with_internal(APART);
    let mut socket = Socket::connect(broker.address(), 0).await;
    socket.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;

    let status = |address, path: &str| http::get(address, path).expect("an answer").status;
    for path in ["/health", "/ready", "/metrics", "/api/openapi.json"] {
        assert_eq!((status(broker.address(), path), status(broker.internal(), path)), (404, 200), "{path}");
    }
    assert_eq!(http::call(broker.address(), API_KEY, "info", "{}").expect("an answer").status, 404);
    let channels = broker.api("channels", "{}");
    assert!(channels.contains("news"), "{channels}");
    assert_eq!(status(broker.internal(), "/connection/websocket"), 404);
    assert!(broker.stop().success());
}

/// Serves with this config on a port of its own; what it says when it refuses to, with its exit code.
fn refused(config: &str) -> (Option<i32>, String) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(config.as_bytes()).expect("its text");
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLBOARD_")) {
        command.env_remove(name);
    }
    let output = command.args(["serve", "--port", "0", "--config"]).arg(file.path()).output().expect("it runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_others_can_reach_is_not_served_without_a_key() {
    let (code, said) = refused("[server]\nhost = '0.0.0.0'\n");
    assert!(code == Some(2) && said.contains("`api.key`"), "{code:?}: {said}");
    let (code, said) = refused("[server]\ninternal_host = '0.0.0.0'\ninternal_port = 1\n");
    assert!(code == Some(2) && said.contains("`api.key`"), "{code:?}: {said}");
}

#[tokio::test]
async fn who_allows_what_is_insecure_gets_it() {
    let open = "[server]\nhost = '0.0.0.0'\nallow_insecure = true\n[auth]\nanonymous = true\n";
    let broker = Broker::start(open);
    Socket::connect(broker.address(), 0).await;
    assert_eq!(http::call(broker.address(), "", "info", "{}").expect("an answer").status, 200);
    assert!(broker.stop().success());
}

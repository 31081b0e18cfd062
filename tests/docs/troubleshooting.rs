//! The page on troubleshooting quotes what is really printed.
use super::blocks;
use super::harness::{API_KEY, Broker, SECRET, free_address};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");
/// How long the broker may take to answer a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A broker that a newcomer closed, with a namespace that does not cover the channel `news`.
fn closed() -> Broker {
    Broker::start(&format!(
        "[auth]\nhmac_secret = '{SECRET}'\n[api]\nkey = '{API_KEY}'\n[[namespace]]\nname = 'news'\n\
         [backstage]\nsignals = true\n[backstage.auth]\nlegacy_secret = 'YSBzZWNyZXQ='\n"
    ))
}

/// What a command that fails, or ends by itself, prints on both streams.
fn printed(broker: &Broker, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLBOARD_")) {
        command.env_remove(name);
    }
    command.env("CALLBOARD_SERVER__PORT", broker.address().port().to_string());
    let output = command.args(arguments).stdin(Stdio::null()).output().expect("the program");
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).join("\n")
}

/// The answer to an upgrade with this header.
fn upgraded(address: SocketAddr, path: &str, header: &str) -> String {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{header}\r\n"
    )
    .expect("the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer, and the end of the connection");
    answer
}

/// All that a newcomer's mistakes make the program print, answer and log.
fn mistakes() -> String {
    let broker = closed();
    let config = broker.config_path();
    let config = config.to_str().expect("a path");
    let port = broker.address().port().to_string();
    let token = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["token", "connection", "--user", "42"])
        .env("CALLBOARD_CONFIG", config)
        .output()
        .expect("the program");
    let token = String::from_utf8(token.stdout).expect("text");
    let nowhere = format!("http://{}", free_address());
    let mut all: Vec<String> = vec![
        printed(&broker, &["sub", "news"]),
        printed(&broker, &["sub", "news", "--token", "nonsense"]),
        printed(&broker, &["sub", "news", "--token", token.trim()]),
        printed(&broker, &["sub", "news:today", "--token", token.trim()]),
        printed(&broker, &["pub", "news:today", "1"]),
        printed(&broker, &["channels", "--api-key", "wrong"]),
        printed(&broker, &["channels", "--url", &nowhere]),
        printed(&broker, &["serve", "--config", config, "--port", &port]),
        upgraded(broker.address(), "/connection/websocket", "Origin: http://localhost:8080\r\n"),
        upgraded(broker.address(), "/api/signals", ""),
    ];
    // What is logged comes from another process.
    all.push(broker.until(Broker::log, |log| log.contains("before its upgrade")));
    all.join("\n").replace(&broker.address().to_string(), "127.0.0.1:8000")
}

/// Whether a line has these parts in this order; what is between them differs from time to time.
fn shows(line: &str, quoted: &str) -> bool {
    let mut rest = line;
    quoted.split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

#[test]
fn the_messages_on_the_page_are_those_that_are_printed() {
    let printed = mistakes();
    let quoted: Vec<&str> = blocks(PAGE, "text").into_iter().flat_map(str::lines).collect();
    assert!(quoted.len() > 8, "only {} messages are on the page", quoted.len());
    for message in quoted {
        assert!(printed.lines().any(|line| shows(line, message)), "nobody prints {message:?}, but\n{printed}");
    }
}

#[test]
fn a_broker_without_listeners_says_so_as_the_page_does() {
    let broker = Broker::start_shipped();
    for command in ["channels", "connections"] {
        let said = printed(&broker, &[command]);
        assert!(PAGE.contains(&format!("`{}`", said.trim())), "{command}: {said}");
    }
}

#[test]
fn the_config_against_the_trap_of_namespaces_covers_both_channels() {
    let block = blocks(PAGE, "toml").into_iter().find(|block| block.contains("[[namespace]]")).expect("the config");
    let broker = Broker::start(&format!("[auth]\nhmac_secret = '{SECRET}'\n{block}"));
    for channel in ["news", "news:today"] {
        let said = printed(&broker, &["pub", channel, "1"]);
        assert!(said.starts_with(&format!("published to {channel}")), "{said}");
    }
}

//! The page on Backstage shows what is kept for a user who subscribes later.
use super::harness::Broker;
use super::{Terminal, blocks};
use serde_json::{Value, json};
use std::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};

const PAGE: &str = include_str!("../../docs/backstage.md");

#[test]
fn a_page_that_subscribes_in_time_gets_the_signal_as_shown() {
    let config = blocks(PAGE, "toml").into_iter().find(|block| block.contains("keep = ")).expect("the config is shown");
    let broker = Broker::start(config);
    let call =
        blocks(PAGE, "sh").into_iter().find(|block| block.contains(r#""keep":true"#)).expect("the call is shown");
    let call = call.replace("localhost:8000", &broker.address().to_string());
    assert_eq!(Terminal::new(&broker).prints(&format!("export NO_PROXY=127.0.0.1\n{call}")), r#"{"result":{}}"#);
    let stream = TcpStream::connect(broker.address()).expect("a connection");
    let url = format!("ws://{}/api/signals", broker.address());
    let (mut page, _) = tungstenite::client::client(url, stream).expect("guests are let in");
    let subscribe = json!({"action": "subscribe", "channel": "catalog:refresh"}).to_string();
    page.send(Message::text(subscribe)).expect("it is open");
    let told = loop {
        if let Message::Text(text) = page.read().expect("it is open") {
            break serde_json::from_str::<Value>(&text).expect("JSON");
        }
    };
    let shown = blocks(PAGE, "json").into_iter().map(|block| serde_json::from_str::<Value>(block).expect("JSON"));
    assert!(shown.into_iter().any(|shown| shown == told), "{told}");
}

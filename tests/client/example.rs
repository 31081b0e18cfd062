//! The example that is the documentation's plugin, as a program of its own.
use super::peer::Peer;
use super::{PATIENCE, soon};
use crate::harness::wait;
use serde_json::json;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

#[tokio::test]
async fn the_documentations_plugin_publishes_prints_what_it_hears_and_never_writes_its_token() {
    const TOKEN: &str = "a-token-that-nobody-is-to-see";
    let program = Path::new(env!("CARGO_BIN_EXE_callboard")).with_file_name("examples").join("backstage_catalog");
    assert!(program.exists(), "{} is missing: `cargo build --examples` makes it", program.display());
    let peer = Peer::new().await;
    let mut child = Command::new(program)
        .arg(format!("http://{}", peer.address()))
        // All that the client can say, and the libraries below it what they say by themselves.
        .envs([("BACKSTAGE_TOKEN", TOKEN), ("RUST_LOG", "warn,callboard=trace")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let head = peer.refuse("401 Unauthorized").await;
    assert!(head.contains(&format!("Bearer {TOKEN}\r\n")), "{head}");
    let mut link = peer.accept().await;
    assert_eq!(link.next().await, json!({"command": "register", "pluginId": "myplugin"}));
    // Whether the subscription or the publish was made when it connected is open.
    let frames = [link.next().await, link.next().await];
    let refs = ["user:default/john.doe", "group:default/admins"];
    for wanted in [
        json!({"command": "subscribe", "pluginId": "catalog", "topic": "topic"}),
        json!({"command": "publish", "pluginId": "myplugin", "topic": "topic", "targetEntityRefs": refs,
               "data": {"data": "data"}}),
    ] {
        assert!(frames.contains(&wanted), "{frames:?}");
    }
    link.publish("catalog", Some("topic"), json!({"heard": true})).await;
    assert_eq!(link.next().await["command"], "unsubscribe");
    assert_eq!(link.closed().await, 1000);
    assert!(link.rest().await.is_empty());
    let ended = soon(tokio::task::spawn_blocking(move || {
        let status = wait(&mut child, PATIENCE);
        // It can only fail where it has ended.
        let _ = child.kill();
        let (mut out, mut log) = (String::new(), String::new());
        child.stdout.take().expect("it is piped").read_to_string(&mut out).expect("a text");
        child.stderr.take().expect("it is piped").read_to_string(&mut log).expect("a text");
        (status, out, log)
    }));
    let (status, out, log) = ended.await.expect("it does not panic");
    assert!(status.is_some_and(|status| status.success()), "{status:?}: {log}");
    assert_eq!(out, "{\"heard\":true}\n");
    assert!(
        log.contains("answered 401 Unauthorized; the broker does not take this token")
            && log.contains("is connected to"),
        "{log}"
    );
    assert!(!log.contains(TOKEN), "{log}");
}

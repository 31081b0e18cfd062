//! What is no Redis for us, and what is no event.
use super::house::{config, nodes, result};
use crate::harness::redis::Redis;
use crate::harness::socket::Socket;
use crate::harness::{Broker, free_address};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::time::{Duration, Instant};

/// Serves with a Redis at this address; what it says when it refuses to, with its exit code.
pub fn refused(url: &str) -> (Option<i32>, String) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(config(url).as_bytes()).expect("its text");
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLBOARD_")) {
        command.env_remove(name);
    }
    let began = Instant::now();
    let output = command.args(["serve", "--port", "0", "--config"]).arg(file.path()).output().expect("it runs");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("redis.url") && !said.contains("topsecret"), "{said}");
    (output.status.code(), said)
}

#[test]
fn a_wrong_password_is_told_at_start() {
    let redis = Redis::start_with(&["--save", "", "--requirepass", "another"]);
    let address = format!("127.0.0.1:{}", redis.port());
    for login in [":topsecret@", "mia:topsecret@", ""] {
        let (code, said) = refused(&format!("redis://{login}{address}/0"));
        assert!(code == Some(1) && said.contains("password"), "{code:?}: {said}");
    }
    Broker::start(&config(&format!("redis://:another@{address}/0")));
}

#[test]
fn an_address_that_nobody_listens_on_is_told_at_start() {
    let address = free_address();
    for url in [
        format!("redis://:topsecret@{address}"),
        format!("redis+sentinel://{address}/main"),
        format!("redis+cluster://:topsecret@{address}"),
    ] {
        let (code, said) = refused(&url);
        assert!(code == Some(1), "{code:?}: {said}");
    }
}

#[test]
fn a_read_only_replica_is_told_at_start() {
    let master = Redis::start();
    let replica = Redis::start_with(&["--save", "", "--replicaof", "127.0.0.1", &master.port().to_string()]);
    let (code, said) = refused(&replica.url());
    assert!(code == Some(1) && said.contains("read-only replica"), "{code:?}: {said}");
}

#[test]
fn a_server_of_a_cluster_is_told_at_start_what_to_say() {
    let server = Redis::start_with(&["--save", "", "--cluster-enabled", "yes"]);
    let (code, said) = refused(&server.url());
    assert!(
        code == Some(1) && said.contains(&format!("redis+cluster://127.0.0.1:{}", server.port())),
        "{code:?}: {said}"
    );
}

#[test]
fn a_user_who_may_not_use_the_bus_is_told_at_start() {
    let redis = Redis::start();
    // Each channel of the bus, but not the one on which the node tries its way.
    assert!(redis.say("ACL SETUSER mia on >topsecret ~* &callboard:{* +@all").starts_with("+OK"));
    let (code, said) = refused(&format!("redis://mia:topsecret@127.0.0.1:{}/0", redis.port()));
    assert!(code == Some(1) && said.contains("NOPERM"), "{code:?}: {said}");
}

#[test]
fn a_server_that_is_too_old_is_told_at_start() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let url = format!("redis://{}", listener.local_addr().expect("its address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            std::thread::spawn(move || {
                let mut heard = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut heard) {
                    // Each array is a command: its answer is the version, or that there is no such command.
                    let text = String::from_utf8_lossy(&heard[..length]).to_ascii_uppercase();
                    for command in text.split('*').skip(1) {
                        let told = "redis_version:5.0.14\r\n";
                        let answer = match command.contains("INFO\r\n") {
                            true => format!("${}\r\n{told}\r\n", told.len()),
                            false => "-ERR unknown command\r\n".to_owned(),
                        };
                        let _ = stream.write_all(answer.as_bytes());
                    }
                }
            });
        }
    });
    let (code, said) = refused(&url);
    assert!(code == Some(1) && said.contains("5.0") && said.contains("6.2"), "{code:?}: {said}");
}

#[tokio::test]
async fn junk_on_the_bus_is_dropped_counted_and_logged_once() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    let mut listener = Socket::connect(nodes[0].address(), 0).await;
    listener.ask(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    for junk in
        [b"".as_slice(), b"hello", b"P", b"P1:", b"\x01\x01\xff\xff\xff\xff", b"\x01\x01\x01\x00\x00\x00{", b"\xff\xfe"]
    {
        redis.say_words(&[b"PUBLISH", b"callboard:{u:news}b", junk]).expect("an answer");
        redis.say_words(&[b"PUBLISH", b"callboard:{nodes}all", junk]).expect("an answer");
    }
    result(&nodes[0], "publish", r#"{"channel":"news","data":"sense"}"#);
    let brought = listener.until(|line| !line["push"]["pub"].is_null()).await;
    assert_eq!(brought["push"]["pub"]["data"], "sense");
    // What nodes say to each other comes over the same connection, and is read on another thread.
    nodes[0].until(|node| node.metric_of("callboard_drops_total", "undecodable"), |dropped| *dropped >= 14.0);
    assert_eq!(nodes[0].metric_of("callboard_drops_total", "undecodable"), 14.0);
    for once in ["is no event", "is no word of a node"] {
        assert_eq!(nodes[0].log().matches(once).count(), 1, "{}", nodes[0].log());
    }
}

#[tokio::test]
async fn an_answer_of_a_node_that_cannot_be_read_is_counted() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    let words = br#"{"from":"elsewhere","number":0,"answer":{"to_come":1}}"#;
    redis.say_words(&[b"PUBLISH", b"callboard:{nodes}all", words]).expect("an answer");
    nodes[0].until(|node| node.log().matches("is no word of a node").count(), |count| *count == 1);
    assert_eq!(nodes[0].metric_of("callboard_drops_total", "undecodable"), 1.0);
}

#[tokio::test]
async fn scripts_that_a_server_forgot_are_given_to_it_again() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    for number in 1..=3 {
        assert!(redis.say("SCRIPT FLUSH").starts_with("+OK"));
        let accepted = result(&nodes[0], "publish", r#"{"channel":"news","data":1}"#);
        assert_eq!(accepted["offset"], number);
    }
}

#[tokio::test]
async fn a_record_of_a_version_to_come_costs_itself_alone_and_is_told() {
    let redis = Redis::start();
    let nodes = nodes(&redis.url(), 1);
    let mut listener = Socket::connect(nodes[0].address(), 0).await;
    listener.send(r#"{"id":2,"subscribe":{"channel":"news"}}"#).await;
    listener.until(|line| line["id"] == 2).await;
    let first = result(&nodes[0], "publish", r#"{"channel":"news","data":1}"#);
    listener.until(|line| line["push"]["pub"]["data"] == 1).await;
    let epoch = first["epoch"].as_str().expect("an epoch");

    // As publish.lua of a newer node does it.
    let ends = "99999999999999";
    redis.say("HSET callboard:{u:news}m o 2");
    redis.say_words(&[b"RPUSH", b"callboard:{u:news}e", format!("{ends}\x02new").as_bytes()]).expect("an answer");
    let brought = format!("P2:{epoch}:\x02new");
    redis.say_words(&[b"PUBLISH", b"callboard:{u:news}b", brought.as_bytes()]).expect("an answer");
    result(&nodes[0], "publish", r#"{"channel":"news","data":3}"#);

    // What is missing is told, and who comes back gets what follows.
    let told = listener.until(|line| !line["push"]["unsubscribe"].is_null()).await;
    assert_eq!(told["push"]["unsubscribe"]["code"], 2500, "{told}");
    let since = json!({ "channel": "news", "recover": true, "offset": 1, "epoch": epoch });
    listener.send(&json!({ "id": 3, "subscribe": since }).to_string()).await;
    let reply = listener.until(|line| line["id"] == 3).await;
    let subscribed = &reply["subscribe"];
    assert_eq!((subscribed["recovered"].as_bool(), &subscribed["offset"]), (None, &json!(3)), "{reply}");
    result(&nodes[0], "publish", r#"{"channel":"news","data":4}"#);
    listener.until(|line| line["push"]["pub"]["data"] == 4).await;

    let page = result(&nodes[0], "history", r#"{"channel":"news","limit":10}"#);
    let kept = page["publications"].as_array().expect("events").iter();
    let kept: Vec<_> = kept.map(|event| (event["data"].as_u64(), event["offset"].as_u64())).collect();
    assert_eq!(kept, [1, 3, 4].map(|number| (Some(number), Some(number))));
    assert!(nodes[0].metric_of("callboard_drops_total", "undecodable") >= 2.0);
    assert_eq!(nodes[0].log().matches("is no event").count(), 1, "{}", nodes[0].log());
}

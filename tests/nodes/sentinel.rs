//! A master, its replica and three sentinels.
use super::house::{addresses, nodes, result};
use super::verdict::told_of_a_gap;
use super::witness::{Publisher, twenty};
use crate::harness::redis::{Redis, say_to};
use std::time::Duration;

/// Servers and those that watch over them.
struct Watched {
    master: Redis,
    replica: Redis,
    sentinels: Vec<Redis>,
}

impl Watched {
    fn start() -> Self {
        let plain = ["--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"];
        let master = Redis::start_with(&plain);
        let port = master.port().to_string();
        let of_master = ["--replicaof", "127.0.0.1", &port];
        let replica = Redis::start_with(&[plain.as_slice(), &of_master].concat());
        let follows = || replica.say("INFO replication").contains("master_link_status:up");
        while !follows() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let watch = [
            format!("sentinel monitor main 127.0.0.1 {port} 2"),
            "sentinel down-after-milliseconds main 500".into(),
            "sentinel failover-timeout main 3000".into(),
        ];
        let sentinels: Vec<Redis> = (0..3).map(|_| Redis::start_sentinel(&watch)).collect();
        let knows_all = |sentinel: &Redis| {
            let told = sentinel.say("INFO sentinel");
            told.contains("slaves=1") && told.contains("sentinels=3")
        };
        while !sentinels.iter().all(knows_all) {
            std::thread::sleep(Duration::from_millis(50));
        }
        Watched { master, replica, sentinels }
    }

    fn url(&self) -> String {
        let ports: Vec<String> = self.sentinels.iter().map(|s| format!("127.0.0.1:{}", s.port())).collect();
        format!("redis+sentinel://{}/main", ports.join(","))
    }
}

#[tokio::test]
async fn a_failover_to_a_replica_that_lags_is_told_and_what_follows_is_heard() {
    let mut watched = Watched::start();
    let nodes = nodes(&watched.url(), 2);
    let witnesses = twenty(&addresses(&nodes), "news").await;
    let publisher = Publisher::start(addresses(&nodes), "news");
    publisher.more(50).await;
    // The replica hears nothing of what comes now, and does not know that it does not.
    assert!(watched.replica.say("CONFIG SET replica-read-only yes").starts_with("+OK"));
    watched.replica.signal(rustix::process::Signal::STOP);
    publisher.more(100).await;
    let before = result(&nodes[0], "history", r#"{"channel":"news","limit":0}"#);
    watched.master.kill();
    watched.replica.signal(rustix::process::Signal::CONT);
    publisher.more(100).await;
    let last = publisher.stop();
    let after = result(&nodes[0], "history", r#"{"channel":"news","limit":0}"#);
    assert_ne!(before["epoch"], after["epoch"], "offsets are given anew, so they count in another epoch");
    assert_eq!(told_of_a_gap(witnesses, last).await, 20, "the tail is gone, and everybody is told");
    let told = say_to(watched.replica.port(), &[b"INFO", b"replication"]).expect("an answer");
    assert!(told.contains("role:master"), "{told}");
}

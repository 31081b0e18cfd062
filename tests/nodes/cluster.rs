//! A cluster of three servers.
use super::backstage::on_backstage;
use super::events_bus::{catalog, take_all};
use super::house::{addresses, config, nodes, nodes_with, result};
use super::verdict::told_of_a_gap;
use super::witness::{Publisher, twenty};
use crate::harness::Broker;
use crate::harness::redis::Redis;
use crate::harness::socket::{Next, Socket};
use std::time::Duration;

struct Cluster(Vec<Redis>);

impl Cluster {
    fn start() -> Self {
        let arguments =
            ["--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let servers: Vec<Redis> = (0..3).map(|_| Redis::start_with(&arguments)).collect();
        for (server, slots) in servers.iter().zip([0..5461, 5461..10923, 10923..16384]) {
            let slots: Vec<String> = slots.map(|slot: u32| slot.to_string()).collect();
            let words = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str));
            let words: Vec<&[u8]> = words.map(str::as_bytes).collect();
            assert!(server.say_words(&words).expect("an answer").starts_with("+OK"));
            assert!(server.say(&format!("CLUSTER MEET 127.0.0.1 {}", servers[0].port())).starts_with("+OK"));
        }
        let cluster = Cluster(servers);
        let whole = |server: &Redis| {
            let told = server.say("CLUSTER INFO");
            told.contains("cluster_state:ok") && told.contains("cluster_known_nodes:3")
        };
        while !cluster.0.iter().all(whole) {
            std::thread::sleep(Duration::from_millis(50));
        }
        cluster
    }

    fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{},127.0.0.1:{}", self.0[0].port(), self.0[1].port())
    }

    fn id(&self, server: usize) -> String {
        // `$40`, the id, each on a line.
        self.0[server].say("CLUSTER MYID").lines().nth(1).expect("an id").to_owned()
    }

    fn slot_of(&self, key: &str) -> usize {
        self.0[0].say(&format!("CLUSTER KEYSLOT {key}")).trim().trim_matches(':').parse().expect("a slot")
    }

    /// Who has a slot at first, and who is to get it.
    fn ways_of(&self, slot: usize) -> (usize, usize) {
        let from = [5461, 10923, 16384].iter().position(|end| slot < *end).expect("an owner");
        (from, (from + 1) % 3)
    }

    fn begin_to_move(&self, slot: usize, from: usize, to: usize) {
        ok(self.0[to].say(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", self.id(from))));
        ok(self.0[from].say(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", self.id(to))));
    }

    fn move_keys(&self, keys: &str, from: usize, to: usize) {
        ok(self.0[from].say(&format!("MIGRATE 127.0.0.1 {}  0 5000 KEYS {keys}", self.0[to].port())));
    }

    fn end_the_move(&self, slot: usize, from: usize, to: usize) {
        for server in [to, from, (to + 1) % 3] {
            ok(self.0[server].say(&format!("CLUSTER SETSLOT {slot} NODE {}", self.id(to))));
        }
    }

    /// Moves the slot of a key to the next server, as `redis-cli --cluster reshard` does.
    fn move_slot_of(&self, key: &str) {
        let slot = self.slot_of(key);
        let (from, to) = self.ways_of(slot);
        self.begin_to_move(slot, from, to);
        loop {
            let told = self.0[from].say(&format!("CLUSTER GETKEYSINSLOT {slot} 100"));
            let keys: Vec<&str> = told.lines().skip(1).filter(|line| !line.starts_with('$')).collect();
            if keys.is_empty() {
                break;
            }
            self.move_keys(&keys.join(" "), from, to);
        }
        self.end_the_move(slot, from, to);
    }
}

fn ok(answer: String) {
    assert!(answer.starts_with("+OK") || answer.starts_with("+NOKEY"), "{answer}");
}

#[tokio::test]
async fn channels_of_all_slots_are_heard_and_kept() {
    let cluster = Cluster::start();
    let nodes = nodes(&cluster.url(), 2);
    let mut listener = Socket::connect(nodes[1].address(), 0).await;
    for number in 0..30 {
        let reply = listener.ask(&format!(r#"{{"id":{},"subscribe":{{"channel":"n{number}"}}}}"#, number + 2)).await;
        assert!(reply["error"].is_null(), "{reply}");
        result(&nodes[0], "publish", &format!(r#"{{"channel":"n{number}","data":{number}}}"#));
        loop {
            let Next::Line(line) = listener.next().await else { panic!("closed") };
            if !line["push"]["pub"].is_null() {
                assert_eq!(line["push"]["pub"]["data"], number);
                break;
            }
        }
        let page = result(&nodes[1], "history", &format!(r#"{{"channel":"n{number}","limit":1}}"#));
        assert_eq!(page["publications"][0]["data"], number);
        let present = result(&nodes[0], "presence_stats", &format!(r#"{{"channel":"n{number}"}}"#));
        assert_eq!(present["num_clients"], 1);
    }
}

#[tokio::test]
async fn publishes_of_one_client_keep_their_order_while_a_slot_moves() {
    // All of it is one page of the history.
    const STEP: u32 = 50;
    let cluster = Cluster::start();
    let nodes = nodes(&cluster.url(), 1);
    result(&nodes[0], "publish", r#"{"channel":"news","data":0}"#);
    let mut client = Socket::connect(nodes[0].address(), 0).await;
    let slot = cluster.slot_of("callboard:{u:news}m");
    let (from, to) = cluster.ways_of(slot);
    let refused = |how: &str| nodes[0].until(|_| cluster.0[from].say("INFO errorstats"), |told| told.contains(how));
    let mut sent = 0;
    publish(&mut client, &mut sent, STEP).await;
    cluster.begin_to_move(slot, from, to);
    publish(&mut client, &mut sent, STEP).await;
    // One of two keys: neither server has both.
    cluster.move_keys("callboard:{u:news}m", from, to);
    publish(&mut client, &mut sent, STEP).await;
    refused("errorstat_TRYAGAIN");
    cluster.move_keys("callboard:{u:news}e", from, to);
    publish(&mut client, &mut sent, STEP).await;
    refused("errorstat_ASK");
    cluster.end_the_move(slot, from, to);
    publish(&mut client, &mut sent, STEP).await;
    for _ in 0..sent {
        let reply = client.until(|line| !line["id"].is_null()).await;
        assert!(reply["error"].is_null(), "{reply}");
    }
    let page = result(&nodes[0], "history", r#"{"channel":"news","limit":2000}"#);
    let kept: Vec<_> = page["publications"].as_array().expect("events").iter().map(|e| e["data"].as_u64()).collect();
    assert!(kept.iter().copied().eq((0..=u64::from(sent)).map(Some)), "{kept:?}");
}

/// Sends so many more publishes at once.
async fn publish(client: &mut Socket, sent: &mut u32, count: u32) {
    let lines = (1..=count)
        .map(|number| *sent + number)
        .map(|number| format!(r#"{{"id":{},"publish":{{"channel":"news","data":{number}}}}}"#, number + 1));
    client.send(&lines.collect::<Vec<_>>().join("\n")).await;
    *sent += count;
}

#[tokio::test]
async fn a_slot_that_moves_is_followed_and_told() {
    let cluster = Cluster::start();
    let nodes = nodes(&cluster.url(), 2);
    let witnesses = twenty(&addresses(&nodes), "news").await;
    let publisher = Publisher::start(addresses(&nodes), "news");
    publisher.more(50).await;
    cluster.move_slot_of("callboard:{u:news}m");
    publisher.more(50).await;
    let last = publisher.stop();
    // Another server numbers the events now, and none knows whether it has them all.
    assert_eq!(told_of_a_gap(witnesses, last).await, 20);
    let page = result(&nodes[0], "history", r#"{"channel":"news","limit":1000}"#);
    assert!(page["publications"].as_array().map(Vec::len) >= Some(100), "what was kept moved with it");
}

#[tokio::test]
async fn what_is_revoked_is_kept_by_a_cluster_also_when_its_slot_moves() {
    let cluster = Cluster::start();
    let mut nodes = nodes(&cluster.url(), 2);
    result(&nodes[0], "revoke", r#"{"user":"mia"}"#);
    cluster.move_slot_of("callboard:{revocations}m");
    result(&nodes[1], "revoke", r#"{"user":"leo","scopes":["a","b"]}"#);
    nodes.push(Broker::start(&config(&cluster.url())));
    for node in &nodes {
        node.until(|node| node.metric_of("callboard_stored", r#"limit="revocations""#), |known| *known == 3.0);
    }
}

#[tokio::test]
async fn the_events_bus_moves_with_its_slot() {
    let cluster = Cluster::start();
    let nodes = nodes_with(&on_backstage(&cluster.url()), 2);
    let [one, other] = [catalog(&nodes[0]), catalog(&nodes[1])];
    assert_eq!(one.put("catalog.a", &["t"]).await, 201);
    assert_eq!(one.put("catalog.b", &["t"]).await, 201);
    for n in 0..30 {
        assert_eq!(one.post("t", n.into(), &["catalog.b"]).await, 201);
    }
    let waiting = other.poll("catalog.b").await;
    cluster.move_slot_of("callboard:{events}m");
    for n in 30..60 {
        assert_eq!(other.post("t", n.into(), &[]).await, 201);
    }
    waiting.ends_empty().await;
    assert_eq!(take_all(&[&one, &other], "catalog.a").await, (0..60).collect::<Vec<u64>>());
    assert_eq!(take_all(&[&other, &one], "catalog.b").await, (30..60).collect::<Vec<u64>>());
}

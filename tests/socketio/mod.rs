//! Socket.IO endpoints of a broker that is a process of its own: their settings, and what a restart does to sessions.
use crate::harness::socketio::Client;
use crate::harness::{Broker, http};
use serde_json::{Value, json};

const CONFIG: &str = r#"
[auth]
anonymous = true
[[socketio]]
namespaces = ["/", "/outer"]
ping_interval = "11s"
[[socketio]]
path = "/socket.io/inner/"
namespaces = ["/inner"]
ping_interval = "12s"
max_payload = 2000
[[socketio]]
path = "/socket.io/inner/most/"
namespaces = ["/most"]
ping_interval = "13s"
max_payload = 3000
"#;

/// Path, time between pings, most bytes of a payload, and the namespace that no other endpoint has.
const ENDPOINTS: [(&str, u64, usize, &str); 3] = [
    ("/socket.io/", 11_000, 1_000_000, "/outer"),
    ("/socket.io/inner/", 12_000, 2000, "/inner"),
    ("/socket.io/inner/most/", 13_000, 3000, "/most"),
];

/// A session that polls.
struct Poller<'a> {
    broker: &'a Broker,
    target: String,
    handshake: Value,
}

impl<'a> Poller<'a> {
    fn open(broker: &'a Broker, path: &str) -> Self {
        let target = format!("{path}?EIO=4&transport=polling");
        let opening = http::get(broker.address(), &target).expect("an answer").body;
        let handshake: Value = serde_json::from_str(&opening[1..]).expect("JSON");
        let target = format!("{target}&sid={}", handshake["sid"].as_str().expect("an id"));
        Poller { broker, target, handshake }
    }

    /// The status of a POST.
    fn post(&self, body: &str) -> u16 {
        let (target, length) = (&self.target, body.len());
        let request = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        http::status(self.broker.address(), &request).expect("an answer")
    }

    fn poll(&self) -> String {
        http::get(self.broker.address(), &self.target).expect("an answer").body
    }
}

#[test]
fn each_endpoint_obeys_its_own_settings() {
    let broker = Broker::start(CONFIG);
    for (path, interval, payload, own) in ENDPOINTS {
        let poller = Poller::open(&broker, path);
        assert_eq!(poller.handshake["pingInterval"], interval, "{path}");
        assert_eq!(poller.handshake["maxPayload"], payload, "{path}");
        for (_, _, _, namespace) in ENDPOINTS {
            assert_eq!(poller.post(&format!("40{namespace},")), 200);
            let begin = if namespace == own { "40" } else { "44" };
            let answer = poller.poll();
            assert!(answer.starts_with(&format!("{begin}{namespace},{{")), "{namespace} at {path}: {answer}");
        }
        let longest = format!("42{own},[\"{}\"]", "x".repeat(payload - own.len() - 7));
        assert_eq!(poller.post(&longest), 200, "{path}");
        assert_eq!(poller.post(&format!("{longest} ")), 413, "{path}");
    }
}

/// Joins `/` with this payload; what `40` says, and the place of the last event that came with it, if one came.
fn join(broker: &Broker, payload: &str) -> (Value, Option<String>) {
    let poller = Poller::open(broker, "/socket.io/");
    assert_eq!(poller.post(&format!("40{payload}")), 200);
    let (mut told, mut offset) = (None, None);
    while told.is_none() || (offset.is_none() && payload.is_empty()) {
        for packet in poller.poll().split('\u{1e}').filter(|packet| *packet != "2") {
            let value: Value = serde_json::from_str(&packet[2..]).expect("JSON");
            match &packet[..2] {
                "40" => told = Some(value),
                _ => offset = value.as_array().and_then(|args| Some(args.last()?.as_str()?.to_owned())),
            }
        }
    }
    (told.expect("it came"), offset)
}

/// What a client says that comes back.
fn coming_back(before: &Value, offset: Option<String>) -> String {
    format!(r#"{{"pid":{},"offset":"{}"}}"#, before["pid"], offset.expect("an event came"))
}

#[test]
fn who_comes_back_to_a_broker_that_has_started_anew_is_told_that_it_is_not_recovered() {
    let start = || Broker::start_example_with("socketio_fixture", &["--recovery", "120000"]);
    let broker = start();
    let (before, offset) = join(&broker, "");
    assert!(broker.stop().success());
    let (after, _) = join(&start(), &coming_back(&before, offset));
    // A client calls itself recovered where its pid is what it was.
    assert!(after["pid"].is_string() && after["pid"] != before["pid"], "{before} and {after}");
    assert_ne!(after["sid"], before["sid"]);
}

#[test]
fn who_fell_silent_and_comes_back_is_recovered() {
    let pings = ["--recovery", "120000", "--ping-interval", "100", "--ping-timeout", "100"];
    let broker = Broker::start_example_with("socketio_fixture", &pings);
    let (before, offset) = join(&broker, "");
    // No ping is answered.
    broker.until(|broker| broker.metric_of("callboard_disconnects_total", "ping timeout"), |ended| *ended == 1.0);
    let (after, _) = join(&broker, &coming_back(&before, offset));
    assert_eq!((&after["pid"], &after["sid"]), (&before["pid"], &before["sid"]));
}

#[tokio::test]
async fn a_listener_of_a_built_in_channel_is_told_how_many_events_it_missed() {
    let config = "[auth]\nanonymous = true\n[server]\nworkers = 1\n[limits]\nhub_queue = 1\n\
                  [[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'\n[[socketio]]\nbuiltin_events = true";
    let broker = Broker::start(config);
    let (mut client, _) = Client::connect(broker.address(), &json!({})).await;
    assert_eq!(client.ask(&json!(["subscribe", "news"])).await, json!([{}]));
    let (mut said, mut at, mut missed) = (0, 0, 0);
    // Whether the queue of one holds a burst depends on what the machine does beside it.
    while missed == 0 && said < 40 * 410 {
        for number in said + 1..=said + 400 {
            client.say(&format!("42{}", json!(["publish", "news", number]))).await;
        }
        said += 400;
        // What is lost is told before what comes next. These come one by one, so that the queue has room for them.
        for _ in 0..10 {
            said += 1;
            client.say(&format!("427{}", json!(["publish", "news", said]))).await;
            while let Some(event) = client.next().await.strip_prefix("42") {
                let event: Value = serde_json::from_str(event).expect("JSON");
                match event[0].as_str() {
                    Some("message") => {
                        at += 1;
                        assert_eq!(event[2], at, "after {missed} that were missed");
                    }
                    Some("lagged") => {
                        assert_eq!(event[1], "news");
                        let count = event[2].as_i64().expect("a count");
                        (at, missed) = (at + count, missed + count);
                    }
                    _ => panic!("{event}"),
                }
            }
        }
    }
    assert!(missed > 0, "a queue of one holds no burst of 400");
    assert!(at > said - 10, "{at} of {said}");
}

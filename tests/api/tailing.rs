//! `tail` as its callers see it. Most stories are on one thread, under a clock that stands still unless all wait.
use super::client::Client;
use super::house::{House, config, post};
use actix_web::App;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::Service;
use actix_web::test::{TestRequest, init_service};
use callboard::broker::handler::Placement;
use callboard::server::{Broker, Config};
use callboard::types::Clock;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

/// Runs a story on a thread of its own clock, with a broker of this config.
fn story<F: Future<Output = ()>>(config: Config, tell: impl FnOnce(House) -> F) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true);
    actix::System::with_tokio_rt(|| builder.build().unwrap()).block_on(async {
        let broker = Broker::builder(config).placement(Placement::Here).clock(Clock::of_timers()).start().unwrap();
        tell(House::of(broker)).await;
    });
}

/// An open tail.
struct Tail {
    body: Pin<Box<BoxBody>>,
    lines: VecDeque<String>,
}

impl Tail {
    /// Opens one, whose first line says that it stands.
    async fn open(house: &House, request: Value) -> Self {
        let app = init_service(App::new().configure(house.broker.routes())).await;
        let response = app.call(post("tail", request.to_string()).to_request()).await.unwrap();
        assert_eq!(response.headers().get("Content-Type").unwrap(), "application/x-ndjson");
        assert_eq!(response.headers().get("Cache-Control").unwrap(), "no-store");
        let mut tail = Tail { body: Box::pin(response.into_body()), lines: VecDeque::new() };
        assert_eq!(tail.next().await, json!({}));
        tail
    }

    /// The next line as it came; none after the last.
    async fn line(&mut self) -> Option<String> {
        while self.lines.is_empty() {
            let bytes = poll_fn(|cx| self.body.as_mut().poll_next(cx)).await?.unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            assert!(text.ends_with('\n'), "a line in pieces: {text}");
            self.lines.extend(text.lines().map(str::to_owned));
        }
        self.lines.pop_front()
    }

    async fn next(&mut self) -> Value {
        serde_json::from_str(&self.line().await.expect("a line")).unwrap()
    }

    /// The payload of the next line that tells something, which is an event.
    async fn data(&mut self) -> Value {
        let mut line = self.next().await;
        while line == json!({}) {
            line = self.next().await;
        }
        assert!(line["event"].is_object(), "{line}");
        line["event"]["data"].take()
    }
}

async fn publish(house: &House, channel: &str, data: impl Into<Value>) {
    house.result("publish", json!({"channel": channel, "data": data.into()})).await;
}

#[test]
fn a_tail_shows_the_events_of_its_channel_and_all_that_is_known_of_them() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({"channel": "news"})).await;
        publish(&house, "other", 0).await;
        let publish = r#"{"channel":"news","data":{ "a":1.0,"b":"<script>" },"tags":{"lang":"en"}}"#;
        let position = house.post("publish", publish).await.json()["result"].take();
        let line = tail.line().await.unwrap();
        assert!(line.contains(r#""data":{ "a":1.0,"b":"<script>" }"#), "the payload stays as it is written: {line}");
        let mut event = serde_json::from_str::<Value>(&line).unwrap()["event"].take();
        let time = event["time"].take().as_i64().unwrap();
        assert!(time > 1_700_000_000_000, "{time}");
        let expected = json!({"space": "user", "channel": "news", "data": {"a": 1.0, "b": "<script>"},
            "tags": {"lang": "en"}, "offset": 1, "epoch": position["epoch"], "time": null});
        assert_eq!(event, expected);
    });
}

#[test]
fn a_tail_of_all_channels_shows_each_in_its_space() {
    for all in [json!({}), json!({"channel": "*"}), json!({"channel": ""}), json!({"channel": null})] {
        story(config(), async |house| {
            let mut tail = Tail::open(&house, all).await;
            publish(&house, "plain:a", 1).await;
            house.result("signal", json!({"channel": "catalog:refresh", "message": {"done": true}})).await;
            let event = tail.next().await["event"].take();
            assert_eq!((&event["space"], &event["channel"]), (&json!("user"), &json!("plain:a")));
            assert!(event.get("offset").is_none() && event.get("epoch").is_none(), "{event}");
            let event = tail.next().await["event"].take();
            assert_eq!((&event["space"], &event["channel"]), (&json!("signals"), &json!("catalog:refresh")));
        });
    }
}

#[test]
fn what_is_beyond_the_rate_is_counted_once_a_second() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({"channel": "news", "rate": 3})).await;
        for second in 0..2 {
            for number in 0..10 {
                publish(&house, "news", second * 100 + number).await;
            }
            for number in 0..3 {
                assert_eq!(tail.data().await, second * 100 + number);
            }
            assert_eq!(tail.next().await, json!({"skipped": 7}));
        }
    });
}

#[test]
fn a_quiet_tail_says_every_ten_seconds_that_it_stands() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({})).await;
        for _ in 0..2 {
            let before = tokio::time::Instant::now();
            assert_eq!(tail.next().await, json!({}));
            assert_eq!(before.elapsed().as_secs(), 10);
        }
    });
}

#[test]
fn a_channel_may_vanish_and_come_back_while_it_is_tailed() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({"channel": "plain:a"})).await;
        for number in 0..3 {
            publish(&house, "plain:a", number).await;
            assert_eq!(tail.data().await, number);
            tokio::time::sleep(Duration::from_secs(5)).await;
            let metrics = house.ask(TestRequest::get().uri("/metrics")).await.body;
            assert!(metrics.lines().any(|line| line == "callboard_channels 0"), "{metrics}");
        }
    });
}

#[test]
fn a_tail_that_does_not_read_is_ended_and_gives_its_place_back() {
    let mut config = config();
    (config.limits.outbox, config.limits.tails) = (10_000, 1);
    story(config, async |house| {
        let mut deaf = Tail::open(&house, json!({})).await;
        for _ in 0..20 {
            publish(&house, "news", "x".repeat(1_000)).await;
        }
        assert_eq!(deaf.next().await, json!({"ended": "the caller did not read fast enough"}));
        assert_eq!(deaf.line().await, None);
        let metrics = house.ask(TestRequest::get().uri("/metrics")).await.body;
        assert!(metrics.contains(r#"callboard_drops_total{reason="tail"} 1"#), "{metrics}");
        let mut next = Tail::open(&house, json!({})).await;
        publish(&house, "news", "y".repeat(20_000)).await;
        assert_eq!(next.data().await.as_str().unwrap().len(), 20_000, "one event passes whatever its size");
    });
}

#[test]
fn more_tails_than_may_be_open_are_refused_until_one_is_closed() {
    let mut config = config();
    config.limits.tails = 2;
    story(config, async |house| {
        let (first, _second) = (Tail::open(&house, json!({})).await, Tail::open(&house, json!({})).await);
        assert_eq!(house.error("tail", json!({})).await, 106);
        drop(first);
        Tail::open(&house, json!({})).await;
    });
}

#[test]
fn a_tail_that_makes_no_sense_is_refused_as_any_other_call() {
    let mut config = config();
    config.expose = vec![toml::from_str("space = \"signals\"\nas = \"shown:\"").unwrap()];
    story(config, async |house| {
        for (request, code) in [
            (json!({"channel": "nowhere:a"}), 102),
            (json!({"channel": "shown:catalog"}), 103),
            (json!({"channel": "x".repeat(300)}), 107),
            (json!({"rate": 0}), 107),
            (json!({"rate": 10_001}), 107),
        ] {
            assert_eq!(house.error("tail", request.clone()).await, code, "{request}");
        }
        assert_eq!(house.post("tail", r#"{"rate":"fast"}"#).await.status, 400);
        let unkeyed = TestRequest::post().uri("/api/tail").insert_header(("Content-Type", "application/json"));
        assert_eq!(house.ask(unkeyed.set_payload("{}")).await.status, 401);
        assert_eq!(house.ask(TestRequest::get().uri("/api/tail")).await.status, 405);
        let transported = post("tail", r#"{"channel":"nowhere:a"}"#);
        let transported = transported.insert_header(("X-Centrifugo-Error-Mode", "transport"));
        assert_eq!(house.ask(transported).await.status, 404);
        let batch = house.call("batch", json!({"commands": [{"tail": {}}]})).await;
        assert_eq!(batch["replies"][0]["error"]["code"], 104);
    });
}

#[test]
fn a_key_that_is_taken_back_ends_its_tails_and_another_reload_does_not() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({})).await;
        house.broker.reload(&config()).unwrap();
        assert_eq!(tail.next().await, json!({}), "the beat after ten seconds");
        let mut changed = config();
        changed.api = toml::from_str("key = \"another-key-of-these-tests\"").unwrap();
        house.broker.reload(&changed).unwrap();
        assert_eq!(tail.next().await, json!({"ended": "the API key is no longer valid"}));
        assert_eq!(tail.line().await, None);
    });
}

#[test]
fn a_broker_that_stops_ends_its_tails_and_says_so() {
    story(config(), async |house| {
        let mut tail = Tail::open(&house, json!({})).await;
        house.broker.drain().await;
        let mut late = Tail::open(&house, json!({})).await;
        for tail in [&mut tail, &mut late] {
            assert_eq!(tail.next().await, json!({"ended": "the broker is stopping"}));
            assert_eq!(tail.line().await, None);
        }
    });
}

#[actix_web::test]
async fn an_event_of_a_client_names_its_publisher() {
    let house = House::new();
    let mut tail = Tail::open(&house, json!({"channel": "news"})).await;
    let token = house.token("42", None);
    let mut client = Client::connect(house.serve(), &token).await;
    client.ask("publish", json!({"channel": "news", "data": 1})).await;
    let event = tail.next().await["event"].take();
    assert_eq!(event["publisher"], json!({"user": "42", "client": client.id}));
}

#[actix_web::test]
async fn a_listener_gets_every_event_of_a_channel_whose_tail_is_stuck() {
    let mut config = config();
    config.limits.outbox = 100_000;
    let house = House::with(config);
    let _deaf = Tail::open(&house, json!({"rate": 10_000})).await;
    let mut client = Client::connect(house.serve(), "").await;
    client.ask("subscribe", json!({"channel": "plain:a"})).await;
    for number in 0..40 {
        house.result("publish", json!({"channel": "plain:a", "data": [number, "x".repeat(5_000)]})).await;
        assert_eq!(client.push().await["pub"]["data"][0], number);
    }
}

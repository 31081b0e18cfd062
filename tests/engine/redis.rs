//! What the Redis engine promises beyond the contract.
use super::fixture::*;
use crate::harness::redis::Redis;
use callboard::engine::redis::{Address, Config, RedisEngine};
use callboard::engine::{Engine, HistoryQuery, PublishOptions, Published, Sink, Tap};
use callboard::metrics::Metrics;
use callboard::types::{Answer, BoxFuture, ClientInfo, Event};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long the engine may take for what it does in its own time.
const PATIENCE: Duration = Duration::from_secs(30);

/// The conformance suite's fixture: a server of its own, and the clock of the wall.
pub fn fresh() -> Fixture {
    let server = Redis::start();
    let engine = Arc::new(RedisEngine::open(&config(&server), Metrics::new()).expect("it can be used"));
    let pass = |duration| -> BoxFuture<()> { Box::pin(tokio::time::sleep(duration)) };
    Fixture::new(engine, Duration::from_millis(150), pass, 200, server)
}

fn config(server: &Redis) -> Config {
    Config { url: Address::new(server.url()).expect("an address"), ..Config::default() }
}

pub fn open(server: &Redis) -> RedisEngine {
    RedisEngine::open(&config(server), Metrics::new()).expect("it can be used")
}

/// Keeps what the bus brings.
#[derive(Default)]
struct Recorder {
    events: Mutex<Vec<(u64, Option<u64>)>>,
    resumed: AtomicUsize,
}

impl Sink for Recorder {
    fn event(&self, event: Event, _: Option<u64>) {
        let offset = event.position.map(|position| position.offset);
        self.events.lock().unwrap().push((event.data.read().expect("a number"), offset));
    }

    fn notice(&self, _: bool, _: Arc<ClientInfo>) {}

    fn resumed(&self) {
        self.resumed.fetch_add(1, SeqCst);
    }

    fn lost(&self) {}
}

impl Recorder {
    fn heard(&self) -> Vec<(u64, Option<u64>)> {
        self.events.lock().unwrap().clone()
    }
}

pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn keep() -> PublishOptions {
    let (ttl, meta_ttl) = (Duration::from_secs(60), Duration::from_secs(60));
    let retention = callboard::engine::Retention { size: 100, ttl, meta_ttl };
    PublishOptions { retention: Some(retention), ..Default::default() }
}

#[tokio::test]
async fn an_event_published_right_after_the_subscription_stands_is_heard_in_order_by_every_engine() {
    let server = Redis::start();
    let (one, other) = (open(&server), open(&server));
    let recorders = [Arc::new(Recorder::default()), Arc::new(Recorder::default())];
    for (engine, recorder) in [&one, &other].into_iter().zip(&recorders) {
        engine.subscribe(&channel("a"), recorder.clone()).wait().await.unwrap();
    }
    let answers: Vec<_> = (1..=500).map(|data| one.publish(event("a", data), keep())).collect();
    for answer in answers {
        answer.wait().await.unwrap();
    }
    let wanted: Vec<_> = (1..=500).map(|number| (number, Some(number))).collect();
    for recorder in &recorders {
        until("all is heard", || recorder.heard().len() >= 500).await;
        assert_eq!(recorder.heard(), wanted);
    }
}

#[tokio::test]
async fn what_is_for_one_node_alone_is_given_back_and_goes_over_no_bus() {
    let server = Redis::start();
    let engine = open(&server);
    let recorder = Arc::new(Recorder::default());
    engine.subscribe(&channel("a"), recorder.clone()).wait().await.unwrap();
    let local = PublishOptions { local: true, ..Default::default() };
    match engine.publish(event("a", 1), local) {
        Answer::Ready(Ok(Published::Deliver(event))) => assert_eq!(event.data.as_str(), "1"),
        _ => panic!("it is not delivered at home"),
    }
    engine.publish(event("a", 2), PublishOptions::default()).wait().await.unwrap();
    until("the other one is heard", || !recorder.heard().is_empty()).await;
    assert!(engine.is_shared() && recorder.heard() == [(2, None)]);
}

#[tokio::test]
async fn a_subscription_that_was_taken_back_hears_nothing_and_a_new_one_all() {
    let server = Redis::start();
    let engine = open(&server);
    let (first, second) = (Arc::new(Recorder::default()), Arc::new(Recorder::default()));
    engine.subscribe(&channel("a"), first.clone()).wait().await.unwrap();
    engine.unsubscribe(&channel("a")).wait().await.unwrap();
    engine.subscribe(&channel("a"), second.clone()).wait().await.unwrap();
    engine.publish(event("a", 1), PublishOptions::default()).wait().await.unwrap();
    until("it is heard", || second.heard() == [(1, None)]).await;
    assert!(first.heard().is_empty());
}

#[tokio::test]
async fn the_epoch_ends_with_the_run_of_the_server_and_the_offsets_go_on_with_what_it_kept() {
    let mut server = Redis::start_durable();
    let engine = open(&server);
    for data in 1..=3 {
        engine.publish(event("a", data), keep()).wait().await.unwrap();
    }
    let query = || HistoryQuery { since: None, limit: 10, reverse: false };
    let retention = keep().retention.expect("it keeps");
    let before = engine.history(&channel("a"), query(), retention).wait().await.unwrap();
    server.kill();
    server.start_again();
    until("it is back", || engine.trouble().is_none()).await;
    let since = HistoryQuery { since: Some(before.top.clone()), ..query() };
    let after = engine.history(&channel("a"), since, retention).wait().await.unwrap();
    assert_ne!(before.top.epoch, after.top.epoch);
    assert_eq!((after.top.offset, after.complete), (3, false));
    let all = engine.history(&channel("a"), query(), retention).wait().await.unwrap();
    assert_eq!((data(&all), all.events[2].position.as_ref()), (vec![1, 2, 3], Some(&after.top)));
}

#[tokio::test]
async fn a_connection_that_answers_and_does_not_deliver_is_noticed_and_made_anew() {
    let server = Redis::start();
    let engine = open(&server);
    let recorder = Arc::new(Recorder::default());
    engine.subscribe(&channel("a"), recorder.clone()).wait().await.unwrap();
    until("it is well", || engine.trouble().is_none()).await;
    // PING goes on being answered; what is published waits.
    server.say("CLIENT PAUSE 4000 WRITE");
    assert!(server.say("PING").starts_with("+PONG"));
    until("it is noticed", || engine.trouble().is_some()).await;
    until("it is well again", || engine.trouble().is_none()).await;
    assert!(recorder.resumed.load(SeqCst) >= 1, "who listens is told that something may be missing");
    engine.publish(event("a", 7), PublishOptions::default()).wait().await.unwrap();
    until("it is heard", || recorder.heard().contains(&(7, None))).await;
}

/// Counts what other programs say, and how often they may not have been heard.
#[derive(Default)]
struct Eavesdropper {
    heard: AtomicUsize,
    resumed: AtomicUsize,
}

impl Tap for Eavesdropper {
    fn heard(&self, _: &[u8], _: bytes::Bytes) {
        self.heard.fetch_add(1, SeqCst);
    }

    fn resumed(&self) {
        self.resumed.fetch_add(1, SeqCst);
    }
}

#[tokio::test]
async fn who_listens_to_other_programs_is_told_when_some_may_not_have_been_heard() {
    let server = Redis::start();
    let engine = open(&server);
    let tap = Arc::new(Eavesdropper::default());
    engine.peers().expect("a bus").tap("others#*", tap.clone());
    // Said until it is heard: nobody is told when the pattern is subscribed to for the first time.
    let is_heard = || server.say("PUBLISH others#1 x").starts_with(":1");
    until("it is subscribed", is_heard).await;
    until("it is heard", || tap.heard.load(SeqCst) == 1).await;
    assert_eq!(tap.resumed.load(SeqCst), 0);
    server.say("CLIENT KILL TYPE pubsub");
    until("it is subscribed again", || tap.resumed.load(SeqCst) == 1).await;
    assert!(is_heard());
    until("it is heard again", || tap.heard.load(SeqCst) == 2).await;
}

#[tokio::test]
async fn a_lost_connection_for_pushes_is_made_good() {
    let server = Redis::start();
    let engine = open(&server);
    let recorder = Arc::new(Recorder::default());
    engine.subscribe(&channel("a"), recorder.clone()).wait().await.unwrap();
    server.say("CLIENT KILL TYPE pubsub");
    until("it is subscribed again", || recorder.resumed.load(SeqCst) == 1).await;
    engine.publish(event("a", 1), PublishOptions::default()).wait().await.unwrap();
    until("it is heard", || recorder.heard() == [(1, None)]).await;
}

#[tokio::test]
async fn what_waits_for_a_server_that_is_away_is_bounded_and_answered() {
    let mut server = Redis::start();
    let engine = RedisEngine::open(&Config { timeout: Duration::from_secs(1), ..config(&server) }, Metrics::new());
    let engine = engine.expect("it can be used");
    server.kill();
    until("it is noticed", || engine.trouble().is_some()).await;
    let began = Instant::now();
    let answers: Vec<_> = (0..70_000).map(|data| engine.publish(event("a", data), PublishOptions::default())).collect();
    for answer in answers {
        answer.wait().await.expect_err("nobody is there");
    }
    // Half of it for waiting; the rest is what a busy machine takes for so many.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_hundred_thousand_channels_are_subscribed_again_within_five_seconds() {
    let mut server = Redis::start();
    let engine = open(&server);
    let recorder = Arc::new(Recorder::default());
    let subscribe = |number: u32| engine.subscribe(&channel(&format!("channel-{number}")), recorder.clone()).wait();
    let numbers: Vec<u32> = (0..100_000).collect();
    for some in numbers.chunks(5_000) {
        futures_util::future::join_all(some.iter().map(|number| subscribe(*number))).await;
    }
    server.kill();
    until("it is noticed", || engine.trouble().is_some()).await;
    server.start_again();
    let began = Instant::now();
    until("all are subscribed", || recorder.resumed.load(SeqCst) == 100_000).await;
    eprintln!("100,000 channels are subscribed again after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

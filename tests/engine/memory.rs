//! What the memory engine promises beyond the contract: its bounds, and that it becomes empty by itself.
use super::fixture::*;
use callboard::engine::memory::{Config, MemoryEngine, Usage};
use callboard::engine::{Engine, Error, HistoryQuery, Idempotency, PublishOptions, Published, Version};
use callboard::types::{Answer, Audience, Envelope};
use std::sync::Arc;
use std::time::Duration;

/// The conformance suite's fixture.
pub fn fresh() -> Fixture {
    with(Config::default()).1
}

/// An engine within these bounds, and a fixture around it.
fn with(config: Config) -> (Arc<MemoryEngine>, Fixture) {
    let engine = Arc::new(MemoryEngine::new(config));
    let pass = |duration| -> callboard::types::BoxFuture<()> { Box::pin(tokio::time::advance(duration)) };
    (engine.clone(), Fixture::new(engine, Duration::from_secs(10), pass, 1, ()))
}

/// What one event of [`event`] is charged, by its first digit only.
async fn charge() -> usize {
    let (engine, f) = with(Config::default());
    f.push("a", 1, f.retention()).await;
    engine.usage().history_bytes
}

fn keyed(f: &Fixture, key: &str) -> PublishOptions {
    PublishOptions { idempotency: Some(Idempotency { key: key.into(), ttl: f.unit }), ..Default::default() }
}

fn sweep_all(engine: &MemoryEngine) {
    while engine.sweep() {}
}

#[tokio::test(start_paused = true)]
async fn all_answers_are_there_at_once() {
    let (engine, f) = with(Config::default());
    let name = channel("a");
    assert_eq!(engine.name(), "memory");
    assert!(matches!(engine.publish(event("a", 1), keyed(&f, "k")), Answer::Ready(Ok(_))));
    assert!(matches!(engine.history(&name, all(), f.retention()), Answer::Ready(Ok(_))));
    assert!(matches!(engine.presence(&name), Answer::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn history_shares_the_delivered_event() {
    let (_, f) = with(Config::default());
    let options = PublishOptions { retention: Some(f.retention()), ..Default::default() };
    let Published::Deliver(delivered) = f.publish(event("a", 1), options).await else { panic!("not delivered") };
    assert!(Arc::ptr_eq(&delivered, &f.read_all("a").await.events[0]));
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_as_a_whole_begins_anew() {
    let (engine, f) = with(Config::default());
    for name in ["a", "b"] {
        f.push_many(name, 3).await;
    }
    let before = f.read_all("a").await.top;
    engine.forget_all();
    let usage = engine.usage();
    assert_eq!((usage.history_bytes, usage.positions), (0, 0));
    let after = f.read_all("a").await;
    assert!(after.events.is_empty() && after.top.offset == 0 && after.top.epoch != before.epoch);
}

#[tokio::test(start_paused = true)]
async fn an_untouched_engine_becomes_empty_by_its_sweeps() {
    let (engine, f) = with(Config::default());
    for number in 0..1000 {
        let name = format!("channel{number}");
        f.push_many(&name, 3).await;
        f.publish(event(&name, 4), keyed(&f, "k")).await;
        engine.add_presence(&channel(&name), client("mia"), f.unit).wait().await.unwrap();
    }
    let full = engine.usage();
    let counts = (full.events, full.positions, full.idempotency_keys, full.presence_entries);
    assert_eq!(counts, (3000, 1000, 1000, 1000));
    f.pass(10).await;
    sweep_all(&engine);
    assert_eq!(engine.usage(), Usage { positions: 1000, ..Usage::default() });
    f.pass(90).await;
    sweep_all(&engine);
    assert_eq!(engine.usage(), Usage::default());
}

#[tokio::test(start_paused = true)]
async fn a_sweep_is_bounded_and_tells_that_more_is_due() {
    let (engine, f) = with(Config::default());
    for data in 0..1000 {
        f.push("a", data, f.keep(1000, 1)).await;
    }
    f.pass(2).await;
    assert!(engine.sweep());
    let left = engine.usage().events;
    assert!(left > 0 && left < 1000, "{left} events are left");
    sweep_all(&engine);
    assert_eq!(engine.usage().events, 0);
    assert!(!engine.sweep());
}

#[tokio::test(start_paused = true)]
async fn a_steadily_used_engine_stays_flat_without_sweeps() {
    let (engine, f) = with(Config::default());
    let mut most = 0;
    for number in 0..20_000_u32 {
        let name = format!("channel{number}");
        f.push(&name, 1, callboard::engine::Retention { meta_ttl: f.unit * 2, ..f.keep(1, 1) }).await;
        f.publish(event(&name, 1), keyed(&f, "k")).await;
        (f.pass)(f.unit / 100).await;
        most = most.max(engine.usage().positions);
    }
    assert!(most < 1000, "{most} positions at once, where 200 are alive");
    assert!(engine.usage().idempotency_keys < 1000);
}

#[tokio::test(start_paused = true)]
async fn a_version_without_history_is_forgotten_in_the_end() {
    let (engine, f) = with(Config::default());
    let version = Some(Version { version: 1, epoch: "e".into() });
    f.publish(event("a", 1), PublishOptions { version, ..Default::default() }).await;
    assert_eq!(engine.usage().positions, 1);
    (f.pass)(Duration::from_secs(31 * 24 * 60 * 60)).await;
    sweep_all(&engine);
    assert_eq!(engine.usage(), Usage::default());
}

#[tokio::test(start_paused = true)]
async fn a_read_keeps_a_position_for_another_meta_ttl() {
    let (_, f) = with(Config::default());
    let first = f.top("a").await;
    for _ in 0..4 {
        f.pass(60).await;
        assert_eq!(f.top("a").await, first);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shorter_meta_ttl_counts_from_the_next_publish() {
    let (engine, f) = with(Config::default());
    f.push("a", 1, f.retention()).await;
    f.push("a", 2, callboard::engine::Retention { meta_ttl: f.unit * 2, ..f.keep(1, 1) }).await;
    f.pass(3).await;
    sweep_all(&engine);
    assert_eq!(engine.usage(), Usage::default());
}

#[tokio::test(start_paused = true)]
async fn a_key_used_again_after_its_time_is_not_swept_with_the_old_one() {
    let (engine, f) = with(Config::default());
    let names: Vec<_> = (0..100).map(|key| key.to_string()).collect();
    for name in &names {
        f.publish(event("a", 1), keyed(&f, name)).await;
    }
    f.pass(2).await;
    accepted(f.publish(event("a", 1), keyed(&f, "99")).await);
    sweep_all(&engine);
    assert_eq!(engine.usage().idempotency_keys, 1);
    repeated(f.publish(event("a", 1), keyed(&f, "99")).await);
}

#[tokio::test(start_paused = true)]
async fn at_the_byte_bound_the_growing_channel_loses_its_oldest_events() {
    let (engine, f) = with(Config { history_bytes: charge().await * 5, ..Config::default() });
    f.push_many("quiet", 2).await;
    let top = f.push_many("growing", 9).await;
    assert_eq!(offsets(&f.read_all("quiet").await), [1, 2]);
    assert_eq!(offsets(&f.read_all("growing").await), [7, 8, 9]);
    assert!(!f.recover("growing", &at(5, &top.epoch)).await.complete);
    assert!(f.recover("growing", &at(6, &top.epoch)).await.complete);
    assert_eq!(engine.usage().events, 5);
}

#[tokio::test(start_paused = true)]
async fn at_the_byte_bound_a_new_channel_displaces_what_ends_first() {
    let (engine, f) = with(Config { history_bytes: charge().await * 3, ..Config::default() });
    for (data, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        f.push(name, data as u64, f.retention()).await;
        f.pass(1).await;
    }
    let kept = [f.read_all("a").await, f.read_all("b").await, f.read_all("c").await, f.read_all("d").await];
    assert_eq!(kept.each_ref().map(|page| page.events.len()), [0, 1, 1, 1]);
    assert!(!f.recover("a", &at(0, &kept[0].top.epoch)).await.complete);
    assert!(engine.usage().history_bytes <= charge().await * 3);
}

#[tokio::test(start_paused = true)]
async fn an_event_over_the_byte_bound_has_a_position_and_is_not_kept() {
    let (engine, f) = with(Config { history_bytes: charge().await - 1, ..Config::default() });
    assert_eq!(f.push_many("a", 3).await.offset, 3);
    let page = f.read_all("a").await;
    assert_eq!((page.events.len(), page.top.offset), (0, 3));
    assert_eq!(engine.usage().history_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn all_that_an_event_brings_is_charged() {
    let plain = charge().await;
    let (engine, f) = with(Config::default());
    let mut rich = event("a", 1);
    rich.tags = Some(Arc::new([("k".repeat(500), "v".repeat(500))].into()));
    rich.publisher = Some(client(&"u".repeat(1000)));
    rich.data = callboard::types::Json::write(&"d".repeat(1000)).unwrap();
    let audience = Audience::of(["g".repeat(500).into()]).but(["h".repeat(500).into()]);
    let attachments = vec![vec![0; 1000].into()];
    rich.envelope = Some(Arc::new(Envelope { audience, attachments, ..Envelope::PLAIN }));
    f.publish(rich, PublishOptions { retention: Some(f.retention()), ..Default::default() }).await;
    assert!(engine.usage().history_bytes >= plain + 5000);
    f.remove("a").await;
    assert_eq!((engine.usage().history_bytes, engine.usage().events), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn at_the_key_bound_the_oldest_key_is_forgotten() {
    let (engine, f) = with(Config { idempotency_keys: 2, ..Config::default() });
    for key in ["k", "l", "m"] {
        accepted(f.publish(event("a", 1), keyed(&f, key)).await);
        (f.pass)(Duration::from_millis(1)).await;
    }
    assert_eq!(engine.usage().idempotency_keys, 2);
    for key in ["l", "m"] {
        repeated(f.publish(event("a", 1), keyed(&f, key)).await);
    }
    accepted(f.publish(event("a", 1), keyed(&f, "k")).await);
}

#[tokio::test(start_paused = true)]
async fn at_the_presence_bound_new_entries_are_refused_until_one_ends() {
    let (engine, f) = with(Config { presence_entries: 2, ..Config::default() });
    let infos = ["a", "b", "c"].map(client);
    let add = async |name: usize| {
        engine.add_presence(&channel(&format!("channel{name}")), infos[name].clone(), f.unit * 10).wait().await
    };
    assert_eq!((add(0).await, add(1).await), (Ok(()), Ok(())));
    assert_eq!(add(2).await, Err(Error::Limit("limits.presence_entries")));
    assert_eq!(add(1).await, Ok(()), "renewing is always possible");
    f.pass(5).await;
    assert_eq!(add(1).await, Ok(()));
    f.pass(5).await;
    assert_eq!(add(2).await, Ok(()), "an entry that ended in another channel makes room");
    assert_eq!(engine.usage().presence_entries, 2);
}

#[tokio::test(start_paused = true)]
async fn at_the_position_bound_the_least_recently_used_idle_channel_is_forgotten() {
    let (engine, f) = with(Config { positions: 3, ..Config::default() });
    let live = f.push("live", 1, f.retention()).await;
    let (old, used) = (f.top("old").await, f.top("used").await);
    assert_eq!(f.top("used").await, used);
    let new = f.top("new").await;
    assert_eq!(engine.usage().positions, 3);
    assert_eq!((f.top("used").await, f.top("new").await, f.top("live").await), (used, new, live));
    assert_ne!(f.top("old").await.epoch, old.epoch);
}

#[tokio::test(start_paused = true)]
async fn at_the_position_bound_live_channels_go_where_all_are_live() {
    let (engine, f) = with(Config { positions: 2, ..Config::default() });
    for name in ["a", "b", "c"] {
        f.push(name, 1, f.retention()).await;
        f.pass(1).await;
    }
    assert_eq!((engine.usage().positions, engine.usage().events), (2, 2));
    assert_eq!((f.read_all("b").await.events.len(), f.read_all("c").await.events.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn bounds_hold_and_counts_stay_right_under_threads() {
    let limit = charge().await * 50;
    let config = Config { history_bytes: limit, idempotency_keys: 20, positions: 10, ..Config::default() };
    let (engine, f) = with(config);
    let (keep, ttl) = (f.keep(20, 1), f.unit);
    let publish = &|thread: u64| {
        for data in 0..2000 {
            let idempotency = Some(Idempotency { key: format!("{data}").into(), ttl });
            let options = PublishOptions { retention: Some(keep), idempotency, ..Default::default() };
            assert!(matches!(
                engine.publish(event(&format!("{}", data % 40 + thread), 1), options),
                Answer::Ready(Ok(_))
            ));
        }
    };
    std::thread::scope(|scope| {
        (0..4).for_each(|thread| drop(scope.spawn(move || publish(thread))));
    });
    let usage = engine.usage();
    assert!(usage.history_bytes <= limit && usage.idempotency_keys <= 20 && usage.positions <= 10, "{usage:?}");
    assert!(usage.events > 0 && usage.positions > 0);
    f.pass(1000).await;
    sweep_all(&engine);
    assert_eq!(engine.usage(), Usage::default());
}

#[tokio::test(start_paused = true)]
async fn the_longest_durations_are_taken() {
    let (_, f) = with(Config::default());
    let retention = callboard::engine::Retention { size: 1, ttl: Duration::MAX, meta_ttl: Duration::MAX };
    f.push("a", 1, retention).await;
    (f.pass)(Duration::from_secs(365 * 24 * 60 * 60)).await;
    let query = HistoryQuery { limit: 1, ..Default::default() };
    assert_eq!(f.read("a", query).await.events.len(), 1);
}

#[test]
fn bounds_are_read_by_their_names_and_unknown_ones_refused() {
    let config: Config = toml::from_str("history_bytes = 1\npositions = 2").unwrap();
    assert_eq!(config, Config { history_bytes: 1, positions: 2, ..Config::default() });
    assert!(toml::from_str::<Config>("history_byte = 1").is_err());
    assert_eq!(toml::from_str::<Config>(&toml::to_string(&config).unwrap()).unwrap(), config);
}

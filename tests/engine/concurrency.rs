//! Publishers on threads of their own.
use super::fixture::*;
use callboard::engine::{Engine, Idempotency, PublishOptions, Published};
use callboard::types::Position;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

const THREADS: u64 = 8;
const EVENTS: u64 = 200;

/// Publishes on several threads at once; what each was answered.
async fn on_threads(f: &Fixture, name: fn(u64) -> String, key: Option<&'static str>) -> Vec<Vec<Published>> {
    let retention = Some(f.keep((THREADS * EVENTS) as usize, 10));
    let ttl = f.unit * 10;
    let publish = move |engine: Arc<dyn Engine>, thread: u64| {
        let one = |data| {
            let idempotency = key.map(|key| Idempotency { key: key.into(), ttl });
            let options = PublishOptions { retention, idempotency, ..Default::default() };
            let answer = engine.publish(event(&name(thread), data), options);
            Handle::current().block_on(answer.wait()).expect("the engine publishes")
        };
        (1..=EVENTS).map(one).collect()
    };
    let threads = (0..THREADS).map(|thread| {
        spawn_blocking({
            let engine = f.engine.clone();
            move || publish(engine, thread)
        })
    });
    let mut answers = Vec::new();
    for thread in threads.collect::<Vec<_>>() {
        answers.push(thread.await.expect("no publisher panics"));
    }
    answers
}

fn offset(position: Option<Position>) -> u64 {
    position.expect("an event with retention has a position").offset
}

pub async fn publishers_of_different_channels_do_not_disturb_each_other(f: &Fixture) {
    let name = |thread| format!("channel{thread}");
    for (thread, answers) in on_threads(f, name, None).await.into_iter().enumerate() {
        let offsets: Vec<_> = answers.into_iter().map(|published| offset(accepted(published))).collect();
        assert_eq!(offsets, (1..=EVENTS).collect::<Vec<_>>());
        assert_eq!(data(&f.read_all(&name(thread as u64)).await), offsets);
    }
}

pub async fn publishers_of_one_channel_share_one_order(f: &Fixture) {
    let mut seen = Vec::new();
    for answers in on_threads(f, |_| "a".into(), None).await {
        let offsets: Vec<_> = answers.into_iter().map(|published| offset(accepted(published))).collect();
        assert!(offsets.is_sorted());
        seen.extend(offsets);
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=THREADS * EVENTS).collect::<Vec<_>>());
    assert_eq!(offsets(&f.read_all("a").await), seen);
}

pub async fn one_key_used_at_once_is_accepted_once(f: &Fixture) {
    let answers: Vec<_> = on_threads(f, |_| "a".into(), Some("k")).await.into_iter().flatten().collect();
    let is_first = |published: &&Published| !matches!(published, Published::Repeated(_));
    assert_eq!(answers.iter().filter(is_first).count(), 1);
    assert_eq!(f.read_all("a").await.events.len(), 1);
}

pub async fn subscribing_and_unsubscribing_succeed(f: &Fixture) {
    f.engine.subscribe(&channel("a"), Arc::new(Nobody)).wait().await.unwrap();
    f.engine.unsubscribe(&channel("a")).wait().await.unwrap();
    f.engine.unsubscribe(&channel("never")).wait().await.unwrap();
}

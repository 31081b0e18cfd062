//! What the memory engine costs: publishing without and with history over many channels, and recovering.
use bytes::Bytes;
use callboard::engine::memory::{Config, MemoryEngine};
use callboard::engine::{Engine, HistoryQuery, PublishOptions, Retention};
use callboard::types::{Answer, ChannelName, Event, Json, Position};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;

/// How many channels share the publishes.
const CHANNELS: [usize; 3] = [1, 1_000, 100_000];
/// Small enough that 100,000 full channels stay below the default bound in bytes.
const RETENTION: Retention =
    Retention { size: 4, ttl: Duration::from_secs(300), meta_ttl: Duration::from_secs(30 * 24 * 3600) };

fn event(channel: &ChannelName, data: &Json) -> Event {
    let (channel, data) = (channel.clone(), data.clone());
    Event { channel, data, tags: None, publisher: None, position: None, envelope: None }
}

fn names(count: usize) -> Vec<ChannelName> {
    (0..count).map(|number| ChannelName::user(&format!("chat:{number}"), 255).expect("a valid name")).collect()
}

fn payload() -> Json {
    Json::parse(Bytes::from_static(br#"{"text":"hello","from":"mia","at":1700000000}"#)).expect("valid JSON")
}

fn publish(c: &mut Criterion) {
    let data = payload();
    for (group, retention) in [("publish without history", None), ("publish with history", Some(RETENTION))] {
        let mut group = c.benchmark_group(group);
        for count in CHANNELS {
            let engine = MemoryEngine::new(Config::default());
            let (names, mut turn) = (names(count), 0);
            let options = PublishOptions { retention, ..Default::default() };
            group.bench_function(BenchmarkId::from_parameter(count), |b| {
                b.iter(|| {
                    turn = (turn + 1) % count;
                    black_box(engine.publish(event(&names[turn], &data), options.clone()))
                });
            });
        }
    }
}

fn recover(c: &mut Criterion) {
    let data = payload();
    let mut group = c.benchmark_group("recover");
    for missed in [0, 10, 300] {
        let engine = MemoryEngine::new(Config::default());
        let channel = names(1).remove(0);
        let retention = Retention { size: 1_000, ..RETENTION };
        for _ in 0..1_000 {
            let options = PublishOptions { retention: Some(retention), ..Default::default() };
            black_box(engine.publish(event(&channel, &data), options));
        }
        let Answer::Ready(Ok(page)) = engine.history(&channel, HistoryQuery::default(), retention) else {
            panic!("the memory engine answers at once")
        };
        let since = Position { offset: page.top.offset - missed, ..page.top };
        let query = HistoryQuery { since: Some(since), limit: 300, reverse: false };
        group.bench_function(BenchmarkId::from_parameter(missed), |b| {
            b.iter(|| black_box(engine.history(&channel, query.clone(), retention)));
        });
    }
}

criterion_group!(benches, publish, recover);
criterion_main!(benches);

//! What the actors cost: fan-out by listeners, routing over channels, joining and leaving, recovering.
//!
//! Sessions are real and live on one thread; their outlets count instead of filling a socket, so that no wire's cost is in
//! the figures but that of encoding once.
#[path = "broker/stage.rs"]
mod stage;
#[path = "broker/strapi.rs"]
mod strapi;

use actix::System;
use callboard::broker::PublishRequest;
use callboard::protocol::{Command, Recover, Subscribe, Unsubscribe};
use callboard::types::{Audience, ChannelName, Epoch, Group, Space};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::StreamExt;
use stage::{KEPT, Stage, subscribe};
use std::hint::black_box;

fn fan_out(c: &mut Criterion) {
    let mut group = c.benchmark_group("fan-out");
    group.sample_size(10);
    for listeners in [1u64, 100, 10_000] {
        let system = System::new();
        let (stage, sessions) = system.block_on(async {
            let (stage, mut sessions) = (Stage::new(), vec![]);
            for _ in 0..listeners {
                let session = stage.session().await;
                stage.ask(&session, subscribe("news")).await;
                sessions.push(session);
            }
            (stage, sessions)
        });
        group.throughput(Throughput::Elements(listeners));
        group.bench_function(BenchmarkId::from_parameter(listeners), |b| {
            b.iter(|| {
                system.block_on(async {
                    let events = stage.tally.events.get() + listeners;
                    stage.publish(&sessions[0], "news".into());
                    while stage.tally.events.get() < events {
                        tokio::task::yield_now().await;
                    }
                });
            });
        });
    }
}

/// An event for one entity, which ten sessions own, among sessions that own twenty each: the cost follows the ten.
fn targeted(c: &mut Criterion) {
    const OWNERS: u64 = 10;
    const OWNED: u64 = 20;
    let mut group = c.benchmark_group("targeted");
    group.sample_size(20).throughput(Throughput::Elements(OWNERS));
    for sessions in [1_000u64, 10_000] {
        let system = System::new();
        let (stage, _sessions) = system.block_on(async {
            let (stage, mut all) = (Stage::new(), vec![]);
            for number in 0..sessions {
                let own = (1..OWNED).map(|n| Group::from(format!("group:default/g{number}-{n}")));
                let shared = Group::from(format!("group:default/shared{}", number / OWNERS));
                let session = stage.owner(own.chain([shared]).collect()).await;
                stage.ask(&session, subscribe("news")).await;
                all.push(session);
            }
            (stage, all)
        });
        let mut turn = 0;
        group.bench_function(BenchmarkId::from_parameter(sessions), |b| {
            b.iter(|| {
                system.block_on(async {
                    let events = stage.tally.events.get() + OWNERS;
                    turn = (turn + 7) % (sessions / OWNERS);
                    let audience = Audience::of([Group::from(format!("group:default/shared{turn}"))]);
                    let channel = ChannelName::in_space(Space::Signals, "news", 255).expect("a name");
                    let request = PublishRequest { audience, ..PublishRequest::new(stage.data.clone()) };
                    let published = stage.worker.node().channels().publish_into(channel, request);
                    published.await.expect("it is accepted");
                    while stage.tally.events.get() < events {
                        tokio::task::yield_now().await;
                    }
                });
            });
        });
    }
}

/// Each publish goes to the next channel; 64 are on their way at a time.
fn routing(c: &mut Criterion) {
    const BATCH: u64 = 64;
    let mut group = c.benchmark_group("routing");
    group.sample_size(10).throughput(Throughput::Elements(BATCH));
    for channels in [1u64, 1_000, 100_000] {
        let system = System::new();
        let (stage, session) = system.block_on(async {
            let stage = Stage::new();
            let session = stage.session().await;
            for number in 0..channels {
                stage.ask(&session, subscribe(&format!("news{number}"))).await;
            }
            (stage, session)
        });
        let mut turn = 0;
        group.bench_function(BenchmarkId::from_parameter(channels), |b| {
            b.iter(|| {
                system.block_on(async {
                    let answers = stage.tally.answers.get() + BATCH;
                    for _ in 0..BATCH {
                        // A step that has no factor in common with the counts visits all of them, far apart.
                        turn = (turn + 7_919) % channels;
                        stage.publish(&session, format!("news{turn}"));
                    }
                    stage.answered(answers).await;
                });
            });
        });
    }
}

fn join_and_leave(c: &mut Criterion) {
    let mut group = c.benchmark_group("join and leave");
    group.sample_size(10);
    for (name, others) in [("an empty channel", 0), ("a channel of 1,000", 1_000)] {
        let system = System::new();
        let (stage, session, _others) = system.block_on(async {
            let (stage, mut sessions) = (Stage::new(), vec![]);
            for _ in 0..others {
                let session = stage.session().await;
                stage.ask(&session, subscribe("news")).await;
                sessions.push(session);
            }
            let session = stage.session().await;
            (stage, session, sessions)
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                system.block_on(async {
                    stage.ask(&session, subscribe("news")).await;
                    stage.ask(&session, Command::Unsubscribe(Unsubscribe::all("news".into()))).await;
                });
            });
        });
    }
}

fn recover(c: &mut Criterion) {
    let mut group = c.benchmark_group("recover");
    group.sample_size(10);
    let channel = format!("{KEPT}:news");
    for missed in [0u64, 10, 300] {
        let system = System::new();
        let (stage, session) = system.block_on(async {
            let stage = Stage::new();
            let session = stage.session().await;
            for _ in 0..missed {
                let answers = stage.tally.answers.get() + 1;
                stage.publish(&session, channel.clone());
                stage.answered(answers).await;
            }
            (stage, session)
        });
        let from = Recover { offset: 0, epoch: Epoch::new("") };
        let subscribe = Subscribe { channel: channel.clone(), recover: Some(from), ..Subscribe::default() };
        group.bench_function(BenchmarkId::from_parameter(missed), |b| {
            b.iter(|| {
                system.block_on(async {
                    stage.ask(&session, Command::Subscribe(Box::new(subscribe.clone()))).await;
                    stage.ask(&session, Command::Unsubscribe(Unsubscribe::all(channel.clone()))).await;
                });
            });
        });
    }
}

/// A publish to one listener, with nobody who watches, with a tail of another channel, and with one of this channel: what it shows
/// is read at once, the rest is counted.
fn tailed(c: &mut Criterion) {
    let mut group = c.benchmark_group("tailed");
    for (name, tailed) in [("nobody", None), ("another channel", Some("sport")), ("this channel", Some("news"))] {
        let system = System::new();
        let (stage, session) = system.block_on(async {
            let stage = Stage::new();
            let session = stage.session().await;
            stage.ask(&session, subscribe("news")).await;
            if tailed.is_some() {
                let tail = stage.worker.node().channels().tail(tailed, 100, || true, None).await.expect("a tail");
                actix_rt::spawn(tail.for_each(|tapped| async move { drop(black_box(tapped)) }));
            }
            (stage, session)
        });
        group.bench_function(name, |b| {
            b.iter(|| {
                system.block_on(async {
                    let events = stage.tally.events.get() + 1;
                    stage.publish(&session, "news".into());
                    while stage.tally.events.get() < events {
                        tokio::task::yield_now().await;
                    }
                });
            });
        });
    }
}

criterion_group!(benches, fan_out, targeted, strapi::to_one_role, routing, join_and_leave, recover, tailed);
criterion_main!(benches);

//! Where channels live: their engine is asked on their own thread.
use super::engine::Moody;
use super::house::{Plan, real_story, until};
use callboard::broker::{PublishRequest, Worker};
use callboard::types::Json;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

const PLAIN: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'";
const WORKERS: usize = 8;
const CHANNELS: usize = 1_000;

#[test]
fn channels_that_are_published_to_first_are_spread_over_the_workers() {
    real_story(async {
        let house = Plan::of(PLAIN).build();
        let arbiters: Vec<_> = (0..WORKERS).map(|_| actix::Arbiter::new()).collect();
        for arbiter in &arbiters {
            let (node, (tell, told)) = (house.node.clone(), tokio::sync::oneshot::channel());
            arbiter.spawn_fn(move || {
                let worker: Rc<Worker> = Worker::here(&node);
                let _ = tell.send(worker.hub());
            });
            told.await.expect("it is a worker");
        }
        for number in 0..CHANNELS {
            let request = PublishRequest::new(Json::null());
            house.node.channels().publish(&format!("channel-{number}"), request).await.expect("it is accepted");
        }
        let engine: &Arc<Moody> = &house.engine;
        let mut counts = HashMap::new();
        engine.threads.lock().unwrap().values().for_each(|thread| *counts.entry(*thread).or_insert(0usize) += 1);
        // The thread of the story is a worker, too.
        assert_eq!(counts.len(), WORKERS + 1, "{counts:?}");
        let even = CHANNELS / (WORKERS + 1);
        assert!(counts.values().all(|count| (even / 2..even * 3 / 2).contains(count)), "{counts:?}");
        until("they have ended", || house.gauges().1 == 0).await;
        for arbiter in arbiters {
            arbiter.stop();
        }
    });
}

#[test]
fn publishes_of_one_thread_keep_their_order_while_their_channel_begins_and_ends() {
    real_story(async {
        let house = Plan::of("[[namespace]]\nsubscribe = 'anyone'\nhistory_size = 5000\nhistory_ttl = '5m'").build();
        let mut outcomes = vec![];
        for number in 0..3_000_u64 {
            let node = house.node.clone();
            let request = PublishRequest::new(Json::write(&number).expect("JSON"));
            // Begun one after the other, and not waited for, so that many are on their way together.
            outcomes.push(actix_rt::spawn(async move { node.channels().publish("news", request).await }));
            if number % 7 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let last = futures_util::future::join_all(outcomes).await;
        let offsets: Vec<u64> = last
            .into_iter()
            .map(|outcome| outcome.expect("no panic").expect("accepted").expect("kept").offset)
            .collect();
        assert_eq!(offsets, (1..=3_000).collect::<Vec<_>>());
    });
}

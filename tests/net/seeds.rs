//! The seeds: each is a story.
use super::client::PAD;
use super::coverage::{OF_SERVICES, OF_WIRES, assert_all_met};
use super::house::run;
use super::{services, stage, story};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_thousand_stories_keep_what_is_promised() {
    if !told_alone(of_wires) {
        all(0..1_000, of_wires);
        assert_all_met(&OF_WIRES, 20);
    }
}

#[test]
fn three_hundred_stories_of_services_show_each_client_what_is_its_own() {
    if !told_alone(of_services) {
        all(0..300, of_services);
        assert_all_met(&OF_SERVICES, 20);
    }
}

#[test]
#[ignore = "takes long; `make test-long` runs it"]
fn a_hundred_thousand_stories_keep_what_is_promised() {
    all(1_000..101_000, of_wires);
}

#[test]
#[ignore = "takes long; `make test-long` runs it"]
fn thirty_thousand_stories_of_services_show_each_client_what_is_its_own() {
    all(300..30_300, of_services);
}

fn of_wires(seed: u64) {
    tell(seed, story::stories(), |story| run(stage::play(story)));
}

fn of_services(seed: u64) {
    tell(seed, services::story::stories(), |story| run(services::stage::play(story)));
}

/// Tells the story of the seed that is asked for; whether one is.
fn told_alone(tell: fn(u64)) -> bool {
    let seed = std::env::var("NET_SEED").map(|seed| seed.parse().expect("NET_SEED is a number"));
    seed.map(tell).is_ok()
}

/// Tells the stories of these seeds, on all cores.
fn all(seeds: std::ops::Range<u64>, tell: fn(u64)) {
    let next = AtomicU64::new(seeds.start);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    tell(seed);
                }
            });
        }
    });
}

/// Tells the story of one seed; where it fails, looks for the shortest one that does, too.
fn tell<S: std::fmt::Debug>(seed: u64, stories: impl Strategy<Value = S>, play: fn(S)) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let told = TestRunner::new_with_rng(config, rng).run(&stories, |story| {
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| play(story)));
        played.map_err(|panic| TestCaseError::fail(words(&*panic)))
    });
    match told {
        Ok(()) => {}
        Err(TestError::Fail(reason, story)) => panic!("NET_SEED={seed}: {reason}\nthe shortest story: {story:#?}"),
        Err(TestError::Abort(reason)) => panic!("NET_SEED={seed} could not be told: {reason}"),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    // What makes events long says nothing.
    text.unwrap_or_default().replace(PAD, "")
}

//! The seeds: each is a story.
use super::coverage::assert_all_met;
use super::house::run;
use super::stage::play;
use super::story::stories;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_thousand_stories_keep_what_is_promised() {
    match std::env::var("NET_SEED") {
        Ok(seed) => tell(seed.parse().expect("NET_SEED is a number")),
        Err(_) => {
            all(0..1_000);
            assert_all_met(20);
        }
    }
}

#[test]
#[ignore = "takes long; `make test-long` runs it"]
fn a_hundred_thousand_stories_keep_what_is_promised() {
    all(1_000..101_000);
}

/// Tells the stories of these seeds, on all cores.
fn all(seeds: std::ops::Range<u64>) {
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
fn tell(seed: u64) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { cases: 1, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let told = TestRunner::new_with_rng(config, rng).run(&stories(), |story| {
        let played = std::panic::catch_unwind(AssertUnwindSafe(|| run(play(story))));
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
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}

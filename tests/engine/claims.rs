//! Which users have got which kept events.
use super::fixture::*;
use callboard::engine::{Claim, Claimed};
use callboard::types::Epoch;

fn claim(f: &Fixture, offsets: &[u64], claimants: &[&str]) -> Claim {
    let claimants = claimants.iter().map(|name| (*name).into()).collect();
    Claim { epoch: Epoch::new("e"), offsets: offsets.to_vec(), claimants, ttl: f.unit * 10 }
}

async fn made(f: &Fixture, name: &str, claim: Claim) -> Vec<u64> {
    let claimed = f.engine.claim(&channel(name), claim).wait().await.expect("the engine notes it");
    assert!(!claimed.is_full);
    claimed.new
}

pub async fn a_claim_is_granted_once(f: &Fixture) {
    assert_eq!(made(f, "a", claim(f, &[1, 2, 3], &["mia"])).await, [1, 2, 3]);
    assert!(made(f, "a", claim(f, &[3, 2, 1], &["mia"])).await.is_empty());
    assert_eq!(made(f, "a", claim(f, &[1, 2, 3], &["joe"])).await, [1, 2, 3]);
}

pub async fn claimants_that_have_an_event_are_granted_the_others(f: &Fixture) {
    made(f, "a", claim(f, &[2], &["mia", "joe"])).await;
    assert_eq!(made(f, "a", claim(f, &[1, 2, 3], &["mia"])).await, [1, 3]);
    assert_eq!(made(f, "a", claim(f, &[4, 2], &["joe"])).await, [4]);
}

pub async fn claims_of_many_are_noted_each(f: &Fixture) {
    let names: Vec<String> = (0..2_500).map(|n| format!("user:default/{n}")).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    made(f, "a", claim(f, &[1], &all[..2_499])).await;
    // It is new to one of them only.
    assert!(made(f, "a", claim(f, &[1], &all)).await.is_empty());
    for name in [all[0], all[1_000], all[2_499]] {
        assert_eq!(made(f, "a", claim(f, &[1, 2], &[name])).await, [2]);
    }
}

pub async fn a_claim_belongs_to_its_channel_and_to_its_epoch(f: &Fixture) {
    made(f, "a", claim(f, &[1], &["mia"])).await;
    assert_eq!(made(f, "b", claim(f, &[1], &["mia"])).await, [1]);
    let other = Claim { epoch: Epoch::new("f"), ..claim(f, &[1], &["mia"]) };
    assert_eq!(made(f, "a", other).await, [1]);
    assert!(made(f, "a", claim(f, &[1], &["mia"])).await.is_empty());
}

pub async fn claims_end_after_their_time(f: &Fixture) {
    made(f, "a", claim(f, &[1], &["mia"])).await;
    f.pass(6).await;
    // A later claim of the same event does not prolong the first: the event has ended by then.
    made(f, "a", claim(f, &[1], &["joe"])).await;
    f.pass(6).await;
    assert_eq!(made(f, "a", claim(f, &[1], &["mia"])).await, [1]);
}

pub async fn one_claim_made_at_once_is_granted_once(f: &Fixture) {
    let calls = (0..20).map(|_| made(f, "a", claim(f, &[1, 2], &["mia"])));
    let granted = futures_util::future::join_all(calls).await;
    let mut granted: Vec<u64> = granted.into_iter().flatten().collect();
    granted.sort_unstable();
    assert_eq!(granted, [1, 2]);
}

pub async fn a_claim_of_nothing_is_granted(f: &Fixture) {
    let claimed = f.engine.claim(&channel("a"), claim(f, &[], &["mia"])).wait().await;
    assert_eq!(claimed, Ok(Claimed::default()));
}

//! Idempotency keys and versions.
use super::fixture::*;
use callboard::engine::{Idempotency, PublishOptions, Retention, Version};

fn keyed(f: &Fixture, key: &str, retention: Option<Retention>) -> PublishOptions {
    let idempotency = Some(Idempotency { key: key.into(), ttl: f.unit * 10 });
    PublishOptions { retention, idempotency, ..Default::default() }
}

fn versioned(version: u64, epoch: &str, retention: Option<Retention>) -> PublishOptions {
    let version = Some(Version { version, epoch: epoch.into() });
    PublishOptions { retention, version, ..Default::default() }
}

pub async fn a_repeated_key_gets_the_first_answer_again(f: &Fixture) {
    let options = || keyed(f, "k", Some(f.retention()));
    let first = accepted(f.publish(event("a", 1), options()).await);
    f.push("a", 2, f.retention()).await;
    for _ in 0..2 {
        assert_eq!(repeated(f.publish(event("a", 3), options()).await), first);
    }
    assert_eq!(data(&f.read_all("a").await), [1, 2]);
    assert_eq!(accepted(f.publish(event("a", 4), keyed(f, "l", Some(f.retention()))).await).unwrap().offset, 3);
}

pub async fn a_key_belongs_to_its_channel(f: &Fixture) {
    for name in ["a", "b"] {
        let position = accepted(f.publish(event(name, 1), keyed(f, "k", Some(f.retention()))).await);
        assert_eq!(position.unwrap().offset, 1);
    }
}

pub async fn a_key_ends_after_its_time(f: &Fixture) {
    accepted(f.publish(event("a", 1), keyed(f, "k", Some(f.retention()))).await);
    f.pass(20).await;
    let again = accepted(f.publish(event("a", 2), keyed(f, "k", Some(f.retention()))).await);
    assert_eq!(again.unwrap().offset, 2);
}

pub async fn a_repetition_does_not_prolong_its_key(f: &Fixture) {
    accepted(f.publish(event("a", 1), keyed(f, "k", None)).await);
    f.pass(6).await;
    repeated(f.publish(event("a", 1), keyed(f, "k", None)).await);
    f.pass(6).await;
    accepted(f.publish(event("a", 1), keyed(f, "k", None)).await);
}

pub async fn a_key_works_without_history(f: &Fixture) {
    assert_eq!(accepted(f.publish(event("a", 1), keyed(f, "k", None)).await), None);
    assert_eq!(repeated(f.publish(event("a", 1), keyed(f, "k", None)).await), None);
}

pub async fn a_repeated_key_gets_the_first_answer_after_the_history_was_removed(f: &Fixture) {
    let first = accepted(f.publish(event("a", 1), keyed(f, "k", Some(f.retention()))).await);
    f.remove("a").await;
    assert_eq!(repeated(f.publish(event("a", 1), keyed(f, "k", Some(f.retention()))).await), first);
    assert!(f.read_all("a").await.events.is_empty());
}

pub async fn only_a_greater_version_is_accepted(f: &Fixture) {
    let publish = async |version| f.publish(event("a", version), versioned(version, "e", Some(f.retention()))).await;
    let first = accepted(publish(5).await).unwrap();
    for old in [5, 4, 0] {
        assert_eq!(repeated(publish(old).await), Some(first.clone()));
    }
    assert_eq!(accepted(publish(6).await).unwrap().offset, 2);
    assert_eq!(repeated(publish(5).await), Some(at(2, &first.epoch)));
    assert_eq!(data(&f.read_all("a").await), [5, 6]);
}

pub async fn a_new_version_epoch_accepts_any_version(f: &Fixture) {
    let publish = async |version, epoch| f.publish(event("a", 1), versioned(version, epoch, Some(f.retention()))).await;
    accepted(publish(5, "e").await);
    accepted(publish(1, "f").await);
    repeated(publish(1, "f").await);
    accepted(publish(2, "f").await);
}

pub async fn an_empty_version_epoch_is_compared_with_any(f: &Fixture) {
    let publish = async |version, epoch| f.publish(event("a", 1), versioned(version, epoch, Some(f.retention()))).await;
    accepted(publish(5, "e").await);
    repeated(publish(5, "").await);
    accepted(publish(6, "").await);
    repeated(publish(6, "").await);
}

pub async fn a_publish_without_a_version_leaves_the_version_alone(f: &Fixture) {
    accepted(f.publish(event("a", 5), versioned(5, "e", Some(f.retention()))).await);
    let top = f.push("a", 6, f.retention()).await;
    assert_eq!(repeated(f.publish(event("a", 5), versioned(5, "e", Some(f.retention()))).await), Some(top));
}

pub async fn a_version_works_without_history(f: &Fixture) {
    assert_eq!(accepted(f.publish(event("a", 1), versioned(5, "e", None)).await), None);
    assert_eq!(repeated(f.publish(event("a", 1), versioned(5, "e", None)).await), None);
    assert_eq!(accepted(f.publish(event("a", 1), versioned(6, "e", None)).await), None);
    assert_eq!(f.top("a").await.offset, 0);
}

pub async fn a_refused_version_is_remembered_under_its_key(f: &Fixture) {
    let first = accepted(f.publish(event("a", 1), versioned(5, "e", Some(f.retention()))).await);
    let both = |version| PublishOptions {
        version: Some(Version { version, epoch: "e".into() }),
        ..keyed(f, "k", Some(f.retention()))
    };
    assert_eq!(repeated(f.publish(event("a", 2), both(5)).await), first);
    assert_eq!(repeated(f.publish(event("a", 3), both(6)).await), first);
    assert_eq!(data(&f.read_all("a").await), [1]);
}

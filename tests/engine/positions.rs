//! Offsets, epochs and how long a position lives.
use super::fixture::*;
use callboard::engine::{PublishOptions, Published};
use callboard::types::{ChannelName, Space};

pub async fn offsets_begin_at_one_and_have_no_gap(f: &Fixture) {
    let first = f.push("a", 1, f.retention()).await;
    assert!(!first.epoch.is_empty());
    for offset in 2..=30 {
        assert_eq!(f.push("a", offset, f.retention()).await, at(offset, &first.epoch));
    }
    assert_eq!(first.offset, 1);
}

pub async fn publishes_take_effect_in_the_order_they_were_made(f: &Fixture) {
    let options = || PublishOptions { retention: Some(f.keep(100, 10)), ..Default::default() };
    let answers: Vec<_> = (1..=100).map(|data| f.engine.publish(event("a", data), options())).collect();
    for (answer, offset) in answers.into_iter().zip(1..) {
        assert_eq!(accepted(answer.wait().await.unwrap()).unwrap().offset, offset);
    }
    assert_eq!(data(&f.read_all("a").await), (1..=100).collect::<Vec<_>>());
}

pub async fn an_event_without_retention_has_no_position_and_takes_no_offset(f: &Fixture) {
    let before = f.push("a", 1, f.retention()).await;
    assert_eq!(accepted(f.publish(event("a", 2), PublishOptions::default()).await), None);
    assert_eq!(f.push("a", 3, f.retention()).await, at(2, &before.epoch));
    assert_eq!(data(&f.read_all("a").await), [1, 3]);
}

pub async fn a_delivered_event_is_the_one_that_was_published(f: &Fixture) {
    let options = PublishOptions { retention: Some(f.retention()), ..Default::default() };
    for options in [options, PublishOptions::default()] {
        if let Published::Deliver(delivered) = f.publish(event("a", 7), options).await {
            assert_eq!((&delivered.channel, &delivered.data), (&channel("a"), &number(7)));
        }
    }
}

pub async fn reading_an_unknown_channel_makes_its_position(f: &Fixture) {
    let page = f.read_all("a").await;
    assert!(page.events.is_empty() && page.complete);
    assert_eq!(page.top.offset, 0);
    assert!(!page.top.epoch.is_empty());
    assert_eq!(f.push("a", 1, f.retention()).await, at(1, &page.top.epoch));
    let recovered = f.recover("a", &page.top).await;
    assert_eq!((offsets(&recovered), recovered.complete), (vec![1], true));
}

pub async fn a_position_outlives_its_events(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    f.pass(50).await;
    let page = f.recover("a", &top).await;
    assert_eq!((page.events.len(), &page.top, page.complete), (0, &top, true));
    assert_eq!(f.push("a", 4, f.retention()).await, at(4, &top.epoch));
}

pub async fn a_position_ends_meta_ttl_after_the_last_publish(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    f.pass(110).await;
    let page = f.recover("a", &top).await;
    assert_ne!(page.top.epoch, top.epoch);
    assert_eq!((page.events.len(), page.top.offset, page.complete), (0, 0, false));
    assert_eq!(f.push("a", 1, f.retention()).await, at(1, &page.top.epoch));
}

pub async fn each_publish_keeps_the_position_for_another_meta_ttl(f: &Fixture) {
    let first = f.push("a", 1, f.retention()).await;
    for offset in 2..=4 {
        f.pass(60).await;
        assert_eq!(f.push("a", offset, f.retention()).await, at(offset, &first.epoch));
    }
}

pub async fn removing_history_keeps_the_position(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    f.remove("a").await;
    let page = f.read_all("a").await;
    assert_eq!((page.events.len(), &page.top), (0, &top));
    assert_eq!(f.push("a", 4, f.retention()).await, at(4, &top.epoch));
    assert_eq!(offsets(&f.read_all("a").await), [4]);
}

pub async fn removing_the_history_of_an_unknown_channel_does_nothing(f: &Fixture) {
    f.remove("a").await;
    assert_eq!(f.push("a", 1, f.retention()).await.offset, 1);
}

pub async fn channels_of_two_spaces_share_nothing(f: &Fixture) {
    let user = f.push_many("a", 3).await;
    let service = ChannelName::in_space(Space::Service, "a", 255).unwrap();
    let page = f.engine.history(&service, all(), f.retention()).wait().await.unwrap();
    assert_eq!((page.events.len(), page.top.offset), (0, 0));
    assert_ne!(page.top.epoch, user.epoch);
}

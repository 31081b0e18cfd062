//! What is kept, and what a query reads of it.
use super::fixture::*;
use callboard::engine::{HistoryQuery, PublishOptions};
use callboard::types::{Epoch, Tags};
use std::sync::Arc;

pub async fn a_history_is_trimmed_to_its_size(f: &Fixture) {
    for data in 1..=25 {
        f.push("a", data, f.retention()).await;
    }
    let page = f.read_all("a").await;
    assert_eq!(data(&page), (16..=25).collect::<Vec<_>>());
    assert_eq!(offsets(&page), data(&page));
}

pub async fn a_smaller_size_trims_what_a_larger_one_kept(f: &Fixture) {
    f.push_many("a", 8).await;
    f.push("a", 9, f.keep(3, 10)).await;
    assert_eq!(offsets(&f.read_all("a").await), [7, 8, 9]);
}

pub async fn events_leave_one_by_one_at_their_age(f: &Fixture) {
    for data in 1..=3 {
        f.push("a", data, f.retention()).await;
        f.pass(3).await;
    }
    assert_eq!(offsets(&f.read_all("a").await), [1, 2, 3]);
    for left in [vec![2, 3], vec![3], vec![]] {
        f.pass(3).await;
        assert_eq!(offsets(&f.read_all("a").await), left);
    }
}

pub async fn an_event_never_outlives_a_newer_one(f: &Fixture) {
    let first = f.push("a", 1, f.keep(10, 50)).await;
    f.push("a", 2, f.keep(10, 5)).await;
    f.pass(20).await;
    assert_eq!(offsets(&f.read_all("a").await), [0; 0]);
    f.push("a", 3, f.retention()).await;
    let page = f.recover("a", &first).await;
    assert_eq!((offsets(&page), page.complete), (vec![3], false));
}

pub async fn without_a_position_all_is_read_in_either_direction(f: &Fixture) {
    f.push_many("a", 4).await;
    let reversed = f.read("a", HistoryQuery { reverse: true, ..all() }).await;
    assert_eq!((offsets(&reversed), reversed.complete), (vec![4, 3, 2, 1], true));
    let forward = f.read_all("a").await;
    assert_eq!((offsets(&forward), forward.complete), (vec![1, 2, 3, 4], true));
}

/// Fourteen events of which 5 to 14 are kept.
async fn fourteen(f: &Fixture) -> Epoch {
    f.push_many("a", 14).await.epoch
}

async fn check(f: &Fixture, epoch: &Epoch, reverse: bool, table: &[(u64, usize, &[u64], bool)]) {
    for (since, limit, expected, complete) in table {
        let query = HistoryQuery { since: Some(at(*since, epoch)), limit: *limit, reverse };
        let page = f.read("a", query.clone()).await;
        assert_eq!((offsets(&page).as_slice(), page.complete), (*expected, *complete), "{query:?}");
        assert_eq!(page.top, at(14, epoch));
    }
}

pub async fn forward_reads_what_comes_after_a_position(f: &Fixture) {
    let epoch = fourteen(f).await;
    let table: [(u64, usize, &[u64], bool); 8] = [
        (14, usize::MAX, &[], true),
        (13, usize::MAX, &[14], true),
        (12, 1, &[13], true),
        (11, 2, &[12, 13], true),
        (4, 3, &[5, 6, 7], true),
        (4, usize::MAX, &[5, 6, 7, 8, 9, 10, 11, 12, 13, 14], true),
        (3, 2, &[5, 6], false),
        (0, 1, &[5], false),
    ];
    check(f, &epoch, false, &table).await;
}

pub async fn reverse_reads_what_comes_before_a_position(f: &Fixture) {
    let epoch = fourteen(f).await;
    let table: [(u64, usize, &[u64], bool); 6] = [
        (14, 2, &[13, 12], true),
        (7, usize::MAX, &[6, 5], true),
        (6, 5, &[5], true),
        (5, usize::MAX, &[], true),
        (2, usize::MAX, &[], true),
        (0, usize::MAX, &[], true),
    ];
    check(f, &epoch, true, &table).await;
}

pub async fn a_limit_counts_from_where_the_read_begins(f: &Fixture) {
    f.push_many("a", 4).await;
    let table: [(usize, bool, &[u64]); 6] = [
        (0, false, &[]),
        (0, true, &[]),
        (3, false, &[1, 2, 3]),
        (3, true, &[4, 3, 2]),
        (5, false, &[1, 2, 3, 4]),
        (5, true, &[4, 3, 2, 1]),
    ];
    for (limit, reverse, expected) in table {
        let page = f.read("a", HistoryQuery { since: None, limit, reverse }).await;
        assert_eq!((offsets(&page).as_slice(), page.top.offset), (expected, 4), "{limit} {reverse}");
    }
}

pub async fn an_empty_epoch_matches_any(f: &Fixture) {
    f.push_many("a", 3).await;
    let page = f.recover("a", &at(1, &Epoch::new(""))).await;
    assert_eq!((offsets(&page), page.complete), (vec![2, 3], true));
    let page = f.recover("a", &at(0, &Epoch::new(""))).await;
    assert_eq!((offsets(&page), page.complete), (vec![1, 2, 3], true));
}

pub async fn a_foreign_epoch_reads_nothing_and_is_incomplete(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    for reverse in [false, true] {
        let since = Some(at(2, &Epoch::new("another")));
        let page = f.read("a", HistoryQuery { since, reverse, ..all() }).await;
        assert_eq!((page.events.len(), &page.top, page.complete), (0, &top, false));
    }
}

pub async fn a_position_ahead_of_the_top_is_incomplete(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    for offset in [4, 5, u64::MAX] {
        let page = f.recover("a", &at(offset, &top.epoch)).await;
        assert_eq!((page.events.len(), &page.top, page.complete), (0, &top, false));
    }
}

pub async fn a_trimmed_event_makes_earlier_positions_incomplete(f: &Fixture) {
    let epoch = f.push_many("a", 11).await.epoch;
    assert!(f.recover("a", &at(1, &epoch)).await.complete);
    assert!(!f.recover("a", &at(0, &epoch)).await.complete);
    f.push("a", 12, f.retention()).await;
    assert!(!f.recover("a", &at(1, &epoch)).await.complete);
}

pub async fn removed_events_make_earlier_positions_incomplete(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    f.remove("a").await;
    assert!(!f.recover("a", &at(2, &top.epoch)).await.complete);
    assert!(f.recover("a", &top).await.complete);
    f.push("a", 4, f.retention()).await;
    let page = f.recover("a", &at(2, &top.epoch)).await;
    assert_eq!((offsets(&page), page.complete), (vec![4], false));
}

pub async fn an_expired_tail_makes_earlier_positions_incomplete(f: &Fixture) {
    let top = f.push_many("a", 3).await;
    f.pass(20).await;
    let page = f.recover("a", &at(2, &top.epoch)).await;
    assert_eq!((page.events.len(), &page.top, page.complete), (0, &top, false));
}

pub async fn a_kept_event_comes_back_whole(f: &Fixture) {
    let publisher = client("mia");
    let tags = Arc::new(Tags::from([("event".to_owned(), "created".to_owned())]));
    let sent = {
        let mut sent = event("a", 5);
        (sent.tags, sent.publisher) = (Some(tags.clone()), Some(publisher.clone()));
        sent
    };
    let options = PublishOptions { retention: Some(f.retention()), ..Default::default() };
    let position = accepted(f.publish(sent, options).await);
    let page = f.read_all("a").await;
    let kept = &page.events[0];
    assert_eq!((&kept.channel, &kept.data, &kept.position), (&channel("a"), &number(5), &position));
    assert_eq!(kept.tags.as_ref(), Some(&tags));
    let known = kept.publisher.as_ref().expect("the publisher is kept");
    assert_eq!((&known.user, known.client), (&publisher.user, publisher.client));
}

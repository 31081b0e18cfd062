use super::*;
use crate::delivery::Offered;

fn accounts() -> Accounts {
    Accounts::new(Metrics::new())
}

fn name(number: usize) -> Arc<str> {
    format!("node:{number}").into()
}

fn sums(offered: &[Offered]) -> Account {
    let mut sums = Account::default();
    offered.iter().for_each(|offered| offered.count(&mut sums));
    sums
}

#[tokio::test]
async fn numbers_are_complete_when_the_last_worker_has_let_the_delivery_go() {
    let accounts = accounts();
    let tally = Arc::new(accounts.begin(&name(1)).expect("there is room"));
    let other = tally.clone();
    tally.add(Account::of_not_permitted(2));
    tally.add(sums(&[Offered::Sent, Offered::Filtered, Offered::Skipped, Offered::Early, Offered::Held]));
    let count = accounts.wait(&name(1)).expect("it is known");
    drop(tally);
    assert!(count.has_begun() && count.account().partial, "another worker has yet to count");
    other.add(sums(&[Offered::Sent]));
    drop(other);
    count.done().await;
    let all = Account { matched: 6, delivered: 2, filtered: 1, not_permitted: 2, lost: 1, ..Account::default() };
    assert_eq!(count.account(), all);
    drop(count);
    assert!(accounts.is_empty(), "numbers that have been told are forgotten");
}

#[tokio::test]
async fn an_event_may_be_asked_for_before_it_comes_and_is_counted_once() {
    let accounts = accounts();
    let count = accounts.wait(&name(1)).expect("there is room");
    assert!(!count.has_begun());
    let tally = accounts.begin(&name(1)).expect("it is the first");
    assert!(accounts.begin(&name(1)).is_none(), "it is counted already");
    drop(tally);
    count.done().await;
    assert!(accounts.begin(&name(1)).is_none());
    assert_eq!(count.account(), Account::default());
}

#[tokio::test]
async fn a_listener_that_waits_for_its_view_counts_once_whatever_becomes_of_it() {
    let accounts = accounts();
    let tally = accounts.begin(&name(1)).expect("there is room");
    tally.add(sums(&[Offered::Waits, Offered::Waits, Offered::Waits, Offered::Waits]));
    tally.settle(Offered::Sent.into());
    tally.settle(Offered::Filtered.into());
    tally.settle(Offered::Skipped.into());
    let count = accounts.wait(&name(1)).expect("it is known");
    let so_far = Account { matched: 4, delivered: 1, filtered: 1, lost: 1, partial: true, ..Account::default() };
    assert_eq!(count.account(), so_far, "one has yet to decide");
    drop(tally);
    assert_eq!(count.account(), Account { lost: 2, partial: false, ..so_far }, "one went away undecided");
}

#[tokio::test]
async fn a_listener_that_joins_counts_when_it_is_in() {
    let accounts = accounts();
    let tally = accounts.begin(&name(1)).expect("there is room");
    tally.add(sums(&[Offered::Held, Offered::Held]));
    tally.add(Offered::Sent.into());
    tally.add(Offered::Early.into());
    drop(tally);
    let account = accounts.wait(&name(1)).expect("it is known").account();
    assert_eq!(account, Account { matched: 1, delivered: 1, ..Account::default() });
}

#[tokio::test]
async fn an_account_without_one_worker_is_partial() {
    let accounts = accounts();
    let tally = accounts.begin(&name(1)).expect("there is room");
    tally.leave_out();
    drop(tally);
    assert!(accounts.wait(&name(1)).expect("it is known").account().partial);
}

#[tokio::test(start_paused = true)]
async fn numbers_that_nobody_asks_for_make_room_after_a_while() {
    let accounts = accounts();
    (0..MOST).for_each(|number| drop(accounts.begin(&name(number))));
    assert!(accounts.begin(&name(MOST)).is_none() && accounts.wait(&name(MOST)).is_none(), "the bound is reached");
    assert!(accounts.wait(&name(0)).is_some(), "what is known stays");
    assert!(accounts.begin(&name(MOST)).is_some(), "what has been told makes room");
    tokio::time::advance(KEPT).await;
    assert!(accounts.begin(&name(MOST + 1)).is_some());
    assert_eq!(accounts.len(), 1, "the others are forgotten");
    let text = accounts.0.metrics.text().expect("text");
    assert!(text.contains(r#"callboard_limits_reached_total{limit="accounts"} 2"#), "{text}");
}

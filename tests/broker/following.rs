//! What the bus brings: each event once and in order, and no gap that is neither filled nor told.
use super::house::*;
use callboard::engine::Retention;
use callboard::types::{ChannelName, Epoch, Event, Position};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

const NAMESPACES: &str = r#"
[[namespace]]
name = ""
subscribe = "anyone"
history_size = 10
history_ttl = "1h"
force_recovery = true
"#;
const RETENTION: Retention =
    Retention { size: 10, ttl: Duration::from_secs(3600), meta_ttl: Duration::from_secs(30 * 24 * 3600) };

fn event(number: u64) -> Event {
    let channel = ChannelName::user("news", 255).expect("a name");
    let data = json(&number.to_string());
    Event { channel, data, tags: None, publisher: None, position: None, envelope: None }
}

/// A house on a bus, and a guest who listens to `news`.
async fn on_a_bus() -> (House, Client) {
    let house = Plan::of(NAMESPACES).build();
    house.engine.has_bus.store(true, SeqCst);
    let guest = house.guest().await;
    guest.subscribe("news", "").await;
    guest.forget();
    (house, guest)
}

impl House {
    /// Another node publishes: the event is kept, and the bus has still to bring it.
    fn elsewhere(&self, number: u64) -> Event {
        self.engine.keep(event(number), RETENTION)
    }
}

fn is_told_to_come_back(heard: &[String]) -> bool {
    heard.iter().any(|line| line.contains(r#""unsubscribe":{"code":2500"#))
}

#[test]
fn events_come_in_order_and_copies_not_again() {
    story(async {
        let (house, guest) = on_a_bus().await;
        let events: Vec<Event> = (1..=3).map(|number| house.elsewhere(number)).collect();
        for event in [&events[0], &events[1], &events[1], &events[0], &events[2]] {
            house.engine.sink().event(event.clone(), None);
        }
        rest().await;
        assert_eq!(guest.numbers(), [1, 2, 3]);
    });
}

#[test]
fn a_gap_is_filled_from_the_history_before_what_came_behind_it() {
    story(async {
        let (house, guest) = on_a_bus().await;
        let events: Vec<Event> = (1..=6).map(|number| house.elsewhere(number)).collect();
        house.engine.sink().event(events[0].clone(), None);
        rest().await;
        house.engine.slow_histories.store(true, SeqCst);
        for event in &events[3..5] {
            house.engine.sink().event(event.clone(), None);
        }
        rest().await;
        assert_eq!(guest.numbers(), [1], "what stands behind the gap waits");
        house.engine.slow_histories.store(false, SeqCst);
        house.engine.let_go(0);
        house.engine.sink().event(events[5].clone(), None);
        rest().await;
        assert_eq!(guest.numbers(), [1, 2, 3, 4, 5, 6]);
        assert!(!is_told_to_come_back(&guest.said()));
    });
}

#[test]
fn what_was_missed_while_the_bus_was_away_is_delivered() {
    story(async {
        let (house, guest) = on_a_bus().await;
        house.engine.sink().event(house.elsewhere(1), None);
        (2..=4).for_each(|number| drop(house.elsewhere(number)));
        house.engine.sink().resumed();
        rest().await;
        assert_eq!(guest.numbers(), [1, 2, 3, 4]);
    });
}

#[test]
fn what_was_missed_before_the_first_event_is_delivered_too() {
    story(async {
        let (house, guest) = on_a_bus().await;
        house.elsewhere(1);
        house.engine.sink().resumed();
        rest().await;
        assert_eq!(guest.numbers(), [1]);
    });
}

#[test]
fn a_gap_that_the_history_cannot_fill_is_told_and_nothing_follows_it() {
    story(async {
        let (house, guest) = on_a_bus().await;
        house.engine.sink().event(house.elsewhere(1), None);
        (2..20).for_each(|number| drop(house.elsewhere(number)));
        house.engine.sink().event(house.elsewhere(20), None);
        rest().await;
        assert_eq!(guest.numbers(), [1]);
        assert!(is_told_to_come_back(&guest.said()));
        guest.forget();
        guest.subscribe("news", "").await;
        house.engine.sink().event(house.elsewhere(21), None);
        rest().await;
        assert_eq!(guest.numbers(), [21]);
    });
}

#[test]
fn in_a_new_epoch_offsets_that_were_seen_are_new_events_and_the_change_is_told() {
    story(async {
        let (house, guest) = on_a_bus().await;
        for number in 1..=3 {
            house.engine.sink().event(house.elsewhere(number), None);
        }
        let again = Position { offset: 2, epoch: Epoch::new("another") };
        house.engine.sink().event(Event { position: Some(again), ..event(4) }, None);
        rest().await;
        assert_eq!(guest.numbers(), [1, 2, 3], "who knows the old epoch is not told offsets of the new one");
        assert!(is_told_to_come_back(&guest.said()));
    });
}

#[test]
fn without_history_clients_get_what_comes_and_a_gap_is_counted_only() {
    story(async {
        let house = Plan::of("[[namespace]]\nname = ''\nsubscribe = 'anyone'\n").build();
        house.engine.has_bus.store(true, SeqCst);
        let guest = house.guest().await;
        guest.subscribe("news", "").await;
        house.engine.sink().event(event(1), None);
        house.engine.sink().resumed();
        house.engine.sink().event(event(2), None);
        rest().await;
        assert_eq!(guest.numbers(), [1, 2]);
        assert!(!is_told_to_come_back(&guest.said()));
        assert!(house.metrics.text().expect("the metrics").contains(r#"drops_total{reason="bus"} 1"#));
    });
}

#[test]
fn events_that_a_full_channel_could_not_take_are_read_from_the_history() {
    story(async {
        let limits = callboard::broker::Limits { channel_queue: 4, ..Default::default() };
        let house = Plan { limits, ..Plan::of(&NAMESPACES.replace("10", "1000")) }.build();
        house.engine.has_bus.store(true, SeqCst);
        let guest = house.guest().await;
        guest.subscribe("news", "").await;
        // All at once, before the channel looks into its mailbox.
        let retention = Retention { size: 1000, ..RETENTION };
        for number in 1..=200 {
            house.engine.sink().event(house.engine.keep(event(number), retention), None);
        }
        rest().await;
        assert_eq!(guest.numbers(), (1..=200).collect::<Vec<_>>());
    });
}

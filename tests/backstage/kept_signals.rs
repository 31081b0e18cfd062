//! Signals that are kept for users about to connect.
use super::bus::metrics;
use super::house::{Client, House, Kind, Plan, api, both, page, plan, plan_for_guests, signal, until_subscribed};
use super::tokens::{service, user};
use crate::harness::events_bus::Plugin;
use crate::harness::http;
use serde_json::{Value, json};
use std::time::Duration;

fn keeping(mut plan: Plan) -> Plan {
    plan.config.backstage.keep = Duration::from_secs(600);
    plan
}

fn kept(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}, "keep": true})
}

fn fleeting(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}})
}

fn told(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}})
}

fn replayed(n: u32) -> Value {
    json!({"channel": "c", "message": {"n": n}, "replayed": true})
}

/// A page that has subscribed, as one of so many.
async fn subscribed(house: &House, token: &str, count: u64) -> Client {
    let mut page = page(house, token).await;
    page.say(json!({"action": "subscribe", "channel": "c"})).await;
    until_subscribed(house, count).await;
    page
}

/// What a page hears before this signal, which everybody hears.
async fn hears_before(house: &House, page: &mut Client, n: u32) -> Vec<Value> {
    signal(house, fleeting(n)).await;
    let mut heard = vec![];
    loop {
        let next = page.hears().await;
        if next == told(n) {
            return heard;
        }
        heard.push(next);
    }
}

#[tokio::test]
async fn a_kept_signal_reaches_each_user_who_subscribes_later_once() {
    both(
        || keeping(plan()),
        async |house: House| {
            let (mia, joe) = (user("user:default/mia", &[]), user("user:default/joe", &[]));
            for what in [kept(1), fleeting(2), kept(3)] {
                signal(&house, what).await;
            }
            let mut first = subscribed(&house, &mia, 1).await;
            assert_eq!(hears_before(&house, &mut first, 4).await, [replayed(1), replayed(3)]);
            let mut second = subscribed(&house, &mia, 2).await;
            assert!(hears_before(&house, &mut second, 5).await.is_empty(), "she has them");
            drop((first, second));
            until_subscribed(&house, 0).await;
            let mut again = subscribed(&house, &mia, 1).await;
            assert!(hears_before(&house, &mut again, 6).await.is_empty(), "she has them still");
            let mut other = subscribed(&house, &joe, 2).await;
            assert_eq!(hears_before(&house, &mut other, 7).await, [replayed(1), replayed(3)]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_user_who_heard_a_kept_signal_live_does_not_get_it_again() {
    both(
        || keeping(plan()),
        async |house: House| {
            let mia = user("user:default/mia", &[]);
            let mut first = subscribed(&house, &mia, 1).await;
            signal(&house, kept(1)).await;
            assert_eq!(first.hears().await, told(1), "a signal that comes live is as any other");
            let mut second = subscribed(&house, &mia, 2).await;
            assert!(hears_before(&house, &mut second, 2).await.is_empty());
            assert_eq!(first.hears().await, told(2));
            first.say(json!({"action": "unsubscribe", "channel": "c"})).await;
            until_subscribed(&house, 1).await;
            first.say(json!({"action": "subscribe", "channel": "c"})).await;
            until_subscribed(&house, 2).await;
            assert_eq!(hears_before(&house, &mut first, 3).await, Vec::<Value>::new());
        },
    )
    .await;
}

#[tokio::test]
async fn a_kept_signal_is_for_those_who_own_its_entities_when_they_subscribe() {
    both(
        || keeping(plan()),
        async |house: House| {
            let to = |n: u32, refs: Value| {
                let recipients = json!({"type": "user", "entityRef": refs});
                json!({"channel": "c", "message": {"n": n}, "keep": true, "recipients": recipients})
            };
            signal(&house, to(1, json!("group:default/admins"))).await;
            signal(&house, to(2, json!(["user:default/mia", "group:default/admins"]))).await;
            signal(&house, to(3, json!([]))).await;
            let mut outside = subscribed(&house, &user("user:default/mia", &[]), 1).await;
            assert_eq!(hears_before(&house, &mut outside, 4).await, [replayed(2)]);
            // She has joined the group meanwhile: what she was not meant to have is not taken for had.
            let mut inside = subscribed(&house, &user("user:default/mia", &["group:default/admins"]), 2).await;
            assert_eq!(hears_before(&house, &mut inside, 5).await, [replayed(1)]);
            let mut left = subscribed(&house, &user("user:default/joe", &[]), 3).await;
            assert!(hears_before(&house, &mut left, 6).await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn a_guest_is_brought_what_is_kept_once_per_connection() {
    both(
        || keeping(plan_for_guests()),
        async |house: House| {
            signal(&house, kept(1)).await;
            let mut connected = vec![];
            for count in [1, 2] {
                let (mut guest, _) =
                    super::house::open(house.address, "/api/signals", &[]).await.expect("guests are let in");
                guest.say(json!({"action": "subscribe", "channel": "c"})).await;
                until_subscribed(&house, count).await;
                assert_eq!(hears_before(&house, &mut guest, 2).await, [replayed(1)]);
                guest.say(json!({"action": "unsubscribe", "channel": "c"})).await;
                until_subscribed(&house, count - 1).await;
                guest.say(json!({"action": "subscribe", "channel": "c"})).await;
                until_subscribed(&house, count).await;
                assert!(hears_before(&house, &mut guest, 3).await.is_empty());
                // It stays: the next one is another connection.
                connected.push(guest);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn only_the_newest_are_kept_and_they_come_in_order_before_what_is_live() {
    let mut plan = keeping(plan());
    plan.config.backstage.keep_count = 2;
    let house = plan.start(Kind::Own);
    for n in 1..=4 {
        signal(&house, kept(n)).await;
    }
    let mut mia = subscribed(&house, &user("user:default/mia", &[]), 1).await;
    assert_eq!(hears_before(&house, &mut mia, 5).await, [replayed(3), replayed(4)]);
}

#[tokio::test]
async fn a_signal_that_is_older_than_its_time_is_not_brought() {
    let mut plan = plan();
    plan.config.backstage.keep = Duration::from_secs(2);
    let house = plan.start(Kind::Own);
    signal(&house, kept(1)).await;
    let is_kept = |text: &str| !text.contains("callboard_stored{limit=\"history_bytes\"} 0");
    let has_line = |text: &str| text.contains("callboard_stored{limit=\"history_bytes\"}");
    until(&house, |text| has_line(text) && is_kept(text)).await;
    until(&house, |text| !is_kept(text)).await;
    let mut mia = subscribed(&house, &user("user:default/mia", &[]), 1).await;
    assert!(hears_before(&house, &mut mia, 2).await.is_empty());
}

async fn until(house: &House, is_so: impl Fn(&str) -> bool) {
    let began = std::time::Instant::now();
    loop {
        let text = metrics(house).await;
        if is_so(&text) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{text}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn what_is_brought_fills_half_of_an_outbox_and_the_oldest_are_left_out() {
    let mut plan = keeping(plan());
    plan.config.limits.outbox = 64 * 1024;
    let house = plan.start(Kind::Own);
    let filler = "x".repeat(1_000);
    let large = |n: u32| json!({"channel": "c", "message": {"n": n, "filler": filler}, "keep": true});
    for n in 0..50 {
        signal(&house, large(n)).await;
    }
    let mut mia = subscribed(&house, &user("user:default/mia", &[]), 1).await;
    let brought = hears_before(&house, &mut mia, 99).await;
    let numbers: Vec<u64> = brought.iter().filter_map(|told| told["message"]["n"].as_u64()).collect();
    assert_eq!(numbers, (18..50).collect::<Vec<_>>(), "32 of them are less than 32 KiB");
    until(&house, |text| text.contains("callboard_limits_reached_total{limit=\"kept_bytes\"} 1")).await;
    // One alone is brought whatever its size.
    let alone = json!({"channel": "d", "message": "y".repeat(40_000), "keep": true});
    signal(&house, alone).await;
    mia.say(json!({"action": "subscribe", "channel": "d"})).await;
    assert_eq!(mia.hears().await["replayed"], true);
}

#[tokio::test]
async fn a_plugin_keeps_a_signal_by_way_of_the_events_bus() {
    let mut plan = keeping(plan());
    plan.config.backstage.bus = true;
    let house = plan.start(Kind::Own);
    let catalog = Plugin::at(house.address, service("catalog"));
    let signal = json!({"recipients": {"type": "broadcast"}, "channel": "c", "message": {"n": 1}, "keep": true});
    catalog.post("signals", signal, &[]).await;
    let wrong = json!({"recipients": {"type": "broadcast"}, "channel": "c", "message": {"n": 2}, "keep": "10s"});
    catalog.post("signals", wrong, &[]).await;
    let mut mia = subscribed(&house, &user("user:default/mia", &[]), 1).await;
    assert_eq!(hears_before(&house, &mut mia, 3).await, [replayed(1)]);
    until(&house, |text| text.contains("callboard_events_bus_total{reason=\"bad_signal\"} 1")).await;
}

#[tokio::test]
async fn keeping_a_signal_that_nothing_is_kept_for_is_an_error_that_names_the_key() {
    let house = plan().start(Kind::Own);
    let answer = api(&house, "signal", kept(1)).await;
    assert_eq!(answer["error"]["code"], 108, "{answer}");
    assert!(answer["error"]["message"].as_str().expect("a text").contains("backstage.keep"), "{answer}");
    signal(&house, json!({"channel": "c", "message": 1, "keep": false})).await;
    let (address, wrong) = (house.address, json!({"channel": "c", "message": 1, "keep": "10s"}).to_string());
    let call = move || http::call(address, "", "signal", &wrong).expect("an answer");
    let answer = tokio::task::spawn_blocking(call).await.expect("it does not panic");
    assert!(answer.status == 400 && answer.body.contains("\"keep\""), "{} {}", answer.status, answer.body);
}

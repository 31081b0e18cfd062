//! A hub that cannot take more: its listeners come back, and none sees what came after a gap.
use super::house::{Client, House, Plan, rest, story};
use callboard::broker::Limits;

const KEPT: &str = r#"
[[namespace]]
subscribe = "anyone"
publish = "anyone"
history_size = 1000
history_ttl = "5m"
force_recovery = true
"#;

const TOLD: &str = r#"{"push":{"channel":"news","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#;

fn narrow(queue: usize) -> House {
    let limits = Limits { hub_queue: queue, ..Limits::default() };
    Plan { limits, ..Plan::of(KEPT) }.build()
}

/// Publishes all at once: the channel gets them in one go, and its hub is not asked in between.
async fn flood(publisher: &Client, numbers: std::ops::Range<u64>) {
    for number in numbers {
        publisher.say(&format!(r#"{{"id":9,"publish":{{"channel":"news","data":{number}}}}}"#));
    }
    rest().await;
}

/// How many have been told to come back.
fn told(listeners: &[Client]) -> usize {
    listeners.iter().filter(|listener| listener.said().contains(&TOLD.to_owned())).count()
}

#[test]
fn a_listener_that_lags_is_told_and_sees_nothing_past_the_gap() {
    for queue in [1, 2, 7] {
        story(async {
            let house = narrow(queue);
            let (listener, publisher) = (house.guest().await, house.guest().await);
            let epoch = listener.subscribe("news", "").await["epoch"].clone();
            listener.forget();
            flood(&publisher, 1..41).await;
            let seen = listener.numbers();
            assert_eq!(seen, (1..=seen.len() as u64).collect::<Vec<_>>(), "a gap with a queue of {queue}");
            assert!(seen.len() < 40);
            let said = listener.said();
            assert_eq!(said.iter().filter(|line| *line == TOLD).count(), 1, "{said:?}");
            assert_eq!(said.last().map(String::as_str), Some(TOLD));
            let recover = format!(r#""recover":true,"offset":{},"epoch":{epoch}"#, seen.len());
            let subscribed = listener.subscribe("news", &recover).await;
            assert_eq!(subscribed["publications"].as_array().map_or(0, Vec::len), 40 - seen.len());
        });
    }
}

#[test]
fn a_listener_that_lags_in_a_subscription_of_the_server_is_closed() {
    story(async {
        let house = narrow(1);
        let (listener, publisher) = (house.user("42").await, house.guest().await);
        let target = callboard::broker::Target { user: "42".into(), ..Default::default() };
        house.node.sessions().subscribe(target, "news", Default::default()).await.unwrap();
        rest().await;
        flood(&publisher, 1..41).await;
        assert_eq!(listener.said().last().map(String::as_str), Some("close 3010"));
        assert_eq!(house.metrics.listeners.get(), 0);
    });
}

#[test]
fn a_listener_that_joined_after_the_gap_is_spared() {
    story(async {
        let house = narrow(1);
        let (early, late, publisher) = (house.guest().await, house.guest().await, house.guest().await);
        early.subscribe("news", "").await;
        for number in 1..21 {
            publisher.say(&format!(r#"{{"id":9,"publish":{{"channel":"news","data":{number}}}}}"#));
        }
        late.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        rest().await;
        assert!(early.said().contains(&TOLD.to_owned()));
        flood(&publisher, 21..22).await;
        assert!(!late.said().contains(&TOLD.to_owned()), "{:?}", late.said());
        assert_eq!(late.numbers(), [21]);
    });
}

#[test]
fn a_listener_that_misses_something_while_it_joins_comes_back_for_it() {
    use std::sync::atomic::Ordering::SeqCst;
    story(async {
        let house = narrow(1);
        let (listener, publisher) = (house.guest().await, house.guest().await);
        house.engine.slow_histories.store(true, SeqCst);
        listener.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        rest().await;
        flood(&publisher, 1..21).await;
        house.engine.let_go(0);
        rest().await;
        flood(&publisher, 21..22).await;
        let said = listener.said();
        assert!(said[0].starts_with(r#"{"id":2,"subscribe""#), "{said:?}");
        assert_eq!(said[1..], [TOLD]);
    });
}

#[test]
fn a_queue_that_is_wide_enough_loses_nothing() {
    story(async {
        let house = narrow(64);
        let (listener, publisher) = (house.guest().await, house.guest().await);
        listener.subscribe("news", "").await;
        flood(&publisher, 1..61).await;
        assert_eq!(listener.numbers(), (1..61).collect::<Vec<_>>());
    });
}

/// The numbers heard, with what was told to be missing between them as negative ones.
fn account(said: &[String]) -> Vec<i64> {
    let lines = said.iter().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
    let numbers = lines.filter_map(|line| {
        let lagged = line["push"]["message"]["data"]["lagged"]["count"].as_i64();
        line["push"]["pub"]["data"].as_i64().or(lagged.map(|count| -count))
    });
    numbers.collect()
}

const FLEETING: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'";

#[test]
fn a_listener_that_joins_while_its_hub_is_behind_is_told_of_what_it_missed_though_nothing_follows() {
    story(async {
        let house = narrow(1);
        let (early, late) = (house.guest().await, house.guest().await);
        let (first, second) = (house.guest().await, house.guest().await);
        early.subscribe("news", "").await;
        let say = |publisher: &Client, number: u64| {
            publisher.say(&format!(r#"{{"id":9,"publish":{{"channel":"news","data":{number}}}}}"#));
        };
        // The sessions have their turns in this order: the join stands between the publishes in the channel's mailbox.
        (1..21).for_each(|number| say(&first, number));
        late.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
        (21..26).for_each(|number| say(&second, number));
        rest().await;
        assert!(early.said().contains(&TOLD.to_owned()));
        let said = late.said();
        assert!(said[0].contains(r#""offset":20"#), "{said:?}");
        assert_eq!(said.last().map(String::as_str), Some(TOLD));
    });
}

#[test]
fn without_history_a_listener_that_lags_stays_and_is_told_how_many_it_missed_before_what_comes_next() {
    for queue in [1, 3] {
        story(async {
            let limits = Limits { hub_queue: queue, ..Limits::default() };
            let house = Plan { limits, ..Plan::of(FLEETING) }.build();
            let (listener, publisher) = (house.guest().await, house.guest().await);
            listener.subscribe("news", "").await;
            listener.forget();
            flood(&publisher, 1..41).await;
            flood(&publisher, 41..42).await;
            let account = account(&listener.said());
            let mut at = 0;
            for number in &account {
                if *number < 0 {
                    at -= number;
                } else {
                    at += 1;
                    assert_eq!(at, *number, "{account:?}");
                }
            }
            assert_eq!(at, 41, "{account:?}");
            assert!(account.iter().any(|number| *number < 0), "{account:?}");
            assert_eq!(house.metrics.listeners.get(), 1, "it stays");
        });
    }
}

#[test]
fn so_many_a_second_are_told_to_come_back_and_the_others_in_their_turn() {
    story(async {
        let limits = Limits { hub_queue: 1, lag_pace: 2, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(KEPT) }.build();
        let publisher = house.guest().await;
        let mut listeners = vec![];
        for _ in 0..6 {
            let listener = house.guest().await;
            listener.subscribe("news", "").await;
            listeners.push(listener);
        }
        flood(&publisher, 1..41).await;
        assert_eq!(told(&listeners), 1);
        for count in 2..7 {
            super::house::pass(std::time::Duration::from_millis(500)).await;
            assert_eq!(told(&listeners), count);
        }
    });
}

#[test]
fn those_who_miss_something_while_they_join_come_back_in_their_turn_too() {
    use std::sync::atomic::Ordering::SeqCst;
    story(async {
        let limits = Limits { hub_queue: 1, lag_pace: 1, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(KEPT) }.build();
        let publisher = house.guest().await;
        house.engine.slow_histories.store(true, SeqCst);
        let mut listeners = vec![];
        for _ in 0..3 {
            let listener = house.guest().await;
            listener.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
            listeners.push(listener);
        }
        rest().await;
        flood(&publisher, 1..21).await;
        (0..3).for_each(|nth| house.engine.let_go(nth));
        rest().await;
        assert_eq!(told(&listeners), 1);
        for count in 2..4 {
            super::house::pass(std::time::Duration::from_secs(1)).await;
            assert_eq!(told(&listeners), count);
        }
    });
}

#[test]
fn sessions_of_a_namespace_without_recovery_stay_and_what_they_missed_is_counted() {
    use super::residents::{Resident, args, home};
    use callboard::broker::Emission;
    story(async {
        let house = narrow(1);
        let who = Resident::arrive(&house, false).await;
        rest().await;
        let emit = |number: u64| {
            let emission = Emission::new("said", args(&format!("[{number}]")), vec![]).expect("an array");
            drop(house.node.homes().emit(&home(), emission));
        };
        (1..41).for_each(emit);
        rest().await;
        emit(41);
        let heard = who.heard().await;
        assert!(heard.last().is_some_and(|line| line.contains("41")), "{heard:?}");
        assert!(heard.len() < 41 && !heard.iter().any(|line| line.starts_with("close")), "{heard:?}");
        let text = house.metrics.text().expect("text");
        assert!(text.contains(r#"callboard_drops_total{reason="lagging"} 1"#), "{text}");
    });
}

#[test]
fn what_is_done_to_a_session_is_not_lost_in_silence_where_its_hub_is_behind() {
    use super::residents::{Resident, args, home};
    use callboard::broker::Emission;
    use callboard::delivery::{Instruct, SessionOrder};
    use callboard::types::{Audience, Disconnect};
    for leaves in [false, true] {
        story(async {
            let house = narrow(1);
            let who = Resident::arrive(&house, false).await;
            rest().await;
            let emit = |audience: Audience| {
                let emission = Emission::new("said", args("[\"secret\"]"), vec![]).expect("an array");
                drop(house.node.homes().emit(&home(), Emission { audience, ..emission }));
            };
            let regroup = |join: &[&str], leave: &[&str]| Instruct::Regroup {
                join: join.iter().map(|name| (*name).into()).collect(),
                leave: leave.iter().map(|name| (*name).into()).collect(),
            };
            house.node.homes().instruct(&home(), Audience::EVERYONE, regroup(&["red"], &[]));
            rest().await;
            // Of these the hub takes the first only, and what is done comes behind them.
            (0..20).for_each(|_| emit(Audience::of(["nobody".into()])));
            let what = match leaves {
                true => regroup(&[], &["red"]),
                false => Instruct::Order(SessionOrder::Disconnect(Disconnect::FORCE_DISCONNECT)),
            };
            house.node.homes().instruct(&home(), Audience::EVERYONE, what);
            rest().await;
            emit(Audience::of(["red".into()]));
            let heard = who.heard().await;
            assert!(!heard.iter().any(|line| line.contains("secret")), "{heard:?}");
            assert!(heard.iter().any(|line| line.starts_with("close ")), "{heard:?}");
        });
    }
}

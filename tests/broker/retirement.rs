//! A channel without listeners ends, and nothing that races with its end is lost.
use super::house::{Client, House, Plan, pass, real_story, rest, story, until};
use callboard::broker::Worker;
use std::time::Duration;

const PLAIN: &str = "[[namespace]]\nsubscribe = 'anyone'\npublish = 'anyone'";
/// An empty channel lingers for a second.
const LINGER: Duration = Duration::from_millis(1_000);

#[test]
fn a_channel_that_nobody_listens_to_any_more_retires() {
    story(async {
        let house = Plan::of(PLAIN).build();
        let client = house.guest().await;
        client.subscribe("news", "").await;
        assert_eq!(house.gauges(), (1, 1, 1));
        client.ask(r#"{"id":3,"unsubscribe":{"channel":"news"}}"#).await;
        pass(LINGER / 2).await;
        assert_eq!(house.gauges(), (1, 1, 0), "it lingers");
        pass(LINGER).await;
        assert_eq!(house.gauges(), (1, 0, 0));
    });
}

#[test]
fn a_publish_to_a_channel_without_listeners_leaves_no_channel_behind() {
    story(async {
        let house = Plan::of(PLAIN).build();
        house.publish("news", 1).await.unwrap();
        pass(LINGER * 2).await;
        assert_eq!(house.gauges(), (0, 0, 0));
        assert!(house.node.channels().occupied().await.unwrap().is_empty());
    });
}

/// Joins at each step of a channel's end, once before the clock moves on and at every later turn of the scheduler.
#[test]
fn a_join_that_races_with_retirement_is_not_lost() {
    story(async {
        let house = Plan::of(PLAIN).build();
        let (leaver, joiner) = (house.guest().await, house.guest().await);
        for turns in 0..40 {
            leaver.subscribe("news", "").await;
            leaver.ask(r#"{"id":3,"unsubscribe":{"channel":"news"}}"#).await;
            rest().await;
            tokio::time::advance(LINGER).await;
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            joiner.say(r#"{"id":2,"subscribe":{"channel":"news"}}"#);
            joiner.say(&format!(r#"{{"id":4,"publish":{{"channel":"news","data":{turns}}}}}"#));
            rest().await;
            assert_eq!(joiner.numbers(), [turns], "after {turns} turns: {:?}", joiner.said());
            joiner.ask(r#"{"id":5,"unsubscribe":{"channel":"news"}}"#).await;
            joiner.forget();
            pass(LINGER * 2).await;
            assert_eq!(house.metrics.channels.get(), 0);
        }
    });
}

#[test]
fn publishes_of_one_session_keep_their_order_while_their_channel_retires() {
    story(async {
        let house = Plan::of(&format!("{PLAIN}\nhistory_size = 200\nhistory_ttl = '5m'")).build();
        let client = house.guest().await;
        for round in 0..30 {
            let channel = format!("news{round}");
            client.ask(&format!(r#"{{"id":3,"publish":{{"channel":"{channel}","data":0}}}}"#)).await;
            rest().await;
            tokio::time::advance(LINGER).await;
            for number in 1..60 {
                client.say(&format!(r#"{{"id":4,"publish":{{"channel":"{channel}","data":{number}}}}}"#));
                if (number + round) % 3 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            rest().await;
            assert_eq!(history(&house, &channel).await, (0..60).collect::<Vec<_>>(), "round {round}");
        }
    });
}

async fn history(house: &House, channel: &str) -> Vec<u64> {
    let request = callboard::broker::HistoryRequest { limit: -1, ..Default::default() };
    let page = house.node.channels().history(channel, request).await.expect("it is kept");
    page.events.iter().map(|event| event.data.read().expect("a number")).collect()
}

#[test]
fn a_full_hub_puts_retirement_off_and_what_came_meanwhile_keeps_its_order() {
    story(async {
        let mut plan = Plan::of(&format!("{PLAIN}\nhistory_size = 200\nhistory_ttl = '5m'"));
        plan.limits.hub_queue = 1;
        let house = plan.build();
        let (client, filler) = (house.guest().await, house.guest().await);
        filler.subscribe("full", "").await;
        for turns in 0..12 {
            let channel = format!("news{turns}");
            client.ask(&format!(r#"{{"id":3,"publish":{{"channel":"{channel}","data":0}}}}"#)).await;
            rest().await;
            tokio::time::advance(LINGER).await;
            for number in 1..40 {
                client.say(&format!(r#"{{"id":4,"publish":{{"channel":"{channel}","data":{number}}}}}"#));
                client.say(r#"{"id":5,"publish":{"channel":"full","data":0}}"#);
                if number % 4 == turns % 4 {
                    tokio::task::yield_now().await;
                }
            }
            rest().await;
            assert_eq!(history(&house, &channel).await, (0..40).collect::<Vec<_>>(), "{turns}");
        }
        filler.leave();
        client.leave();
        // The hub has room for one of the thirteen at a time.
        for _ in 0..13 {
            pass(LINGER * 2).await;
        }
        assert_eq!(house.gauges(), (0, 0, 0), "it was only put off");
    });
}

#[test]
fn a_burst_into_a_channel_that_does_not_exist_yet_is_not_refused() {
    story(async {
        let house = Plan::of(PLAIN).build();
        let client = house.guest().await;
        for id in 2..64 {
            client.say(&format!(r#"{{"id":{id},"publish":{{"channel":"news","data":1}}}}"#));
        }
        let heard = client.heard().await;
        assert_eq!(heard, (2..64).map(|id| format!(r#"{{"id":{id},"publish":{{}}}}"#)).collect::<Vec<_>>());
    });
}

/// Two threads, each with a client that subscribes, publishes and leaves, around the time the channel lingers.
#[test]
fn joins_from_two_threads_that_race_with_retirement_are_not_lost() {
    real_story(async {
        let house = Plan::of(PLAIN).build();
        let arbiters = [actix::Arbiter::new(), actix::Arbiter::new()];
        let (done, mut all_done) = tokio::sync::mpsc::unbounded_channel();
        for (thread, arbiter) in arbiters.iter().enumerate() {
            let (node, done) = (house.node.clone(), done.clone());
            let life = move || async move {
                let client = Client::at(&Worker::here(&node));
                client.connect("").await;
                for round in 0..200u64 {
                    // Four rounds in five go to a channel of their own time, the fifth waits around the linger.
                    let channel = format!("news{}", round / 5);
                    client.subscribe(&channel, "").await;
                    let mine = round * 2 + thread as u64;
                    client.ask(&format!(r#"{{"id":3,"publish":{{"channel":"{channel}","data":{mine}}}}}"#)).await;
                    until("the own event is heard", || client.numbers().contains(&mine)).await;
                    client.ask(&format!(r#"{{"id":4,"unsubscribe":{{"channel":"{channel}"}}}}"#)).await;
                    client.forget();
                }
                for pause in 0..4u64 {
                    tokio::time::sleep(LINGER + Duration::from_micros(pause * 150)).await;
                    client.subscribe("last", "").await;
                    let mine = 1_000 + pause * 2 + thread as u64;
                    client.ask(&format!(r#"{{"id":3,"publish":{{"channel":"last","data":{mine}}}}}"#)).await;
                    until("the own event is heard", || client.numbers().contains(&mine)).await;
                    client.ask(r#"{"id":4,"unsubscribe":{"channel":"last"}}"#).await;
                    client.forget();
                }
                client.leave();
                let _ = done.send(());
            };
            arbiter.spawn_fn(move || drop(actix::spawn(life())));
        }
        for _ in &arbiters {
            until("both are done", || all_done.try_recv().is_ok()).await;
        }
        until("everything is gone", || house.gauges() == (0, 0, 0)).await;
        assert!(arbiters.iter().all(|arbiter| arbiter.stop()));
    });
}

#[test]
fn publishes_on_their_way_to_the_registry_are_bounded() {
    story(async {
        let mut plan = Plan::of(PLAIN);
        plan.limits.registry_queue = 8;
        let house = plan.build();
        let names: Vec<String> = (0..20).map(|number| format!("news{number}")).collect();
        let publishes = futures_util::future::join_all(names.iter().map(|name| house.publish(name, 1)));
        let outcomes = publishes.await;
        let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(error) if error.code == 111)).count();
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), refused), (8, 12));
        house.publish("news", 1).await.expect("what has arrived has given its place back");
        let text = house.metrics.text().expect("text");
        assert!(text.contains(r#"callboard_limits_reached_total{limit="registry_queue"} 12"#), "{text}");
    });
}

/// Publishes at each step of a channel's end: some find a mailbox, others wait for the end. Each is answered.
#[test]
fn publishes_that_wait_for_a_channels_end_are_bounded_and_all_answered() {
    story(async {
        let mut plan = Plan::of(PLAIN);
        plan.limits.channel_queue = 4;
        let house = plan.build();
        let client = house.guest().await;
        let mut waited = false;
        for turns in 0..40 {
            client.subscribe("news", "").await;
            client.ask(r#"{"id":3,"unsubscribe":{"channel":"news"}}"#).await;
            rest().await;
            tokio::time::advance(LINGER).await;
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            let outcomes = futures_util::future::join_all((0..30).map(|number| house.publish("news", number))).await;
            let accepted = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            let refused = outcomes.iter().filter(|outcome| matches!(outcome, Err(error) if error.code == 111)).count();
            assert_eq!(accepted + refused, 30, "after {turns} turns: {outcomes:?}");
            waited |= refused > 0;
            pass(LINGER * 2).await;
            assert_eq!(house.metrics.channels.get(), 0);
        }
        assert!(waited, "the bound was never reached");
    });
}

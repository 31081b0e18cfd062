//! Listeners that are functions.
use super::house::{Plan, real_story, until};
use super::recorder::{NAMESPACES, Recorder, UserUpdate, house, post, session, settled};
use callboard::broker::Limits;
use callboard::broker::messages::{Listener, ListenerId, MessageError, Messages, ReceivedEvent};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

#[test]
fn a_message_posted_right_after_a_listener_was_added_is_heard() {
    real_story(async {
        let house = house();
        for round in 0..50 {
            let (session, recorder) = (session(&house), Recorder::default());
            let channel = format!("open:{}", round % 7);
            session.messages().add_listener(&channel, recorder.listener()).await.unwrap();
            post(&session.messages(), &channel, [round]).await;
            recorder.hears([round]).await;
        }
    });
}

#[test]
fn a_listener_that_removes_itself_is_not_called_again_and_one_that_it_adds_not_for_this_message() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let (messages, first, second) = (session.messages(), Recorder::default(), Recorder::default());
        let me: Arc<Mutex<Option<ListenerId>>> = Arc::default();
        let added = Arc::new(Semaphore::new(0));
        let listener = {
            let (messages, first, second) = (messages.clone(), first.clone(), second.clone());
            let (me, added) = (me.clone(), added.clone());
            Listener::new(move |heard: ReceivedEvent| {
                first.note(&heard);
                let id = me.lock().unwrap().take().expect("it is called once");
                messages.remove_listener(id);
                let (messages, second, added) = (messages.clone(), second.listener(), added.clone());
                async move {
                    messages.add_listener("news", second).await.unwrap();
                    added.add_permits(1);
                }
            })
        };
        let id = messages.add_listener("news", listener).await.unwrap();
        *me.lock().unwrap() = Some(id);
        post(&messages, "news", [1]).await;
        added.acquire().await.unwrap().forget();
        post(&messages, "news", [2]).await;
        second.hears([2]).await;
        assert_eq!(first.heard(), [1]);
    });
}

#[test]
fn the_same_handle_twice_is_one_listener_and_bare_functions_are_always_new() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let (messages, recorder) = (session.messages(), Recorder::default());
        let handle = recorder.listener();
        let (one, other) =
            tokio::join!(messages.add_listener("news", handle.clone()), messages.add_listener("news", handle.clone()),);
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one, other);
        assert_eq!(messages.add_listener("news", handle.clone()).await.unwrap(), one);
        assert_ne!(messages.add_listener("open:1", handle.clone()).await.unwrap(), one);
        post(&messages, "news", [1]).await;
        settled(&house, "news").await;
        recorder.hears([1, u64::MAX]).await;
        messages.remove_listener(one);
        messages.remove_listener(one);
        post(&messages, "news", [2]).await;
        settled(&house, "news").await;
        assert_eq!(recorder.heard(), [1, u64::MAX]);

        let count = Arc::new(AtomicU64::new(0));
        let counting = |count: Arc<AtomicU64>| {
            move |_: ReceivedEvent| {
                count.fetch_add(1, SeqCst);
            }
        };
        for _ in 0..2 {
            messages.add_listener("open:2", counting(count.clone())).await.unwrap();
        }
        post(&messages, "open:2", [3]).await;
        until("both are called", || count.load(SeqCst) == 2).await;
        assert_ne!(messages.add_listener("news", handle).await.unwrap(), one, "a new life has a new id");
    });
}

#[test]
fn a_listener_of_another_session_cannot_be_removed() {
    real_story(async {
        let house = house();
        let (owner, stranger, recorder) = (session(&house), session(&house), Recorder::default());
        let id = owner.messages().add_listener("news", recorder.listener()).await.unwrap();
        stranger.messages().remove_listener(id);
        post(&stranger.messages(), "news", [1]).await;
        recorder.hears([1]).await;
    });
}

#[test]
fn a_listener_that_panics_stops_neither_the_others_nor_itself() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let (messages, calm, nervous) = (session.messages(), Recorder::default(), Recorder::default());
        let (at_once, later) = (nervous.clone(), nervous.clone());
        messages
            .add_listener("news", move |heard: ReceivedEvent| {
                assert_ne!(heard.data().as_str(), r#"{"id":1}"#, "it panics, as the story wants it");
                at_once.note(&heard);
            })
            .await
            .unwrap();
        messages
            .add_listener("news", move |heard: ReceivedEvent| {
                let later = later.clone();
                async move {
                    tokio::task::yield_now().await;
                    assert_ne!(heard.data().as_str(), r#"{"id":1}"#, "it panics, as the story wants it");
                    later.note(&heard);
                }
            })
            .await
            .unwrap();
        messages.add_listener("news", calm.listener()).await.unwrap();
        post(&messages, "news", [0, 1, 2]).await;
        calm.hears([0, 1, 2]).await;
        until("the others go on", || nervous.heard().len() == 4).await;
        let text = house.metrics.text().unwrap();
        assert!(text.contains(r#"callboard_handler_failures_total{reason="panic"} 2"#), "{text}");
    });
}

/// A listener that takes a permit for each message.
async fn add_slow(messages: &Messages, recorder: &Recorder, gate: &Arc<Semaphore>, missed: &Arc<AtomicU64>) {
    let (recorder, gate, missed) = (recorder.clone(), gate.clone(), missed.clone());
    let listener = move |heard: ReceivedEvent| {
        let (recorder, gate, missed) = (recorder.clone(), gate.clone(), missed.clone());
        async move {
            gate.acquire().await.unwrap().forget();
            missed.fetch_add(heard.missed().count, SeqCst);
            recorder.note(&heard);
        }
    };
    messages.add_listener("news", listener).await.unwrap();
}

#[test]
fn a_slow_listener_delays_nobody_keeps_its_order_and_is_told_what_it_lost() {
    real_story(async {
        let limits = Limits { listener_queue: 10, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let session = session(&house);
        let (messages, slow, quick) = (session.messages(), Recorder::default(), Recorder::default());
        let (gate, missed) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU64::new(0)));
        add_slow(&messages, &slow, &gate, &missed).await;
        messages.add_listener("news", quick.listener()).await.unwrap();
        for id in 0..100 {
            post(&messages, "news", [id]).await;
            quick.hears(0..=id).await;
        }
        gate.add_permits(100);
        until("the last ones are heard", || slow.heard().last() == Some(&99)).await;
        let heard = slow.heard();
        assert!(heard.is_sorted() && (10..=11).contains(&heard.len()), "{heard:?}");
        assert_eq!(missed.load(SeqCst) as usize + heard.len(), 100);
        let text = house.metrics.text().unwrap();
        let counted = format!(r#"callboard_drops_total{{reason="listener"}} {}"#, 100 - heard.len());
        assert!(text.contains(&counted), "{text}");
    });
}

#[test]
fn listeners_that_block_all_their_threads_keep_no_client_and_no_post_waiting() {
    real_story(async {
        let house = house();
        let (client, session, recorder) = (house.guest().await, session(&house), Recorder::default());
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (blocked, released) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(released)));
        // More than there are threads to call them.
        for _ in 0..8 {
            let (blocked, released, recorder) = (blocked.clone(), released.clone(), recorder.clone());
            let block = move |heard: ReceivedEvent| {
                blocked.fetch_add(1, SeqCst);
                // It ends when nobody can release it any more.
                let _ = released.lock().unwrap().recv();
                recorder.note(&heard);
            };
            session.messages().add_listener("open:1", block).await.unwrap();
        }
        client.subscribe("open:1", "").await;
        post(&session.messages(), "open:1", [0]).await;
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4) as u64;
        until("each thread is blocked", || blocked.load(SeqCst) == threads).await;

        for id in 1..=20 {
            let publish = format!(r#"{{"id":{},"publish":{{"channel":"open:1","data":{{"id":{id}}}}}}}"#, id + 10);
            let reply = client.ask(&publish).await;
            assert!(reply.contains(r#""publish":{}"#), "{reply}");
        }
        post(&session.messages(), "open:1", [21]).await;
        let pushed = || client.said().iter().filter(|line| line.contains(r#""pub":"#)).count();
        until("the client has all of it", || pushed() == 22).await;
        assert_eq!((blocked.load(SeqCst), recorder.heard()), (threads, vec![]));

        drop(release);
        until("each listener has all of it", || recorder.heard().len() == 8 * 22).await;
    });
}

#[test]
fn many_channels_in_one_call_stand_together_or_not_at_all() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let (messages, recorder) = (session.messages(), Recorder::default());
        let channels: Vec<String> = (0..300).map(|number| format!("open:{number}")).collect();
        let ids = messages.add_listener_to(&channels, recorder.listener()).await.unwrap();
        assert_eq!(ids.len(), 300);
        for (id, channel) in (0..).zip(&channels) {
            post(&messages, channel, [id]).await;
        }
        until("all are heard", || recorder.heard().len() == 300).await;
        ids.into_iter().for_each(|id| messages.remove_listener(id));
        until("all channels are left", || house.gauges().2 == 0).await;

        let refused = messages.add_listener_to(["open:1", "nowhere:1", "open:2"], recorder.listener()).await;
        assert!(matches!(refused, Err(MessageError::Refused(error)) if error.code == 102));
        until("nothing stays", || house.gauges().2 == 0).await;
    });
}

#[test]
fn a_session_has_as_many_listeners_as_it_may() {
    real_story(async {
        let limits = Limits { session_listeners: 2, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let session = session(&house);
        let (messages, recorder) = (session.messages(), Recorder::default());
        let handle = recorder.listener();
        let id = messages.add_listener("news", handle.clone()).await.unwrap();
        let _stream = messages.create_stream::<UserUpdate>("news").await.unwrap();
        assert_eq!(messages.add_listener("news", handle).await.unwrap(), id, "it is there already");
        let refused = messages.add_listener("news", recorder.listener()).await;
        assert!(matches!(refused, Err(MessageError::Refused(error)) if error.code == 106));
        messages.remove_listener(id);
        messages.add_listener("news", recorder.listener()).await.unwrap();
    });
}

#[test]
fn a_call_that_is_given_up_leaves_no_listener() {
    real_story(async {
        let house = house();
        let (session, other, recorder) = (session(&house), session(&house), Recorder::default());
        let messages = session.messages();
        messages.add_listener("news", |_: ReceivedEvent| ()).await.unwrap();
        house.engine.slow_histories.store(true, SeqCst);
        let handle = recorder.listener();
        let given_up = tokio::time::timeout(Duration::from_millis(50), messages.add_listener("kept:1", handle.clone()));
        assert!(given_up.await.is_err());
        until("nothing of it stays", || house.gauges().2 == 1).await;
        house.engine.slow_histories.store(false, SeqCst);
        house.engine.let_go(0);
        messages.add_listener("kept:1", handle).await.unwrap();
        post(&other.messages(), "kept:1", [1]).await;
        recorder.hears([1]).await;
    });
}

#[test]
fn coming_while_the_last_one_leaves_loses_nothing() {
    real_story(async {
        let house = house();
        let (one, other) = (session(&house), session(&house));
        let mut last = one.messages().add_listener("news", |_: ReceivedEvent| ()).await.unwrap();
        let mut of = one.messages();
        for round in 0..200 {
            let (next, recorder) =
                (if round % 2 == 0 { other.messages() } else { one.messages() }, Recorder::default());
            of.remove_listener(last);
            last = next.add_listener("news", recorder.listener()).await.unwrap();
            post(&next, "news", [round]).await;
            recorder.hears([round]).await;
            of = next;
        }
    });
}

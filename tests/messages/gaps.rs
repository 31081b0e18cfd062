//! A hub that cannot take more: what is kept is brought to Rust listeners later, and what is not is told.
use super::house::{House, Plan, json, real_story, until};
use super::recorder::{NAMESPACES, Recorder, UserUpdate, session};
use callboard::broker::Limits;
use callboard::broker::messages::{Loss, Messages, ReceivedEvent, StreamError};
use callboard::types::{ChannelName, Event};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const FLOOD: u64 = 400;

fn narrow(recover_max: usize) -> House {
    let limits = Limits { hub_queue: 1, recover_max, ..Limits::default() };
    Plan { limits, ..Plan::of(NAMESPACES) }.build()
}

/// Posts all at once: the channel gets them in batches, and its hub is not asked in between.
async fn flood(messages: &Messages, channel: &str, first: u64) {
    let sent: Vec<_> = (first..first + FLOOD).map(|id| messages.post_message(channel, &UserUpdate { id })).collect();
    for outcome in sent {
        outcome.await.unwrap();
    }
}

#[test]
fn in_a_channel_with_history_a_gap_is_filled_in_order() {
    real_story(async {
        let house = narrow(1_000);
        let (session, recorder) = (session(&house), Recorder::default());
        session.messages().add_listener("kept:1", recorder.listener()).await.unwrap();
        flood(&session.messages(), "kept:1", 0).await;
        recorder.hears(0..FLOOD).await;
    });
}

/// Floods a stream until it has lost something and goes on; what it brought, and where something was lost.
async fn read(house: &House, channel: &str) -> (Vec<u64>, Vec<StreamError>) {
    let session = session(house);
    let mut stream = session.messages().create_stream::<UserUpdate>(channel).await.unwrap();
    let (mut next, mut seen, mut lost) = (0, vec![], vec![]);
    while lost.is_empty() || seen.last() != Some(&(next - 1)) {
        let burst = if lost.is_empty() { FLOOD } else { 1 };
        match burst {
            1 => drop(session.messages().post_message(channel, &UserUpdate { id: next }).await.unwrap()),
            _ => flood(&session.messages(), channel, next).await,
        }
        next += burst;
        // The place in the channel is taken anew after a gap; what is posted before that does not come.
        while let Ok(item) = tokio::time::timeout(Duration::from_millis(20), stream.next()).await {
            match item.expect("the session is open") {
                Ok(update) => seen.push(update.id),
                Err(error) => lost.push(error),
            }
        }
    }
    (seen, lost)
}

#[test]
fn a_gap_that_cannot_be_filled_is_told() {
    real_story(async {
        for channel in ["news", "kept:1"] {
            let (seen, lost) = read(&narrow(2), channel).await;
            let last = seen.last().copied().expect("it goes on after the gap");
            assert!(seen.is_sorted() && seen.len() as u64 <= last, "{channel}: {seen:?}");
            assert!(lost.iter().all(|error| matches!(error, StreamError::Lagged(_))), "{lost:?}");
        }
    });
}

#[test]
fn over_a_gap_of_the_bus_without_history_rust_is_told_in_its_place() {
    real_story(async {
        let house = Plan::of(NAMESPACES).build();
        house.engine.has_bus.store(true, SeqCst);
        let session = session(&house);
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        let missed: Arc<Mutex<Vec<Loss>>> = Arc::default();
        let noted = missed.clone();
        let note = move |heard: ReceivedEvent| noted.lock().unwrap().push(heard.missed());
        session.messages().add_listener("news", note).await.unwrap();
        let sink = house.engine.sink();
        for id in 1..=2 {
            let channel = ChannelName::user("news", 255).unwrap();
            let data = json(&format!(r#"{{"id":{id}}}"#));
            sink.event(Event { channel, data, tags: None, publisher: None, position: None, envelope: None }, None);
            if id == 1 {
                sink.resumed();
            }
        }
        assert_eq!(stream.next().await.unwrap().unwrap().id, 1);
        let lagged = stream.next().await.unwrap().unwrap_err();
        assert!(matches!(lagged, StreamError::Lagged(Loss::UNKNOWN)), "{lagged:?}");
        assert_eq!(stream.next().await.unwrap().unwrap().id, 2);
        until("both are heard", || missed.lock().unwrap().len() == 2).await;
        assert_eq!(*missed.lock().unwrap(), [Loss::NONE, Loss::UNKNOWN]);
    });
}

#[test]
fn a_subscription_that_cannot_be_had_is_an_error_and_leaves_nothing() {
    real_story(async {
        let limits = Limits { channels: 1, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let (session, recorder) = (session(&house), Recorder::default());
        session.messages().add_listener("open:1", recorder.listener()).await.unwrap();
        assert!(session.messages().add_listener("open:2", recorder.listener()).await.is_err());
        until("only the first is there", || house.gauges() == (0, 1, 1)).await;
    });
}

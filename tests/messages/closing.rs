//! The end of a session, and of nobody else's listeners.
use super::house::{Plan, real_story, until};
use super::recorder::{NAMESPACES, Recorder, UserUpdate, house, post, session, settled};
use callboard::broker::handler::{Handle, HandlerFuture, Handlers, LifecycleEvent, SessionView, answer, host};
use callboard::broker::messages::{MessageError, ReceivedEvent};
use callboard::metrics::Metrics;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn a_session_takes_its_listeners_with_it_on_all_channels_also_where_a_handle_was_removed_from_one() {
    real_story(async {
        let house = house();
        let (session, other, recorder) = (session(&house), session(&house), Recorder::default());
        let handle = recorder.listener();
        let ids = session.messages().add_listener_to(["news", "open:1", "open:2"], handle).await.unwrap();
        session.messages().remove_listener(ids[0]);
        session.close().await;
        until("no place is left", || house.gauges().2 == 0).await;
        for channel in ["news", "open:1", "open:2"] {
            post(&other.messages(), channel, [1]).await;
            settled(&house, channel).await;
        }
        assert!(recorder.heard().is_empty());
    });
}

#[test]
fn of_two_sessions_that_share_a_handle_the_end_of_one_leaves_the_other() {
    real_story(async {
        let house = house();
        let (one, other, recorder) = (session(&house), session(&house), Recorder::default());
        let handle = recorder.listener();
        let first = one.messages().add_listener("news", handle.clone()).await.unwrap();
        assert_ne!(other.messages().add_listener("news", handle).await.unwrap(), first);
        post(&other.messages(), "news", [1]).await;
        recorder.hears([1, 1]).await;
        drop(one);
        post(&other.messages(), "news", [2]).await;
        settled(&house, "news").await;
        recorder.hears([1, 1, 2, u64::MAX]).await;
    });
}

#[test]
fn a_closed_session_takes_no_listener_and_closing_it_again_is_nothing() {
    real_story(async {
        let house = house();
        let (session, recorder) = (session(&house), Recorder::default());
        session.close().await;
        session.close().await;
        assert!(session.is_closed());
        session.closed().await;
        let added = session.messages().add_listener("news", recorder.listener()).await.unwrap_err();
        assert!(matches!(&added, MessageError::Closed) && added.to_string() == "the session is closed");
        assert!(session.on_close(async || ()).is_err());
        session.messages().post_message("news", &UserUpdate { id: 1 }).await.unwrap();
    });
}

#[test]
fn what_is_to_be_done_before_is_done_in_order_and_listeners_hear_until_then() {
    real_story(async {
        let house = house();
        let (session, recorder) = (session(&house), Recorder::default());
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        session.messages().add_listener("news", recorder.listener()).await.unwrap();
        let done: Arc<Mutex<Vec<u64>>> = Arc::default();
        for id in 0..3 {
            let (messages, done, recorder) = (session.messages(), done.clone(), recorder.clone());
            let hook = async move || {
                tokio::time::sleep(Duration::from_millis(10)).await;
                assert_ne!(id, 1, "it panics, as the story wants it");
                messages.post_message("news", &UserUpdate { id }).await.unwrap();
                until("it is heard", || recorder.heard().contains(&id)).await;
                let late = messages.add_listener("news", |_: ReceivedEvent| ()).await;
                assert!(matches!(late, Err(MessageError::Closed)));
                done.lock().unwrap().push(id);
            };
            session.on_close(hook).unwrap();
        }
        tokio::join!(session.close(), session.close());
        assert_eq!(*done.lock().unwrap(), [0, 2]);
        assert_eq!(stream.next().await.unwrap().unwrap().id, 0);
        assert_eq!(stream.next().await.unwrap().unwrap().id, 2);
        assert!(stream.next().await.is_none());
    });
}

struct Notes(Arc<Mutex<Vec<SessionView>>>);

impl Handle<LifecycleEvent> for Notes {
    fn handle(&mut self, event: LifecycleEvent) -> HandlerFuture<()> {
        if let LifecycleEvent::Connected(session) = event {
            self.0.lock().unwrap().push(session);
        }
        answer(Ok(()))
    }
}

#[test]
fn a_clients_session_has_listeners_that_end_with_its_connection() {
    real_story(async {
        let views: Arc<Mutex<Vec<SessionView>>> = Arc::default();
        let mut handlers = Handlers::new(Duration::from_secs(10), 64, Metrics::new());
        let noted = views.clone();
        handlers.on_lifecycle(&host(move || Notes(noted)));
        let house = Plan { handlers: Some(handlers), ..Plan::of(NAMESPACES) }.build();
        let (client, server, recorder) = (house.guest().await, session(&house), Recorder::default());
        until("the handler is told", || views.lock().unwrap().len() == 1).await;
        let view = views.lock().unwrap()[0].clone();
        view.messages().add_listener("news", recorder.listener()).await.unwrap();
        let mut stream = view.messages().create_stream::<UserUpdate>("news").await.unwrap();
        post(&server.messages(), "news", [1]).await;
        recorder.hears([1]).await;
        assert!(client.heard().await.is_empty(), "the client itself is subscribed to nothing");

        client.leave();
        assert_eq!(stream.next().await.unwrap().unwrap().id, 1);
        assert!(stream.next().await.is_none());
        let late = view.messages().add_listener("news", recorder.listener()).await;
        assert!(matches!(late, Err(MessageError::Closed)));
        until("no place is left", || house.gauges().2 == 0).await;
        post(&view.messages(), "news", [2]).await;
        settled(&house, "news").await;
        assert_eq!(recorder.heard(), [1]);
    });
}

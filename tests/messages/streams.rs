//! Listeners that are streams.
use super::house::{Plan, json, real_story, until};
use super::recorder::{NAMESPACES, Other, Recorder, UserUpdate, house, post, session, settled};
use callboard::broker::messages::{Loss, MessageError, StreamError};
use callboard::broker::{Limits, PublishRequest};
use futures_util::StreamExt;

fn update(id: u64) -> UserUpdate {
    UserUpdate { id }
}

#[test]
fn what_is_posted_between_its_making_and_its_first_use_is_kept() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        post(&session.messages(), "news", 0..100).await;
        for id in 0..100 {
            assert_eq!(stream.next().await.unwrap().unwrap(), update(id));
        }
        post(&session.messages(), "news", [100]).await;
        assert_eq!(stream.next().await.unwrap().unwrap(), update(100));
    });
}

#[test]
fn dropping_it_frees_the_channel_and_leaves_the_others() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let one = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        let mut other = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        assert_eq!(house.gauges().2, 1, "all of Rust has one place in a channel");
        drop(one);
        post(&session.messages(), "news", [1]).await;
        assert_eq!(other.next().await.unwrap().unwrap(), update(1));
        drop(other);
        until("the channel has ended", || house.gauges().1 == 0 && house.gauges().2 == 0).await;
    });
}

#[test]
fn a_message_of_another_type_or_no_message_is_an_error_item_and_the_stream_goes_on() {
    real_story(async {
        let house = house();
        let session = session(&house);
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        session.messages().post_message("news", &Other { word: "hi".into() }).await.unwrap();
        for text in [r#"{"id":"no number"}"#, "17", r#"{"id":2,"more":true}"#] {
            house.node.channels().publish("news", PublishRequest::new(json(text))).await.unwrap();
        }
        post(&session.messages(), "news", [3]).await;
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "a message of type `Other`; `UserUpdate` was expected");
        for _ in 0..2 {
            assert!(matches!(stream.next().await.unwrap(), Err(StreamError::Unreadable(_))));
        }
        assert_eq!(stream.next().await.unwrap().unwrap(), update(2), "without a type it is tried");
        assert_eq!(stream.next().await.unwrap().unwrap(), update(3));
    });
}

#[test]
fn one_that_is_not_read_loses_the_oldest_and_says_how_many() {
    real_story(async {
        let limits = Limits { listener_queue: 10, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let session = session(&house);
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        post(&session.messages(), "news", 0..35).await;
        settled(&house, "news").await;
        let lost = stream.next().await.unwrap().unwrap_err();
        assert_eq!(lost.to_string(), "26 events were lost here");
        let StreamError::Lagged(loss) = lost else { panic!("{lost}") };
        assert_eq!(loss, Loss { count: 26, is_exact: true });
        for id in 26..35 {
            assert_eq!(stream.next().await.unwrap().unwrap(), update(id));
        }
        assert_eq!(stream.next().await.unwrap().unwrap(), update(u64::MAX));
    });
}

#[test]
fn it_ends_with_its_session_after_what_was_kept() {
    real_story(async {
        let house = house();
        let (session, other) = (session(&house), session(&house));
        let mut stream = session.messages().create_stream::<UserUpdate>("news").await.unwrap();
        let mut others = other.messages().create_stream::<UserUpdate>("news").await.unwrap();
        let witness = Recorder::default();
        other.messages().add_listener("news", witness.listener()).await.unwrap();
        post(&other.messages(), "news", [1, 2]).await;
        witness.hears([1, 2]).await;
        session.close().await;
        post(&other.messages(), "news", [3]).await;
        let all: Vec<_> = stream.by_ref().map(Result::unwrap).collect().await;
        assert_eq!(all, [update(1), update(2)]);
        assert!(stream.next().await.is_none());
        for id in 1..4 {
            assert_eq!(others.next().await.unwrap().unwrap(), update(id));
        }
        let refused = session.messages().create_stream::<UserUpdate>("news").await;
        assert!(matches!(refused, Err(MessageError::Closed)));
    });
}

//! Posting: to nobody, in order, as far as the scope says.
use super::house::{Plan, real_story, until};
use super::recorder::{NAMESPACES, Recorder, UserUpdate, house, post, session};
use callboard::broker::Limits;
use callboard::broker::messages::{MessageError, Scope, TypedMessage};
use callboard::types::{Identity, ReplyError};
use serde::ser::Error;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::atomic::Ordering::SeqCst;

#[test]
fn a_message_to_nobody_is_accepted_and_leaves_no_channel_behind() {
    real_story(async {
        let house = house();
        let session = session(&house);
        assert_eq!(session.messages().post_message("news", &UserUpdate { id: 1 }).await.unwrap(), None);
        let kept = session.messages().post_message("kept:news", &UserUpdate { id: 1 }).await.unwrap();
        assert_eq!(kept.map(|position| position.offset), Some(1));
        until("the channels have ended", || house.gauges().1 == 0).await;
    });
}

#[test]
fn messages_of_a_session_keep_their_order_awaited_or_not() {
    real_story(async {
        let house = house();
        let (session, recorder) = (session(&house), Recorder::default());
        session.messages().add_listener("news", recorder.listener()).await.unwrap();
        let sent: Vec<_> = (0..500).map(|id| session.messages().post_message("news", &UserUpdate { id })).collect();
        for outcome in sent.into_iter().rev() {
            outcome.await.unwrap();
        }
        recorder.hears(0..500).await;
    });
}

#[test]
fn an_unknown_namespace_is_refused_and_the_rules_for_clients_are_not_asked() {
    real_story(async {
        let house = house();
        let (session, recorder) = (session(&house), Recorder::default());
        let update = UserUpdate { id: 1 };
        for (channel, code) in [("nowhere:1", 102), ("", 107), (&*"x".repeat(256), 107)] {
            let posted = session.messages().post_message(channel, &update).await;
            assert!(matches!(posted, Err(MessageError::Refused(error)) if error.code == code), "{channel}");
            let added = session.messages().add_listener(channel, recorder.listener()).await;
            assert!(matches!(added, Err(MessageError::Refused(error)) if error.code == code), "{channel}");
            let stream = session.messages().create_stream::<UserUpdate>(channel).await;
            assert!(matches!(stream, Err(MessageError::Refused(error)) if error.code == code), "{channel}");
        }
        session.messages().add_listener("$news", recorder.listener()).await.unwrap();
        post(&session.messages(), "$news", [1]).await;
        recorder.hears([1]).await;
    });
}

#[derive(Deserialize)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it cannot be written, as the story wants it"))
    }
}

impl TypedMessage for Unwritable {
    const TYPE: &'static str = "Unwritable";
}

#[test]
fn a_message_that_cannot_be_written_is_an_error() {
    real_story(async {
        let posted = session(&house()).messages().post_message("news", &Unwritable).await;
        assert!(matches!(posted, Err(MessageError::Unwritable(_))));
    });
}

#[test]
fn global_without_a_bus_is_the_exact_error_and_the_other_scopes_are_local() {
    real_story(async {
        let house = house();
        let (session, recorder) = (session(&house), Recorder::default());
        session.messages().add_listener("kept:news", recorder.listener()).await.unwrap();
        let post = async |id, scope| {
            session.messages().post_message_with("kept:news", &UserUpdate { id }, scope).await.map(drop)
        };
        let error = post(1, Scope::Global).await.unwrap_err();
        assert_eq!(error.to_string(), "Redis needs to be enabled to use this method");
        assert!(!error.is_temporary());
        post(2, Scope::Local).await.unwrap();
        post(3, Scope::Auto).await.unwrap();
        recorder.hears([2, 3]).await;
    });
}

#[test]
fn under_an_engine_that_nodes_share_history_makes_a_message_global_and_forbids_local() {
    real_story(async {
        let house = house();
        house.engine.shared.store(true, SeqCst);
        let (session, recorder) = (session(&house), Recorder::default());
        let messages = session.messages();
        messages.add_listener_to(["news", "kept:news"], recorder.listener()).await.unwrap();
        let update = |id| UserUpdate { id };
        messages.post_message("news", &update(1)).await.unwrap();
        messages.post_message("kept:news", &update(2)).await.unwrap();
        for (id, scope) in [(3, Scope::Local), (4, Scope::Global), (5, Scope::Auto)] {
            messages.post_message_with("news", &update(id), scope).await.unwrap();
        }
        messages.post_message_with("kept:news", &update(6), Scope::Auto).await.unwrap();
        let error = messages.post_message_with("kept:news", &update(7), Scope::Local).await.unwrap_err();
        assert!(matches!(&error, MessageError::LocalWithHistory(namespace) if namespace == "kept"));
        assert!(error.to_string().contains("`kept`"), "{error}");
        assert_eq!(*house.engine.locals.lock().unwrap(), [true, false, true, false, false, false]);
        until("each is heard once", || recorder.heard().len() == 6).await;
        let mut heard = recorder.heard();
        heard.sort_unstable();
        assert_eq!(heard, [1, 2, 3, 4, 5, 6]);
    });
}

#[test]
fn a_message_whose_outcome_is_unknown_says_so() {
    real_story(async {
        let house = house();
        house.engine.breaks.store(true, SeqCst);
        let error = session(&house).messages().post_message("news", &UserUpdate { id: 1 }).await.unwrap_err();
        assert!(error.is_temporary());
        assert!(matches!(error, MessageError::Refused(error) if error == ReplyError::INTERNAL));
    });
}

#[test]
fn as_many_sessions_as_there_may_be_can_be_opened() {
    real_story(async {
        let limits = Limits { server_sessions: 2, ..Limits::default() };
        let house = Plan { limits, ..Plan::of(NAMESPACES) }.build();
        let (one, other) = (session(&house), session(&house));
        let refused = house.node.sessions().open(Identity::anonymous()).err();
        assert_eq!(refused.map(|error| error.code), Some(106));
        one.close().await;
        drop(other);
        let _both = (session(&house), session(&house));
    });
}

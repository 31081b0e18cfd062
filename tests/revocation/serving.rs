//! Sessions, streams and handlers of Rust code.
use super::house::{House, Plan, json, real_story, until};
use super::tokens::{client, now, token};
use super::users::NAMESPACES;
use callboard::broker::handler::{Handle, HandlerFuture, Handlers, LifecycleEvent, answer, host};
use callboard::broker::messages::{MessageError, MessageStream, ReceivedEvent, StreamError, TypedMessage};
use callboard::broker::{PublishRequest, Revoke};
use callboard::metrics::Metrics;
use callboard::types::Identity;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Debug, Serialize, Deserialize)]
struct UserUpdate {
    id: u64,
}

impl TypedMessage for UserUpdate {
    const TYPE: &'static str = "UserUpdate";
}

fn identity(user: &str) -> Identity {
    Identity { user: user.into(), scopes: ["a".to_owned(), "b".to_owned()].into(), ..Identity::anonymous() }
}

/// What comes of a stream until it is over.
async fn rest_of(mut stream: MessageStream<UserUpdate>) -> Vec<Result<u64, StreamError>> {
    let mut all = vec![];
    while let Some(item) = stream.next().await {
        all.push(item.map(|update| update.id));
    }
    all
}

async fn post(house: &House, id: u64) {
    house
        .node
        .channels()
        .publish("news", PublishRequest::new(json(&format!(r#"{{"id":{id}}}"#))))
        .await
        .expect("accepted");
}

#[test]
fn a_session_that_server_code_opened_ends_and_its_streams_with_an_error_and_no_others() {
    real_story(async {
        let house = Plan::of(NAMESPACES).build();
        let open = |user| house.node.sessions().open(identity(user)).expect("there is room");
        let (mia, leo) = (open("mia"), open("leo"));
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let count = move |_: ReceivedEvent| {
            counted.fetch_add(1, Ordering::SeqCst);
        };
        mia.messages().add_listener("news", count).await.expect("it listens");
        let stream = mia.messages().create_stream::<UserUpdate>("news").await.expect("it listens");
        let mut other = leo.messages().create_stream::<UserUpdate>("news").await.expect("it listens");
        post(&house, 1).await;
        assert_eq!(other.next().await.expect("a message").expect("an update").id, 1);
        until("the function is called", || calls.load(Ordering::SeqCst) == 1).await;

        leo.messages().revoke_authentication("mia", Revoke::All).await.expect("revoked");
        mia.closed().await;
        let heard = rest_of(stream).await;
        assert!(matches!(heard[..], [Ok(1), Err(StreamError::Revoked)]), "{heard:?}");
        let refused = mia.messages().add_listener("news", |_: ReceivedEvent| ()).await;
        assert!(matches!(refused, Err(MessageError::Closed)));
        post(&house, 2).await;
        assert_eq!(other.next().await.expect("a message").expect("an update").id, 2);
        assert!(!leo.is_closed());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        // Server code vouches for whom it opens a session.
        assert!(!open("mia").is_closed());
    });
}

#[test]
fn one_tokens_revocation_ends_the_session_that_was_opened_with_it_and_no_other_of_the_user() {
    real_story(async {
        let house = Plan::of(NAMESPACES).build();
        let open = |token_id: &str| {
            let identity = Identity { token_id: Some(token_id.into()), ..identity("mia") };
            house.node.sessions().open(identity).expect("there is room")
        };
        let (meant, spared) = (open("a"), open("b"));
        let stream = meant.messages().create_stream::<UserUpdate>("news").await.expect("it listens");
        let mut other = spared.messages().create_stream::<UserUpdate>("news").await.expect("it listens");
        post(&house, 1).await;
        assert_eq!(other.next().await.expect("a message").expect("an update").id, 1);

        house.node.authentication().revoke("mia", Revoke::Token("a".into())).await.expect("revoked");
        meant.closed().await;
        post(&house, 2).await;
        assert_eq!(other.next().await.expect("a message").expect("an update").id, 2);
        let heard = rest_of(stream).await;
        assert!(matches!(heard[..], [Ok(1), Err(StreamError::Revoked)]), "{heard:?}");
        assert!(!spared.is_closed());
        let late = meant.messages().create_stream::<UserUpdate>("news").await;
        assert!(matches!(late, Err(MessageError::Closed)));
        spared.messages().add_listener("news", |_: ReceivedEvent| ()).await.expect("it goes on");
    });
}

#[test]
fn nothing_is_heard_while_what_is_to_be_done_before_the_end_takes_its_time() {
    real_story(async {
        let house = Plan::of(NAMESPACES).build();
        let mia = house.node.sessions().open(identity("mia")).expect("there is room");
        let stream = mia.messages().create_stream::<UserUpdate>("news").await.expect("it listens");
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        mia.on_close(async move || drop(gone.await)).expect("it is open");
        house.node.authentication().revoke("mia", Revoke::All).await.expect("revoked");
        post(&house, 1).await;
        let heard = rest_of(stream).await;
        assert!(matches!(heard[..], [Err(StreamError::Revoked)]), "{heard:?}");
        assert!(!mia.is_closed());
        drop(go);
        mia.closed().await;
    });
}

#[test]
fn a_session_that_server_code_opened_loses_scopes_and_goes_on() {
    real_story(async {
        let house = Plan::of(NAMESPACES).build();
        let mia = house.node.sessions().open(identity("mia")).expect("there is room");
        house.node.authentication().revoke("mia", Revoke::Scopes(vec!["a".into()])).await.expect("revoked");
        assert_eq!(mia.identity().scopes.iter().collect::<Vec<_>>(), ["b"]);
        assert!(!mia.is_closed());
    });
}

/// Listens for each client that comes, and writes down what happens.
#[derive(Clone, Default)]
struct Diary {
    lines: Arc<Mutex<Vec<String>>>,
    streams: Arc<Mutex<Vec<MessageStream<UserUpdate>>>>,
}

impl Handle<LifecycleEvent> for Diary {
    fn handle(&mut self, event: LifecycleEvent) -> HandlerFuture<()> {
        let line = match event {
            LifecycleEvent::Connected(session) => {
                let streams = self.streams.clone();
                return Box::pin(async move {
                    let stream = session.messages().create_stream("news").await.expect("it listens");
                    streams.lock().unwrap().push(stream);
                    Ok(())
                });
            }
            LifecycleEvent::Revoked(revocation) => format!("revoked {} {:?}", revocation.user, revocation.scopes),
            LifecycleEvent::Disconnected(session, reason) => format!("gone {} {}", session.identity.user, reason.code),
            _ => return answer(Ok(())),
        };
        self.lines.lock().unwrap().push(line);
        answer(Ok(()))
    }
}

#[test]
fn handlers_are_told_and_what_they_hear_for_a_revoked_client_ends_with_an_error() {
    real_story(async {
        let diary = Diary::default();
        let mut handlers = Handlers::new(Duration::from_secs(10), 64, Metrics::new());
        let kept = diary.clone();
        handlers.on_lifecycle(&host(move || kept));
        let house = Plan { handlers: Some(handlers), ..Plan::of(NAMESPACES) }.build();
        let scoped = token(json!({ "sub": "mia", "iat": now() - 60, "scope": "a" }));
        let _mia = client(&house, &scoped).await;
        until("its handler listens", || diary.streams.lock().unwrap().len() == 1).await;
        house.node.authentication().revoke("mia", Revoke::Scopes(vec!["a".into()])).await.expect("revoked");
        house.node.authentication().revoke("leo", Revoke::Token("t".into())).await.expect("revoked");
        house.node.authentication().revoke("mia", Revoke::All).await.expect("revoked");
        until("all is told", || diary.lines.lock().unwrap().len() == 4).await;
        let told = [r#"revoked mia {"a"}"#, "revoked leo {}", "revoked mia {}", "gone mia 3500"];
        assert_eq!(*diary.lines.lock().unwrap(), told);
        let stream = diary.streams.lock().unwrap().pop().expect("a stream");
        let heard = rest_of(stream).await;
        assert!(matches!(heard[..], [Err(StreamError::Revoked)]), "{heard:?}");
    });
}

//! The examples of Serverpod's page on server events, one by one, in Rust: post a message, to this server or to all, listen to
//! a channel with a stream or with a function, stop listening, and take back a user's authentication.
//!
//! `cargo run --example serverpod_updates` runs them on one server; with the address of a Redis,
//! `cargo run --example serverpod_updates -- redis://127.0.0.1:6379/0`, a second server hears what is posted to all.
use callboard::auth::Secret;
use callboard::broker::messages::{Listener, ReceivedEvent, Scope, ServerSession, StreamError, TypedMessage};
use callboard::broker::{Namespace, Revoke};
use callboard::engine::Kind;
use callboard::engine::redis::Address;
use callboard::server::{Broker, Config};
use callboard::types::Identity;
use serde::{Deserialize, Serialize};
use std::error::Error;
use tokio::sync::mpsc;

/// Model that represents changes to user data.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct UserUpdate {
    id: u64,
    name: String,
}

impl TypedMessage for UserUpdate {
    const TYPE: &'static str = "UserUpdate";
}

fn update(id: u64) -> UserUpdate {
    UserUpdate { id, name: "Ada".into() }
}

/// "Sending messages": it goes to the listeners of this server. That there are none is no error.
async fn sending_messages(session: &ServerSession) -> Result<(), Box<dyn Error>> {
    session.messages().post_message("user_updates", &update(1)).await?;
    println!("posted to nobody");
    Ok(())
}

/// "Global messages": it goes to the listeners of all servers on the same Redis. Without Redis that is an error.
async fn global_messages(here: &ServerSession, there: Option<&ServerSession>) -> Result<(), Box<dyn Error>> {
    let message = update(2);
    let Some(there) = there else {
        let error = here.messages().post_message_with("user_updates", &message, Scope::Global).await;
        println!("{}", error.err().ok_or("it was posted")?);
        return Ok(());
    };
    let mut stream = there.messages().create_stream::<UserUpdate>("user_updates").await?;
    here.messages().post_message_with("user_updates", &message, Scope::Global).await?;
    println!("Received message on the other server: {:?}", stream.next().await.ok_or("it ended")??);
    Ok(())
}

/// "Creating a stream": it emits a value whenever a message is posted to the channel.
async fn creating_a_stream(session: &ServerSession) -> Result<(), Box<dyn Error>> {
    let mut stream = session.messages().create_stream::<UserUpdate>("user_updates").await?;
    session.messages().post_message("user_updates", &update(3)).await?;
    println!("Received message: {:?}", stream.next().await.ok_or("it ended")??);
    Ok(())
}

/// "Stream lifecycle": dropping it cancels the subscription, and the end of the session closes it.
async fn stream_lifecycle(broker: &Broker) -> Result<(), Box<dyn Error>> {
    let session = broker.open_session(Identity::anonymous())?;
    let subscription = session.messages().create_stream::<UserUpdate>("user_updates").await?;
    drop(subscription);

    let mut stream = session.messages().create_stream::<UserUpdate>("user_updates").await?;
    session.close().await;
    println!("the stream is over: {}", stream.next().await.is_none());
    Ok(())
}

/// "Adding a listener": it is called whether the message came from another server or from this one.
async fn adding_a_listener(session: &ServerSession) -> Result<(), Box<dyn Error>> {
    let (told, mut calls) = mpsc::unbounded_channel();
    let tell = move |heard: ReceivedEvent| drop(told.send(heard));
    let listener = session.messages().add_listener("user_updates", tell).await?;
    session.messages().post_message("user_updates", &update(4)).await?;
    let message: UserUpdate = calls.recv().await.ok_or("it is not called")?.read()?;
    println!("Received message: {message:?}");
    session.messages().remove_listener(listener);
    Ok(())
}

/// "Listener lifecycle": it ends with its session, or when it is removed. The same handle twice is one listener.
async fn listener_lifecycle(session: &ServerSession) -> Result<(), Box<dyn Error>> {
    let (told, mut calls) = mpsc::unbounded_channel();
    let my_listener_callback = Listener::new(move |heard: ReceivedEvent| drop(told.send(heard)));
    let messages = session.messages();
    // Register the listener.
    let registered = messages.add_listener("user_updates", my_listener_callback.clone()).await?;
    assert_eq!(messages.add_listener("user_updates", my_listener_callback).await?, registered);
    messages.post_message("user_updates", &update(5)).await?;
    println!("Received message: {:?}", calls.recv().await.ok_or("it is not called")?.read::<UserUpdate>()?);
    // Remove the listener.
    messages.remove_listener(registered);
    messages.post_message("user_updates", &update(6)).await?;
    println!("removed, it is not called any more: {}", calls.recv().await.is_none());
    Ok(())
}

/// "Revoke authentication": the user's sessions end, on all servers and for all clients, and their tokens are refused.
async fn revoke_authentication(broker: &Broker, session: &ServerSession) -> Result<(), Box<dyn Error>> {
    let mia = Identity { user: "mia".into(), scopes: ["admin".to_owned()].into(), ..Identity::anonymous() };
    let hers = broker.open_session(mia)?;
    let mut stream = hers.messages().create_stream::<UserUpdate>("user_updates").await?;

    session.messages().revoke_authentication("mia", Revoke::Scopes(vec!["admin".into()])).await?;
    println!("scopes that are left: {:?}", hers.identity().scopes);
    session.messages().revoke_authentication("mia", Revoke::Token("another one".into())).await?;
    println!("closed by another token's revocation: {}", hers.is_closed());
    session.messages().revoke_authentication("mia", Revoke::All).await?;
    hers.closed().await;
    match stream.next().await {
        Some(Err(error @ StreamError::Revoked)) => println!("the stream ends with an error: {error}"),
        other => return Err(format!("the stream goes on with {other:?}").into()),
    }
    Ok(())
}

/// A server without clients; on a Redis, if there is one.
fn server(redis: Option<&str>) -> Result<Broker, Box<dyn Error>> {
    let mut config = Config { namespaces: vec![Namespace::default()], ..Config::default() };
    config.api.key = vec![Secret::new("2f8d1c60b7e94a35")].into();
    if let Some(redis) = redis {
        config.engine = Kind::Redis;
        config.redis.url = Address::new(redis)?;
    }
    Ok(Broker::builder(config).start()?)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let redis = std::env::args().nth(1);
    let broker = server(redis.as_deref())?;
    let session = broker.open_session(Identity::anonymous())?;
    let other = redis.as_deref().map(|redis| server(Some(redis))).transpose()?;
    let there = other.as_ref().map(|broker| broker.open_session(Identity::anonymous())).transpose()?;

    sending_messages(&session).await?;
    global_messages(&session, there.as_ref()).await?;
    creating_a_stream(&session).await?;
    stream_lifecycle(&broker).await?;
    adding_a_listener(&session).await?;
    listener_lifecycle(&session).await?;
    revoke_authentication(&broker, &session).await?;
    Ok(())
}

//! What backend and frontend clients have in common: a handle whose last copy ends the connection.
use super::settings::{Role, Settings};
use super::shared::Shared;
use super::subscriptions::{Callback, Key, Subscribed};
use super::thread::ClientThread;
use super::{ClientCounts, Error};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};

/// A client, or nothing where the config has the events disabled.
#[derive(Clone)]
pub(super) struct Handle(Option<Arc<Owner>>);

/// Ends the task when dropped.
struct Owner {
    shared: Arc<Shared>,
    thread: Arc<ClientThread>,
    /// Whether the thread has the client. It is held while the thread begins, so that no other call takes that for done.
    is_started: Mutex<bool>,
}

impl Owner {
    /// Gives the client to the thread, once.
    fn start(&self) -> Result<(), Error> {
        // What is in it is set in one step.
        let mut is_started = self.is_started.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_started {
            self.thread.start(&self.shared)?;
            *is_started = true;
        }
        Ok(())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.drop_all();
        if !*self.is_started.get_mut().unwrap_or_else(PoisonError::into_inner) {
            self.shared.tell_unsent();
        }
    }
}

impl Handle {
    pub(super) fn new(role: Role, settings: Option<&Arc<Settings>>, thread: &Arc<ClientThread>) -> Self {
        Handle(settings.map(|settings| {
            let shared = Arc::new(Shared::new(role, settings.clone()));
            Arc::new(Owner { shared, thread: thread.clone(), is_started: Mutex::new(false) })
        }))
    }

    /// The client; none where all that is asked for is nothing.
    pub(super) fn client(&self) -> Option<&Shared> {
        self.0.as_ref().map(|owner| &*owner.shared)
    }

    pub(super) fn connect(&self) -> Result<(), Error> {
        let Some(owner) = &self.0 else { return Ok(()) };
        owner.start()?;
        owner.shared.ask();
        Ok(())
    }

    pub(super) fn subscribe<T, F>(&self, plugin: &str, topic: Option<&str>, callback: F) -> Result<(), Error>
    where
        T: DeserializeOwned + 'static,
        F: FnMut(T) + Send + 'static,
    {
        let Some(owner) = &self.0 else { return Ok(()) };
        let key = key(plugin, topic)?;
        // A subscription makes a frontend connect.
        if let Role::Frontend = owner.shared.role {
            owner.start()?;
        }
        owner.shared.subscribe(key, typed(callback))
    }

    pub(super) fn unsubscribe(&self, plugin: &str, topic: Option<&str>) -> Result<(), Error> {
        let Some(client) = self.client() else { return Ok(()) };
        client.unsubscribe(&key(plugin, topic)?);
        Ok(())
    }

    pub(super) async fn disconnect(&self) {
        if let Some(client) = self.client() {
            client.disconnect().await;
        }
    }

    pub(super) async fn connected(&self) -> Result<(), Error> {
        match self.client() {
            Some(client) => client.connected().await,
            None => Ok(()),
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        self.client().is_some_and(Shared::is_connected)
    }

    pub(super) fn counts(&self) -> ClientCounts {
        self.client().map(Shared::counts).unwrap_or_default()
    }
}

fn key(plugin: &str, topic: Option<&str>) -> Result<Key, Error> {
    Ok(Key { plugin: not_empty("plugin id", plugin)?.into(), topic: named(topic)?.map(Into::into) })
}

/// A topic that is not the empty text, which could be meant as one or as none.
pub(super) fn named(topic: Option<&str>) -> Result<Option<&str>, Error> {
    topic.map(|topic| not_empty("topic", topic)).transpose()
}

pub(super) fn not_empty<'a>(name: &'static str, text: &'a str) -> Result<&'a str, Error> {
    if text.is_empty() { Err(Error::Empty(name)) } else { Ok(text) }
}

fn typed<T: DeserializeOwned>(mut callback: impl FnMut(T) + Send + 'static) -> Callback {
    Subscribed::new(move |data: &RawValue| serde_json::from_str(data.get()).map(&mut callback))
}

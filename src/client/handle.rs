//! What backend and frontend clients have in common: a handle whose last copy ends the connection.
use super::shared::{Role, Settings, Shared};
use super::subscriptions::{Callback, Key};
use super::thread::ClientThread;
use super::{ClientCounts, Error};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex};

/// A client, or nothing where the config has the events disabled.
#[derive(Clone)]
pub(super) struct Handle(Option<Arc<Owner>>);

/// Ends the task when dropped.
struct Owner {
    shared: Arc<Shared>,
    thread: Arc<ClientThread>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.drop_all();
    }
}

impl Handle {
    pub(super) fn new(role: Role, settings: Option<&Arc<Settings>>, thread: &Arc<ClientThread>) -> Self {
        Handle(settings.map(|settings| {
            let shared = Arc::new(Shared::new(role, settings.clone()));
            Arc::new(Owner { shared, thread: thread.clone() })
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

    /// `starts` says whether a subscription makes the client connect.
    pub(super) fn subscribe<T, F>(
        &self,
        plugin: &str,
        topic: Option<&str>,
        callback: F,
        starts: bool,
    ) -> Result<(), Error>
    where
        T: DeserializeOwned + 'static,
        F: FnMut(T) + Send + 'static,
    {
        let Some(owner) = &self.0 else { return Ok(()) };
        let key = key(plugin, topic)?;
        if starts {
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

impl Owner {
    fn start(&self) -> Result<(), Error> {
        if self.shared.starts() {
            self.thread.start(self.shared.clone()).inspect_err(|_| self.shared.not_started())?;
        }
        Ok(())
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
    Arc::new(Mutex::new(move |data: &RawValue| serde_json::from_str(data.get()).map(&mut callback)))
}

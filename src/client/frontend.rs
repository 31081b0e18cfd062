//! The client of a frontend.
use super::handle::Handle;
use super::settings::Role;
use super::{ClientCounts, Error};
use serde::de::DeserializeOwned;
use std::fmt;

/// Subscribes as a frontend, which publishes nothing. It connects with its first subscription, leaves when its last one is removed,
/// and returns with the next. Copies share one connection; see [`EventsClient`](super::EventsClient).
///
/// ```no_run
/// # fn page(manager: &callboard::client::EventsClientManager) -> Result<(), callboard::client::Error> {
/// let events = manager.frontend();
/// events.subscribe("catalog", |data: serde_json::Value| println!("{data}"), None)?;
/// events.unsubscribe("catalog", None)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FrontendEventsClient(Handle);

impl FrontendEventsClient {
    pub(super) fn new(make: impl FnOnce(Role) -> Handle) -> Self {
        FrontendEventsClient(make(Role::Frontend))
    }

    /// Lets the client come back after the broker revoked its access (close code 1000), if it has a subscription. Nothing else needs
    /// it: a subscription connects by itself.
    ///
    /// # Errors
    /// [`Error::Thread`] where the system gives no thread.
    pub async fn connect(&self) -> Result<(), Error> {
        self.0.connect()
    }

    /// Calls `callback` with the data of each event that `plugin` publishes and that this frontend may see, of one topic or, with
    /// `None`, of all. All is as with [`EventsClient::subscribe`](super::EventsClient::subscribe).
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty plugin id or topic, [`Error::TooManySubscriptions`] over
    /// [`ClientOptions::subscriptions`](super::ClientOptions::subscriptions), [`Error::Thread`] where the system gives no thread.
    pub fn subscribe<'a, T, F>(&self, plugin: &str, callback: F, topic: impl Into<Option<&'a str>>) -> Result<(), Error>
    where
        T: DeserializeOwned + 'static,
        F: FnMut(T) + Send + 'static,
    {
        self.0.subscribe(plugin, topic.into(), callback)
    }

    /// Removes all callbacks that were subscribed to exactly this plugin and topic; the last one ends the connection.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty plugin id or topic.
    pub fn unsubscribe<'a>(&self, plugin: &str, topic: impl Into<Option<&'a str>>) -> Result<(), Error> {
        self.0.unsubscribe(plugin, topic.into())
    }

    /// Removes all subscriptions and closes the connection with 1000; returns when it is closed, after a few seconds at most.
    pub async fn disconnect(&self) {
        self.0.disconnect().await;
    }

    /// Waits until the connection stands. It waits as long as the broker is away; put a timeout around it to give up.
    ///
    /// # Errors
    /// [`Error::Away`] where the client is not to connect: without a subscription, and once the broker has revoked its access.
    pub async fn connected(&self) -> Result<(), Error> {
        self.0.connected().await
    }

    /// Whether the connection stands, as far as the client knows.
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    /// What was refused and failed so far.
    pub fn counts(&self) -> ClientCounts {
        self.0.counts()
    }
}

impl fmt::Debug for FrontendEventsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_connected, counts) = (self.is_connected(), self.counts());
        f.debug_struct("FrontendEventsClient").field("is_connected", &is_connected).field("counts", &counts).finish()
    }
}

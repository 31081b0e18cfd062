//! The client of a backend plugin.
use super::handle::{Handle, named, not_empty};
use super::kept::Asking;
use super::settings::Role;
use super::shared::Shared;
use super::wire::Command;
use super::{ClientCounts, Error};
use crate::types::Account;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::Future;
use tokio::sync::oneshot;

/// For whom an event is. By default it has no topic and is for everyone.
///
/// ```
/// use callboard::client::EventParams;
/// let john = EventParams { entity_refs: Some(vec!["user:default/john.doe".into()]), ..EventParams::default() };
/// assert_eq!(john.topic, None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventParams {
    /// The topic: those who subscribed to this topic of the plugin get the event, and those who subscribed to all of its topics.
    pub topic: Option<String>,
    /// Only who is or belongs to one of these entities gets the event, such as `user:default/john.doe` or `group:default/admins`;
    /// everyone without it. An empty list is nobody, and such an event is not sent.
    pub entity_refs: Option<Vec<String>>,
}

/// Publishes and subscribes as a backend plugin. Copies share one connection, which ends politely when the last copy is dropped; a
/// copy inside a callback counts until its subscription is removed. After the last copy no callback is called, and what is kept is
/// sent within 2 seconds; what is not is logged. A program that ends does not wait for that: it calls [`flush`](Self::flush).
///
/// No call but [`disconnect`](Self::disconnect), [`connected`](Self::connected) and [`flush`](Self::flush) waits for anything, so
/// all others may be made anywhere, in callbacks, too. Where the config has the events disabled, every call does nothing and
/// succeeds.
#[derive(Clone)]
pub struct EventsClient(Handle);

impl EventsClient {
    pub(super) fn new(plugin: &str, make: impl FnOnce(Role) -> Handle) -> Self {
        EventsClient(make(Role::Backend(plugin.to_owned())))
    }

    /// The client and its plugin; none where the config has the events disabled.
    fn enabled(&self) -> Option<(&Shared, &str)> {
        let client = self.0.client()?;
        match &client.role {
            Role::Backend(plugin) => Some((client, plugin)),
            Role::Frontend => None,
        }
    }

    /// Lets the client connect and stay connected: it comes back after every cut, until [`disconnect`](Self::disconnect) or until
    /// the broker revokes its access (close code 1000), after which only another `connect` brings it back. Returns before the
    /// connection stands, since the broker may be started later than the plugin; see [`connected`](Self::connected). A client that
    /// is connected or connecting already stays as it is.
    ///
    /// # Errors
    /// [`Error::Empty`] where the plugin's id is empty, [`Error::Thread`] where the system gives no thread or no runtime; then
    /// `connect` may be called again.
    pub async fn connect(&self) -> Result<(), Error> {
        if let Some((_, plugin)) = self.enabled() {
            not_empty("plugin id", plugin)?;
        }
        self.0.connect()
    }

    /// Publishes data for those that `params` says. It is sent in the order of the calls; before the client is connected, and while
    /// it is cut off, it is kept ([`ClientOptions::kept_publishes`](super::ClientOptions::kept_publishes)), and the oldest are
    /// dropped and counted for too many ([`counts`](Self::counts)). The wire confirms nothing: what was handed to a socket that
    /// then breaks may be lost, and what the broker refuses is logged and counted. The client itself gets none of its events.
    ///
    /// Backstage recommends not to publish what needs authentication or authorization to read.
    ///
    /// # Errors
    /// [`Error::Data`] where JSON cannot write the data, [`Error::Empty`] for an empty topic, [`Error::TooLarge`] where it is over
    /// [`ClientOptions::max_publish`](super::ClientOptions::max_publish).
    ///
    /// ```
    /// use callboard::client::{EventParams, EventsClientManager, NoToken};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let disabled = EventsClientManager::from_config(&serde_json::json!({"backend": {"events": false}}), NoToken)?;
    /// let events = disabled.for_plugin("catalog").get_client();
    /// events.publish(serde_json::json!({"refreshed": 3}), EventParams { topic: Some("refresh".into()), ..Default::default() })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish(&self, data: impl Serialize, params: EventParams) -> Result<(), Error> {
        self.send(&data, &params, false, None)
    }

    /// The same for users who subscribe later, too: the broker keeps the event for as long as `backstage.keep` in its config says, and each
    /// of them gets it once, unless they got it as it was published. A broker whose config keeps none refuses it, which is logged and
    /// counted.
    ///
    /// # Errors
    /// Those of [`publish`](Self::publish).
    ///
    /// ```
    /// use callboard::client::{EventParams, EventsClientManager, NoToken};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let disabled = EventsClientManager::from_config(&serde_json::json!({"backend": {"events": false}}), NoToken)?;
    /// let events = disabled.for_plugin("catalog").get_client();
    /// let mia = EventParams { entity_refs: Some(vec!["user:default/mia".into()]), ..EventParams::default() };
    /// events.publish_kept(serde_json::json!({"ready": true}), mia)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish_kept(&self, data: impl Serialize, params: EventParams) -> Result<(), Error> {
        self.send(&data, &params, true, None)
    }

    /// Publishes as [`publish`](Self::publish) does, whether the future is awaited or not, and resolves with what became of the event:
    /// who got it, and why others did not. An event for nobody is not sent, and all numbers of its account are 0; so they are where the
    /// config has the events disabled. A broker of an earlier version gives no account: put a timeout around it.
    ///
    /// # Errors
    /// Those of `publish`; [`Error::Refused`] where the broker refuses the publish; [`Error::Lost`] where it is dropped for newer ones or
    /// removed by [`disconnect`](Self::disconnect), and where the connection ends before the account comes: then the event may have been
    /// delivered all the same.
    ///
    /// ```
    /// use callboard::client::{EventParams, EventsClientManager, NoToken};
    /// # actix::System::new().block_on(async {
    /// let disabled = EventsClientManager::from_config(&serde_json::json!({"backend": {"events": false}}), NoToken)?;
    /// let events = disabled.for_plugin("catalog").get_client();
    /// let account = events.publish_with_account("refreshed", EventParams::default()).await?;
    /// println!("{} of {} got it", account.delivered, account.matched);
    /// # Ok::<(), callboard::client::Error>(())
    /// # }).expect("the example runs");
    /// ```
    pub fn publish_with_account<T: Serialize>(
        &self,
        data: T,
        params: EventParams,
    ) -> impl Future<Output = Result<Account, Error>> + Send + use<T> {
        let is_for_nobody = params.entity_refs.as_ref().is_some_and(Vec::is_empty);
        let (told, telling) = oneshot::channel();
        let asking = Asking { name: uuid::Uuid::new_v4().to_string(), told };
        let kept = self.send(&data, &params, false, Some(asking));
        let is_asked = self.enabled().is_some() && !is_for_nobody;
        async move {
            kept?;
            match is_asked {
                true => telling.await.unwrap_or(Err(Error::Lost(1))),
                false => Ok(Account::default()),
            }
        }
    }

    fn send(
        &self,
        data: &impl Serialize,
        params: &EventParams,
        keep: bool,
        asking: Option<Asking>,
    ) -> Result<(), Error> {
        let Some((client, plugin_id)) = self.enabled() else { return Ok(()) };
        let topic = named(params.topic.as_deref())?;
        let target_entity_refs = params.entity_refs.as_deref();
        let account = asking.as_ref().map(|asking| asking.name.as_str());
        let publish = Command::Publish { plugin_id, topic, target_entity_refs, keep, account, data };
        let frame = publish.frame().map_err(Error::Data)?;
        let most = client.settings.options.max_publish;
        if frame.len() > most {
            return Err(Error::TooLarge { bytes: frame.len(), most });
        }
        // Nobody is never to become everybody, whatever a broker makes of an empty list.
        if target_entity_refs.is_none_or(|refs| !refs.is_empty()) {
            client.keep(frame, asking);
        }
        Ok(())
    }

    /// Calls `callback` with the data of each event that `plugin` publishes, of one topic or, with `None`, of all. A second
    /// subscribe to the same plugin and topic adds a callback. Subscriptions come back with every connection; events that are
    /// published meanwhile do not reach them, except those that the broker [keeps](Self::publish_kept).
    ///
    /// Callbacks run one after the other on the thread that all clients of the manager share, so they must not block: hand long work
    /// over, for example through a channel. One that panics is logged and counted, and called again for the next event; so is one
    /// whose type `T` does not match the data.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty plugin id or topic, [`Error::TooManySubscriptions`] over
    /// [`ClientOptions::subscriptions`](super::ClientOptions::subscriptions).
    ///
    /// ```no_run
    /// # fn listen(events: &callboard::client::EventsClient) -> Result<(), callboard::client::Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Refreshed {
    ///     entities: u32,
    /// }
    /// events.subscribe("catalog", |data: Refreshed| println!("{} entities", data.entities), "refresh")?;
    /// events.subscribe("scaffolder", |data: serde_json::Value| println!("{data}"), None)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe<'a, T, F>(&self, plugin: &str, callback: F, topic: impl Into<Option<&'a str>>) -> Result<(), Error>
    where
        T: DeserializeOwned + 'static,
        F: FnMut(T) + Send + 'static,
    {
        self.0.subscribe(plugin, topic.into(), callback)
    }

    /// Removes all callbacks that were subscribed to exactly this plugin and topic: without a topic, those for all topics, and not
    /// those for one. A callback that is running is not waited for.
    ///
    /// # Errors
    /// [`Error::Empty`] for an empty plugin id or topic.
    pub fn unsubscribe<'a>(&self, plugin: &str, topic: impl Into<Option<&'a str>>) -> Result<(), Error> {
        self.0.unsubscribe(plugin, topic.into())
    }

    /// Removes all subscriptions and all publishes that were not sent, and closes the connection with 1000; returns when it is
    /// closed, after a few seconds at most. Call [`flush`](Self::flush) before where the publishes matter. [`connect`](Self::connect)
    /// connects again.
    pub async fn disconnect(&self) {
        self.0.disconnect().await;
    }

    /// Waits until the socket has taken all publishes that were made before: what a program calls that publishes and ends. It waits as
    /// long as the broker is away; put a timeout around it to give up.
    ///
    /// # Errors
    /// [`Error::Away`] where publishes are kept and the client is not to connect, [`Error::Lost`] where some went without being sent.
    pub async fn flush(&self) -> Result<(), Error> {
        match self.0.client() {
            Some(client) => client.flushed().await,
            None => Ok(()),
        }
    }

    /// Waits until the connection stands. It waits as long as the broker is away; put a timeout around it to give up.
    ///
    /// # Errors
    /// [`Error::Away`] where the client is not to connect: before [`connect`](Self::connect), after [`disconnect`](Self::disconnect),
    /// and once the broker has revoked its access.
    pub async fn connected(&self) -> Result<(), Error> {
        self.0.connected().await
    }

    /// Whether the connection stands, as far as the client knows.
    pub fn is_connected(&self) -> bool {
        self.0.is_connected()
    }

    /// How many publishes are kept, and what was dropped, refused and failed so far.
    pub fn counts(&self) -> ClientCounts {
        self.0.counts()
    }
}

impl fmt::Debug for EventsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is_connected, counts) = (self.is_connected(), self.counts());
        let plugin = self.enabled().map(|(_, plugin)| plugin);
        let mut shown = f.debug_struct("EventsClient");
        shown.field("plugin", &plugin).field("is_connected", &is_connected).field("counts", &counts).finish()
    }
}

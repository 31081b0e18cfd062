//! What makes clients: the manager of a program, and that of a plugin.
use super::handle::Handle;
use super::settings::{Role, Settings};
use super::thread::ClientThread;
use super::{ClientOptions, Error, EventsClient, FrontendEventsClient, TokenSource, config};
use serde::Serialize;
use std::fmt;
use std::sync::Arc;

/// Makes the events clients of a program. Copies are the same manager, and its clients share one thread. It begins with the first client
/// that is to connect, and ends when all copies of the manager and all of its clients are dropped and their connections closed.
#[derive(Clone)]
pub struct EventsClientManager {
    /// None where the config has the events disabled.
    settings: Option<Arc<Settings>>,
    thread: Arc<ClientThread>,
}

impl EventsClientManager {
    /// Reads `backend.events` and `backend.baseUrl` from the program's own config: any value that JSON can write, such as that of a
    /// JSON or YAML file. `backend.events` is `true`, `false`, or a map of `enabled` and `endpoint`; it is `false` where it is
    /// absent. The clients connect to `endpoint` or else `baseUrl`, with `/events` behind it; the schemes http and ws are the same
    /// here, and so are https and wss. Each attempt to connect shows the broker a token from `token_source`.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Missing`] or [`Error::Wrong`] where the config enables the events and does not say where they
    /// are, or has another value in these keys.
    ///
    /// ```
    /// use callboard::client::{EventsClientManager, NoToken};
    /// let wrong = serde_json::json!({"backend": {"events": true}});
    /// let error = EventsClientManager::from_config(&wrong, NoToken).unwrap_err().to_string();
    /// assert!(error.starts_with("`backend.baseUrl` is missing; write the broker's address"), "{error}");
    /// ```
    pub fn from_config(config: &impl Serialize, token_source: impl TokenSource) -> Result<Self, Error> {
        let url = config::endpoint(config)?;
        let settings =
            url.map(|url| Arc::new(Settings { url, token: Arc::new(token_source), options: ClientOptions::default() }));
        Ok(EventsClientManager { settings, thread: Arc::default() })
    }

    /// The same manager with other bounds and times for the clients that it makes from now on.
    #[must_use]
    pub fn with_options(self, options: ClientOptions) -> Self {
        let settings = self
            .settings
            .map(|settings| Arc::new(Settings { url: settings.url.clone(), token: settings.token.clone(), options }));
        EventsClientManager { settings, ..self }
    }

    /// Makes the clients of the backend plugin with this id, such as `catalog`, under which the broker knows its events.
    pub fn for_plugin(&self, id: impl Into<String>) -> PluginEventsManager {
        PluginEventsManager { manager: self.clone(), plugin: id.into() }
    }

    /// A new client of a frontend. The token source gives the token of the user.
    pub fn frontend(&self) -> FrontendEventsClient {
        FrontendEventsClient::new(|role| self.handle(role))
    }

    /// Whether the config has the events enabled; where not, all clients do nothing.
    pub fn is_enabled(&self) -> bool {
        self.settings.is_some()
    }

    fn handle(&self, role: Role) -> Handle {
        Handle::new(role, self.settings.as_ref(), &self.thread)
    }
}

impl fmt::Debug for EventsClientManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.settings.as_ref().map(|settings| &settings.url);
        f.debug_struct("EventsClientManager").field("url", &url).finish_non_exhaustive()
    }
}

/// Makes the clients of one backend plugin.
#[derive(Debug, Clone)]
pub struct PluginEventsManager {
    manager: EventsClientManager,
    plugin: String,
}

impl PluginEventsManager {
    /// A new client with a connection of its own, which publishes under the plugin's id.
    pub fn get_client(&self) -> EventsClient {
        EventsClient::new(&self.plugin, |role| self.manager.handle(role))
    }
}

//! Bounds and times of a client.
use std::time::Duration;

/// Bounds and times of each client of a manager. The defaults suit the broker's own, but where it is said; see
/// [`EventsClientManager::with_options`](super::EventsClientManager::with_options).
///
/// ```
/// use callboard::client::ClientOptions;
/// let options = ClientOptions { kept_publishes: 10_000, ..ClientOptions::default() };
/// assert_eq!(options.subscriptions, 1_000);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Publishes that are kept until they are sent, at least 1; the oldest is dropped for one too many. 1,000 by default.
    pub kept_publishes: usize,
    /// Bytes of all kept publishes together, at least [`max_publish`](Self::max_publish); the oldest are dropped for what is too
    /// much. 64 MiB by default.
    pub kept_bytes: usize,
    /// Bytes of one publish as it is written on the wire: the data as JSON, plugin, topic and entity refs, and about 40 more. 65,536 by
    /// default, as the broker's `limits.frame`: the broker closes the connection for a larger one (1009), and what was sent with it
    /// is lost. So raise both.
    pub max_publish: usize,
    /// Subscriptions: calls of `subscribe` that no `unsubscribe` has undone. 1,000 by default. The broker takes 128 by default, each
    /// plugin and topic counted once (`limits.channels_per_connection`); it refuses more, which
    /// [`ClientCounts::refused`](super::ClientCounts::refused) counts.
    pub subscriptions: usize,
    /// Bytes of a message from the broker; one over it ends the connection. The client buffers no more than twice as many. 16 MiB by
    /// default.
    pub max_message: usize,
    /// The bound of the pause before the first attempt to come back, at least 1 ms. It doubles with each attempt that fails, and of
    /// it a random part is waited ("full jitter"). 100 ms by default.
    pub backoff_first: Duration,
    /// The longest pause of all. A connection that lasted longer makes the next pause a first one. 30 s by default.
    pub backoff_most: Duration,
    /// How long the token source may take for a token, and the broker for the handshake. 10 s by default.
    pub patience: Duration,
    /// How long the broker may send nothing, its pings included, before the connection counts as dead. 75 s by default: the
    /// broker pings every 30 s.
    pub silence: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        ClientOptions {
            kept_publishes: 1_000,
            kept_bytes: 64 * 1024 * 1024,
            max_publish: 65_536,
            subscriptions: 1_000,
            max_message: 16 * 1024 * 1024,
            backoff_first: Duration::from_millis(100),
            backoff_most: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            silence: Duration::from_secs(75),
        }
    }
}

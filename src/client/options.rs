//! Bounds and times of a client, and what it counts.
use std::time::Duration;

/// Bounds and times of each client of a manager. The defaults suit the broker's own times; see
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
    /// Bytes of all kept publishes together; the oldest are dropped for what is too much. 64 MiB by default.
    pub kept_bytes: usize,
    /// Subscriptions: calls of `subscribe` that no `unsubscribe` has undone. 1,000 by default.
    pub subscriptions: usize,
    /// Bytes of a message from the broker; one over it ends the connection. 16 MiB by default.
    pub message: usize,
    /// The longest pause before the first attempt to come back, at least 1 ms. It doubles with each attempt that fails, and of
    /// it a random part is waited ("full jitter"). 100 ms by default.
    pub backoff_least: Duration,
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
            subscriptions: 1_000,
            message: 16 * 1024 * 1024,
            backoff_least: Duration::from_millis(100),
            backoff_most: Duration::from_secs(30),
            patience: Duration::from_secs(10),
            silence: Duration::from_secs(75),
        }
    }
}

/// What a client has now, and what it counted since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClientCounts {
    /// Publishes that wait to be sent.
    pub kept: usize,
    /// Publishes that were dropped for newer ones.
    pub dropped: u64,
    /// Commands that the broker refused.
    pub refused: u64,
    /// Calls of callbacks that panicked, or whose type does not match the data.
    pub failed_callbacks: u64,
    /// Messages of the broker that make no sense.
    pub unreadable: u64,
}

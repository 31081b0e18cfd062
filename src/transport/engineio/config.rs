//! The config section `[[socketio]]`: one endpoint.
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A transport of Engine.IO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TransportName {
    /// HTTP long polling.
    Polling,
    /// WebSocket.
    WebSocket,
}

/// One endpoint for Socket.IO clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Where it is; begins and ends with a slash.
    pub path: String,
    /// The namespaces that are there; one that ends in `*` stands for all that begin like it.
    pub namespaces: Vec<String>,
    /// Whether clients may emit `subscribe`, `unsubscribe` and `publish` to work on channels. Default: false.
    pub builtin_events: bool,
    /// Between heartbeats.
    #[serde(with = "humantime_serde")]
    pub ping_interval: Duration,
    /// How long the answer to one may take.
    #[serde(with = "humantime_serde")]
    pub ping_timeout: Duration,
    /// How long the change to another transport may take.
    #[serde(with = "humantime_serde")]
    pub upgrade_timeout: Duration,
    /// How long a new connection may take to join its first namespace.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Bytes of one POST or one message.
    pub max_payload: usize,
    /// Origins that may connect beside those of `auth.origins`; `*` is any.
    pub cors: Vec<String>,
    /// The transports that are offered.
    pub transports: Vec<TransportName>,
    /// For how long sessions are kept for clients that lost their connections. Default: 0, not at all.
    #[serde(with = "humantime_serde")]
    pub recovery: Duration,
    /// How many events of a namespace are kept for them.
    pub recovery_events: usize,
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            path: "/socket.io/".into(),
            namespaces: vec!["/".into()],
            builtin_events: false,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            max_payload: 1_000_000,
            cors: vec![],
            transports: vec![TransportName::Polling, TransportName::WebSocket],
            recovery: Duration::ZERO,
            recovery_events: 1_000,
        }
    }
}

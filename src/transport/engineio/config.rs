//! An endpoint's settings.
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One endpoint: a table `[[socketio]]` of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EngineConfig {
    /// Where it is; begins and ends with a slash.
    pub path: String,
    /// The namespaces that there are, beside those with handlers; an entry that ends in `*` stands for all that begin like it.
    pub namespaces: Vec<String>,
    /// Built-in events: clients subscribe to channels and publish into them without any handler.
    pub builtin_events: bool,
    /// Whether its clients call services in the namespace `/` and get their events; unset: where there are services.
    pub services: Option<bool>,
    /// Between an answered heartbeat and the next.
    #[serde(with = "humantime_serde")]
    pub ping_interval: Duration,
    /// How long the answer to a heartbeat may take.
    #[serde(with = "humantime_serde")]
    pub ping_timeout: Duration,
    /// How long a client may take to move to the WebSocket that it has opened.
    #[serde(with = "humantime_serde")]
    pub upgrade_timeout: Duration,
    /// How long a client may take to connect to its first namespace.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Bytes of one message, and of one POST.
    pub max_payload: usize,
    /// Origins of pages that may use it, beside those of `auth.origins`; `*` is every one.
    pub cors: Vec<String>,
    /// The transports that clients may use.
    pub transports: Vec<Transport>,
    /// How long the session of a client that lost its connection is kept for it; 0: not at all.
    #[serde(with = "humantime_serde")]
    pub recovery: Duration,
    /// How many events are kept for such clients.
    pub recovery_events: usize,
}

/// What carries the packets of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// HTTP requests, of which one waits for what comes.
    Polling,
    /// A WebSocket.
    Websocket,
}

impl Transport {
    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Polling => "polling",
            Transport::Websocket => "websocket",
        }
    }
}

impl Default for EngineConfig {
    fn default() -> Self {
        EngineConfig {
            path: "/socket.io/".into(),
            namespaces: vec!["/".into()],
            builtin_events: false,
            services: None,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(45),
            max_payload: 1_000_000,
            cors: vec![],
            transports: vec![Transport::Polling, Transport::Websocket],
            recovery: Duration::ZERO,
            recovery_events: 1000,
        }
    }
}

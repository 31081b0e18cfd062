//! The config as a whole: the sum of the rooms' own.
use crate::broker::{Expose, Limits, Namespace};
use crate::engine;
use crate::service::ServiceConfig;
use crate::transport::engineio::EngineConfig;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

/// The config section `[server]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to listen on; in files `localhost`, too.
    #[serde(deserialize_with = "super::host::host")]
    pub host: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Worker threads; 0: one per core.
    pub workers: usize,
    /// Threads that handlers share; 0: one per core.
    pub handler_threads: usize,
    /// Proxies whose forwarding headers count: addresses or networks.
    pub trusted_proxies: Vec<String>,
    /// Waives the checks of an address beyond loopback: keyless API, anonymous clients by default.
    pub allow_insecure: bool,
    /// Path prefix of the WebSocket endpoints.
    pub connection_prefix: String,
    /// Path prefix of the HTTP API.
    pub api_prefix: String,
    /// Serve TLS with this certificate chain (PEM); reloaded when it changes.
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's key (PEM).
    pub tls_key: Option<PathBuf>,
    /// Serve the API, metrics and health on this address instead.
    #[serde(deserialize_with = "super::host::some_host")]
    pub internal_host: Option<IpAddr>,
    /// Serve the API, metrics and health on this port instead.
    pub internal_port: Option<u16>,
    /// How long a stop may take.
    #[serde(with = "humantime_serde")]
    pub shutdown_timeout: Duration,
    /// Clients told of a stop a second; the pace spares those that take them over.
    pub shutdown_pace: usize,
    /// Between heartbeats.
    #[serde(with = "humantime_serde")]
    pub ping_interval: Duration,
    /// How long the answer to a heartbeat may take.
    #[serde(with = "humantime_serde")]
    pub pong_timeout: Duration,
    /// How long the first command of a connection may take.
    #[serde(with = "humantime_serde")]
    pub stale_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 8000,
            workers: 0,
            handler_threads: 0,
            trusted_proxies: vec![],
            allow_insecure: false,
            connection_prefix: "/connection".into(),
            api_prefix: "/api".into(),
            tls_certificate: None,
            tls_key: None,
            internal_host: None,
            internal_port: None,
            shutdown_timeout: Duration::from_secs(30),
            shutdown_pace: 5_000,
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(8),
            stale_timeout: Duration::from_secs(10),
        }
    }
}

/// The whole config of a broker. The default is closed: subscribe by token, publish nobody, not anonymous, no namespace.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where history, presence and the way between nodes live.
    pub engine: engine::Kind,
    /// Where and how to listen.
    pub server: ServerConfig,
    /// Who is let in.
    pub auth: crate::auth::Config,
    /// How the users of a service log in.
    pub authentication: crate::service::AuthenticationConfig,
    /// Who may use the HTTP API.
    pub api: crate::auth::ApiConfig,
    /// The page that shows the broker.
    pub console: crate::console::Config,
    /// The bounds.
    pub limits: Limits,
    /// The Redis that nodes share, where `engine` says so.
    pub redis: engine::redis::Config,
    /// The policies of channels.
    #[serde(rename = "namespace")]
    pub namespaces: Vec<Namespace>,
    /// The services that need no Rust.
    #[serde(rename = "service")]
    pub services: Vec<ServiceConfig>,
    /// Services over HTTP.
    pub rest: crate::rest::Config,
    /// The endpoints of Socket.IO.
    pub socketio: Vec<EngineConfig>,
    /// A Strapi application.
    pub strapi: crate::service::strapi::Config,
    /// The wires of Backstage.
    pub backstage: super::BackstageConfig,
    /// Other spaces that are to be seen as channels.
    pub expose: Vec<Expose>,
}

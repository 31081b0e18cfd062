//! The client for Backstage's plugin events, with which a backend or frontend plugin in Rust publishes and subscribes.
//!
//! | part | does |
//! |---|---|
//! | [`EventsClientManager`] | reads the program's config, once per program |
//! | [`PluginEventsManager`] | makes the clients of one backend plugin |
//! | [`EventsClient`] | publishes and subscribes as a backend plugin; stays connected |
//! | [`FrontendEventsClient`] | subscribes as a frontend; connected while it has subscriptions |
//! | [`TokenSource`] | gives the token for each attempt to connect |
//!
//! The names are those of Backstage's documentation of events. A client works in any program: its connection lives on a thread of
//! the manager's own, named `events-client`, and no call needs an actix system or a tokio runtime. What is published while the
//! broker is away is kept in order, and subscriptions come back with every connection. Events that others publish while a client is
//! away do not reach it: the broker keeps none for plugins.
//!
//! TLS uses rustls with the crypto provider of the process. If there is none when a manager's first client connects, the client
//! installs `ring`; a program that wants another provider must install it before that.
//!
//! ```no_run
//! use callboard::client::{EventParams, EventsClientManager};
//! # async fn plugin() -> Result<(), Box<dyn std::error::Error>> {
//! let config = serde_json::json!({"backend": {"baseUrl": "http://localhost:7007", "events": true}});
//! // An error of `var` may contain the token, and the reason is logged.
//! let token = || async { std::env::var("BACKSTAGE_TOKEN").map_err(|_| "BACKSTAGE_TOKEN is not set or is not valid Unicode") };
//! let manager = EventsClientManager::from_config(&config, token)?;
//! let events = manager.for_plugin("myplugin").get_client();
//! events.connect().await?;
//! let params = EventParams { topic: Some("topic".into()), entity_refs: Some(vec!["user:default/john.doe".into()]) };
//! events.publish(serde_json::json!({"data": "data"}), params)?;
//! events.subscribe("catalog", |data: serde_json::Value| println!("{data}"), "topic")?;
//! # Ok(())
//! # }
//! ```
mod backend;
mod backoff;
mod bounded;
mod config;
mod connection;
mod counts;
mod error;
mod factory;
mod frontend;
mod handle;
mod handshake;
mod kept;
mod options;
mod settings;
mod shared;
mod subscriptions;
mod task;
mod thread;
mod token;
mod wire;
mod writer;

pub use backend::{EventParams, EventsClient};
pub use counts::ClientCounts;
pub use error::Error;
pub use factory::{EventsClientManager, PluginEventsManager};
pub use frontend::FrontendEventsClient;
pub use options::ClientOptions;
pub use token::{NoToken, TokenSource};

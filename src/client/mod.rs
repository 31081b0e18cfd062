//! The client of Backstage's plugin events: what a backend or a frontend plugin in Rust publishes and subscribes with.
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
//! ```no_run
//! use callboard::client::{EventParams, EventsClientManager};
//! # async fn plugin() -> Result<(), Box<dyn std::error::Error>> {
//! let config = serde_json::json!({"backend": {"baseUrl": "http://localhost:7007", "events": true}});
//! let manager = EventsClientManager::from_config(&config, || async { std::env::var("BACKSTAGE_TOKEN") })?;
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
mod config;
mod connection;
mod error;
mod factory;
mod frontend;
mod handle;
mod handshake;
mod kept;
mod options;
mod shared;
mod subscriptions;
mod task;
mod thread;
mod token;
mod wire;

pub use backend::{EventParams, EventsClient};
pub use error::Error;
pub use factory::{EventsClientManager, PluginEventsManager};
pub use frontend::FrontendEventsClient;
pub use options::{ClientCounts, ClientOptions};
pub use token::{NoToken, TokenSource};

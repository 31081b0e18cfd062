//! Callboard: a real-time event broker on actix.
//!
//! Backends publish events; browsers, phones and other services listen over WebSocket; Rust code extends the broker with
//! handler actors. The rooms, from the roof down; imports point down only (`tests/rooms.rs` holds that):
//!
//! | room | what lives there |
//! |---|---|
//! | [`cli`], [`config`] | the process: its command line, its config file |
//! | [`server`] | builds everything upward, mounts it on an actix-web app, runs it, drains it downward |
//! | [`transport`], [`api`], [`rest`] | the edges: sockets; HTTP; services over HTTP |
//! | [`client`] | beside them: the client of Backstage's plugin events, for programs that are no broker |
//! | [`service`] | what applications build on: typed handlers of clients' events, sockets and rooms |
//! | [`broker`] | the actors: registry, channel, hub, session; handlers |
//! | [`delivery`] | the floor below them: what is delivered, to whom, and the queue of each client |
//! | [`engine`], [`auth`], [`filter`], [`protocol`] | siblings that never meet: where history lives, who may, what passes, how it is written |
//! | [`store`] | their sibling, too: the documents of services, and the queries that find them |
//! | [`types`], [`metrics`] | words everyone shares |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod auth;
pub mod broker;
pub mod cli;
pub mod client;
pub mod config;
pub mod delivery;
pub mod engine;
pub mod filter;
pub mod metrics;
pub mod protocol;
pub mod rest;
pub mod server;
pub mod service;
pub mod store;
pub mod transport;
pub mod types;

/// The Rust examples of the documentation, compiled by `cargo test --doc`.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/extending.md")]
    struct Extending;
    #[doc = include_str!("../docs/socketio.md")]
    struct SocketIo;
    #[doc = include_str!("../docs/feathers.md")]
    struct Feathers;
    #[doc = include_str!("../docs/backstage.md")]
    struct Backstage;
}

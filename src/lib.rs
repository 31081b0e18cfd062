//! Callboard: a real-time event broker on actix.
//!
//! Backends publish events; browsers and other services subscribe over WebSocket; Rust code extends the broker with
//! handler actors. The rooms, from top to bottom; imports point down only (`tests/rooms.rs` checks that):
//!
//! | room | what lives there |
//! |---|---|
//! | [`cli`], [`config`] | the process: its command line, its config file |
//! | [`server`] | builds the broker from the bottom up, mounts it on an actix-web app, runs it, drains it from the top down |
//! | [`transport`], [`api`], [`rest`], [`events_bus`], [`console`] | the edges: sockets; HTTP; services over HTTP; Backstage's events bus over HTTP; the page that shows a broker |
//! | [`client`] | beside them: the client for Backstage's plugin events, for other programs |
//! | [`service`] | what applications build on: typed handlers of clients' events, sockets and rooms |
//! | [`broker`] | the actors: registry, channel, hub, session; handlers |
//! | [`delivery`] | the layer below them: what is delivered, to whom, and each client's queue |
//! | [`engine`], [`auth`], [`filter`], [`protocol`] | siblings that do not import each other: history, access, filters, encodings |
//! | [`store`] | another sibling: the documents of services, and the queries on them |
//! | [`types`], [`metrics`] | types that all rooms share |
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod api;
pub mod auth;
pub mod broker;
pub mod cli;
pub mod client;
pub mod config;
pub mod console;
pub mod delivery;
pub mod engine;
pub mod events_bus;
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
    #[doc = include_str!("../docs/authentication.md")]
    struct Authentication;
    #[doc = include_str!("../docs/backstage.md")]
    struct Backstage;
    #[doc = include_str!("../docs/strapi.md")]
    struct Strapi;
}

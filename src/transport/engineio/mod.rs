//! Engine.IO 4: sessions over long polling or a WebSocket, and the way from one to the other.
//!
//! A session lives on the worker where its handshake landed, for life, with all that listens above it. Requests of its
//! polling come in on any worker and are passed to it; so is the socket of an upgrade. That is simpler than to move the
//! session to its socket: nothing that listens changes its place, so no channel has to order who left and who came.
//!
//! | file | what lives there |
//! |---|---|
//! | `layer` | what runs above sessions, and what it is told |
//! | `client_link` | the link from what runs above a session down to its client |
//! | `config` | an endpoint's settings |
//! | `endpoint`, `sessions` | one endpoint, and which sessions it has |
//! | `request`, `cors` | what a request asks for, and whether it may |
//! | `http`, `takeover` | requests of an app; sockets of our own |
//! | `session` | the actor of one session |
//! | `relay` | a WebSocket of an app, carried to another thread |
//! | `raw` | a handler that takes the messages of an endpoint without anything above it |
mod client_link;
mod config;
mod cors;
mod endpoint;
mod http;
mod layer;
mod raw;
mod relay;
mod request;
mod session;
mod sessions;
mod takeover;

pub use client_link::ClientLink;
pub use config::{EngineConfig, Transport};
pub use endpoint::{EngineEndpoint, Leaver};
pub use layer::{Broken, Layer, Upper};
pub use raw::{EngineCall, EngineMessage, RawLayer};
pub use takeover::take_over;

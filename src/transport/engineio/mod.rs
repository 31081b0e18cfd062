//! Engine.IO 4: sessions over long polling or a WebSocket, and the upgrade from one to the other.
//!
//! A session stays on the worker of its handshake, with all its listeners. Its polling requests arrive on any worker and are
//! passed to it; so is the socket of an upgrade. That is simpler than moving the session to its socket: listeners stay where
//! they are, so no channel has to order leaves and joins.
//!
//! | file | what lives there |
//! |---|---|
//! | `layer` | what runs above sessions, and its messages |
//! | `client_link` | the link from what runs above a session down to its client |
//! | `config` | an endpoint's settings |
//! | `endpoint`, `sessions` | one endpoint, and its sessions |
//! | `request`, `cors` | what a request asks for, and whether it is allowed |
//! | `http`, `takeover` | requests in an app; sockets that the broker owns |
//! | `session` | the actor of one session |
//! | `relay` | a WebSocket of an app, carried to another thread |
//! | `raw` | a handler for the messages of an endpoint with no layer above it |
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

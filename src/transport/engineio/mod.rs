//! Engine.IO 4: sessions over HTTP long polling and WebSocket, and the way from one to the other.
//!
//! A session lives for good on the worker where its handshake landed; requests that land elsewhere find it in a table, and
//! a socket that is to become its transport is moved to it, not the session with all that listens to the socket.
//!
//! | file | what lives there |
//! |---|---|
//! | `config` | the section `[[socketio]]` |
//! | `layer` | the seam to what runs above: `Layer`, `Upper`, `Way` |
//! | `session` | one session: packets, heartbeat, transports, end |
//! | `polling` | one GET that waits, one POST that brings packets |
//! | `upgrade` | a WebSocket that wants to take over from polling |
//! | `packets` | what comes in over a WebSocket |
//! | `door` | an endpoint: which sessions there are, what a request must be |
//! | `http` | its requests and answers |
mod config;
mod door;
mod http;
mod layer;
mod packets;
mod polling;
mod session;
mod upgrade;

pub use config::{EngineConfig, TransportName};
pub use door::Door;
pub use http::{mount, take_over};
pub use layer::{Arrival, Broken, Layer, Upper, Way};
pub use upgrade::{Travelling, relay};

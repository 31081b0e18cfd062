//! Socket.IO over Engine.IO: a session of the broker for each namespace that a client has joined.
//!
//! | file | what lives there |
//! |---|---|
//! | `layer` | an endpoint: which namespaces there are |
//! | `client` | one connection: its packets, and which of its sessions they are for |
//! | `connect_auth` | what a CONNECT says: credentials, and a session to come back to |
//! | `outlet` | the way from one session to its client |
mod client;
mod connect_auth;
mod layer;
mod outlet;

pub use layer::SocketIoLayer;

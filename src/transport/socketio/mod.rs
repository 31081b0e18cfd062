//! Socket.IO over Engine.IO: a session of the broker for each namespace that a client has joined.
//!
//! | file | what lives there |
//! |---|---|
//! | `layer` | an endpoint and its namespaces |
//! | `client` | one connection: its packets, and the sessions that they are for |
//! | `connect_auth` | the content of a CONNECT: credentials, and a session to resume |
//! | `outlet` | the path from one session to its client |
mod client;
mod connect_auth;
mod layer;
mod outlet;

pub use layer::SocketIoLayer;

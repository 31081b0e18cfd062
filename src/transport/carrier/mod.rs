//! What takes frames to a peer. They are framed here and nowhere else: an outbox holds encoded messages, whatever carries them.
//!
//! | carrier | its file |
//! |---|---|
//! | a WebSocket on a socket of our own | `pump` |
//! | a WebSocket whose socket an app keeps | `body` |
//! | what a WebSocket says for itself, on either | `websocket` |
//! | polling | `polling` |
mod body;
pub(super) mod polling;
pub(super) mod pump;
pub(super) mod websocket;

pub(super) use body::OutboxBody;

/// What takes frames to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A WebSocket.
    WebSocket,
    /// Requests of Engine.IO that wait for what there is to take.
    Polling,
}

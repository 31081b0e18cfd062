//! Carriers, which send frames to a peer. Only they frame: an outbox holds encoded messages, whatever the carrier.
//!
//! | carrier | its file |
//! |---|---|
//! | a WebSocket on a socket that the broker owns | `pump` |
//! | a WebSocket whose socket an app keeps | `body` |
//! | a WebSocket's own messages, on either | `websocket` |
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

impl Carrier {
    /// What operators know it by.
    pub fn name(self) -> &'static str {
        match self {
            Carrier::WebSocket => "websocket",
            Carrier::Polling => "polling",
        }
    }
}

//! The layer above the sessions of an endpoint.
use super::ClientLink;
use crate::transport::Arrival;
use bytes::Bytes;
use bytestring::ByteString;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What runs above the sessions of an endpoint.
pub trait Layer: Send + Sync + 'static {
    /// A session has begun: makes its upper half. Called on the session's thread.
    fn open(&self, link: Rc<ClientLink>, arrival: &Arrival<'_>) -> Box<dyn Upper>;

    /// What it is called in metrics and logs.
    fn name(&self) -> &'static str;
}

/// The upper half of one session. Called on the session's thread only.
pub trait Upper: 'static {
    /// A message of text. An error ends the session at once.
    fn text(&mut self, text: ByteString) -> Result<(), Broken>;

    /// A message of bytes. An error ends the session at once.
    fn binary(&mut self, bytes: Bytes) -> Result<(), Broken>;

    /// Ready while another message may be read. What is not read stays in the socket, or holds up the answer to a POST.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready when the messages of a POST that has been read may be called done. A layer that answers each message waits for
    /// its answers, in a bounded time, so that the next poll brings them together.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }

    /// A time that [`ClientLink::wake_after`] asked for is over.
    fn due(&mut self);

    /// The session is over; called once, and nothing after it. The reasons are those that the original gives to its handlers
    /// of `disconnect`: `transport close`, `transport error`, `ping timeout`, `forced close`, `parse error`,
    /// `server shutting down`.
    fn closed(&mut self, reason: &'static str);
}

/// What a client sent breaks the rules of what runs above: why, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

//! Polling: everything that is queued leaves together, as the body of the answer to a poll.
use crate::delivery::Outbox;
use crate::protocol::socketio::engine::{EnginePacket, PollingBody};
use bytestring::ByteString;

/// Takes all that is queued, and this after it.
pub fn take_packets(outbox: &Outbox, last: Option<EnginePacket>) -> ByteString {
    let mut body = PollingBody::default();
    while let Some(frame) = outbox.take() {
        body.push(&frame);
    }
    if let Some(last) = last {
        body.push(&last.frame());
    }
    body.finish()
}

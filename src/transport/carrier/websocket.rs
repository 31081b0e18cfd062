//! A WebSocket's own frames: control frames (RFC 6455, section 5.5), and the answer to its handshake.
use crate::protocol::Frame;
use bytes::{BufMut, Bytes, BytesMut};
use std::sync::LazyLock;

static PING: LazyLock<Frame> = LazyLock::new(|| Frame::without_message(Bytes::from_static(&[0x89, 0])));
static CLOSE: LazyLock<Frame> = LazyLock::new(|| Frame::without_message(Bytes::from_static(&[0x88, 0])));

/// A ping without a payload (RFC 6455, section 5.5.2).
pub fn ping() -> Frame {
    PING.clone()
}

/// The answer to a ping (RFC 6455, section 5.5.3).
pub fn pong(payload: &[u8]) -> Frame {
    let mut frame = BytesMut::with_capacity(2 + payload.len());
    frame.put_u8(0x8a);
    // Control frames have at most 125 bytes; the codec has seen to it.
    frame.put_u8(payload.len() as u8);
    frame.put_slice(payload);
    Frame::without_message(frame.freeze())
}

/// A close (RFC 6455, section 5.5.1): the code, then at most 123 bytes of reason.
pub fn close(code: u16, reason: &str) -> Frame {
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut frame = BytesMut::with_capacity(4 + end);
    frame.put_u8(0x88);
    frame.put_u8(2 + end as u8);
    frame.put_u16(code);
    frame.put_slice(&reason.as_bytes()[..end]);
    Frame::without_message(frame.freeze())
}

/// A close without a status (RFC 6455, section 7.1.5: the peer sees 1005).
pub fn close_without_status() -> Frame {
    CLOSE.clone()
}

//! WebSocket messages of one client, complete and bounded: a message that is too large is rejected before it is buffered.
use actix_http::ws::{Codec, Frame, Item, ProtocolError};
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio_util::codec::Decoder;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// Text, not looked at whether it is UTF-8.
    Text(Bytes),
    /// Bytes.
    Binary(Bytes),
    /// A ping that wants its payload back.
    Ping(Bytes),
    /// An answer to ours.
    Pong,
    /// The peer closes.
    Close,
}

/// Why no further message can be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Broken {
    /// A message larger than the limit (RFC 6455, section 7.4.1: 1009).
    TooLarge,
    /// Not WebSocket (1002).
    Protocol,
    /// The socket is gone.
    Gone,
}

/// Reads messages off a stream of bytes.
pub struct Inbound<P> {
    incoming: P,
    codec: Codec,
    buffer: BytesMut,
    /// The parts of a fragmented message so far.
    parts: Option<Parts>,
    limit: usize,
}

/// A fragmented message that has begun.
struct Parts {
    is_text: bool,
    bytes: BytesMut,
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Inbound<P> {
    /// Messages of at most `limit` bytes, out of what comes in.
    pub fn new(incoming: P, limit: usize) -> Self {
        Inbound { incoming, codec: Codec::new().max_size(limit), buffer: BytesMut::new(), parts: None, limit }
    }

    /// The next message.
    pub fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Broken>> {
        loop {
            if let Some(message) = self.buffered()? {
                return Poll::Ready(Ok(message));
            }
            match Pin::new(&mut self.incoming).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) if self.buffer.is_empty() => self.buffer = BytesMut::from(chunk),
                Poll::Ready(Some(Ok(chunk))) => self.buffer.extend_from_slice(&chunk),
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Err(Broken::Gone)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn buffered(&mut self) -> Result<Option<Message>, Broken> {
        while !self.buffer.is_empty() {
            // The codec would wait for the whole frame before it complains of its size.
            if announced(&self.buffer).is_some_and(|length| length > self.limit as u64) {
                return Err(Broken::TooLarge);
            }
            let Some(frame) = self.codec.decode(&mut self.buffer).map_err(broken)? else { return Ok(None) };
            if let Some(message) = self.gather(frame)? {
                return Ok(Some(message));
            }
        }
        // An idle connection keeps no buffer.
        self.buffer = BytesMut::new();
        Ok(None)
    }

    fn gather(&mut self, frame: Frame) -> Result<Option<Message>, Broken> {
        match frame {
            Frame::Text(data) => Ok(Some(Message::Text(data))),
            Frame::Binary(data) => Ok(Some(Message::Binary(data))),
            Frame::Ping(data) => Ok(Some(Message::Ping(data))),
            Frame::Pong(_) => Ok(Some(Message::Pong)),
            Frame::Close(_) => Ok(Some(Message::Close)),
            Frame::Continuation(Item::FirstText(data)) => self.begin(true, &data),
            Frame::Continuation(Item::FirstBinary(data)) => self.begin(false, &data),
            Frame::Continuation(Item::Continue(data)) => self.append(&data).map(|()| None),
            Frame::Continuation(Item::Last(data)) => {
                self.append(&data)?;
                let Parts { is_text, bytes } = self.parts.take().ok_or(Broken::Protocol)?;
                let bytes = bytes.freeze();
                Ok(Some(if is_text { Message::Text(bytes) } else { Message::Binary(bytes) }))
            }
        }
    }

    fn begin(&mut self, is_text: bool, data: &[u8]) -> Result<Option<Message>, Broken> {
        self.parts = Some(Parts { is_text, bytes: BytesMut::new() });
        self.append(data).map(|()| None)
    }

    fn append(&mut self, data: &[u8]) -> Result<(), Broken> {
        let parts = self.parts.as_mut().ok_or(Broken::Protocol)?;
        if parts.bytes.len() + data.len() > self.limit {
            return Err(Broken::TooLarge);
        }
        parts.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// The payload length in a frame's header; none while the header is not whole (RFC 6455, section 5.2).
fn announced(buffer: &[u8]) -> Option<u64> {
    match buffer.get(1)? & 0x7f {
        126 => Some(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?).into()),
        127 => Some(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)),
        short => Some(short.into()),
    }
}

fn broken(error: ProtocolError) -> Broken {
    match error {
        ProtocolError::Overflow => Broken::TooLarge,
        _ => Broken::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_length_as_soon_as_it_is_whole() {
        assert_eq!(announced(&[0x81]), None);
        assert_eq!(announced(&[0x81, 0x80 | 5]), Some(5));
        assert_eq!(announced(&[0x81, 0x80 | 126, 1]), None);
        assert_eq!(announced(&[0x81, 0x80 | 126, 1, 0]), Some(256));
        assert_eq!(announced(&[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]), Some(65_536));
    }
}

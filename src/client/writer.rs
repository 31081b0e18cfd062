//! The path into the socket, which knows what the socket has taken.
use awc::ws::{Codec, Message};
use bytes::BytesMut;
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_util::codec::Encoder;

/// Bytes from which on no further frame is put behind those that wait: one write takes many small frames.
const FULL: usize = 8 * 1024;

/// Encodes frames, and writes them.
pub(super) struct Writer<W> {
    socket: W,
    codec: Codec,
    /// What the socket has not taken.
    buffer: BytesMut,
    /// Bytes that were encoded, in all.
    encoded: u64,
    /// The frames that the socket has not taken whole, by their ends in those bytes, and whether they are publishes.
    frames: VecDeque<(u64, bool)>,
    /// The end of the latest frame that the socket has taken whole.
    end: u64,
    /// Publishes that the socket has taken whole, and that `taken` has not told of.
    taken: usize,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(super) fn new(socket: W, codec: Codec) -> Self {
        Writer { socket, codec, buffer: BytesMut::new(), encoded: 0, frames: VecDeque::new(), end: 0, taken: 0 }
    }

    pub(super) fn push(&mut self, message: Message) {
        self.encode(message, false);
    }

    pub(super) fn publish(&mut self, message: Message) {
        self.encode(message, true);
    }

    fn encode(&mut self, message: Message, is_publish: bool) {
        let before = self.buffer.len();
        // It fails only for parts of messages that come in a wrong order, and there are none here.
        let _ = self.codec.encode(message, &mut self.buffer);
        self.encoded += (self.buffer.len() - before) as u64;
        self.frames.push_back((self.encoded, is_publish));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether what waits is enough for a write.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= FULL
    }

    /// Writes some of what waits, through to the end of the socket's own buffers (those of TLS). Dropped before its end it may be
    /// called again: what is written is not forgotten.
    pub(super) async fn write(&mut self) -> io::Result<()> {
        if self.socket.write_buf(&mut self.buffer).await? == 0 && !self.buffer.is_empty() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.socket.flush().await
    }

    /// Writes all that waits.
    pub(super) async fn write_all(&mut self) -> io::Result<()> {
        while !self.buffer.is_empty() {
            self.write().await?;
        }
        // Where a write was dropped before its end.
        self.socket.flush().await
    }

    /// How many publishes the socket has taken whole since this was asked last.
    pub(super) fn taken(&mut self) -> usize {
        self.settle();
        std::mem::take(&mut self.taken)
    }

    fn settle(&mut self) {
        let written = self.encoded - self.buffer.len() as u64;
        while let Some(&(end, is_publish)) = self.frames.front()
            && end <= written
        {
            self.frames.pop_front();
            self.end = end;
            self.taken += usize::from(is_publish);
        }
    }

    /// Forgets the frames of which the socket has nothing. Says whether it has all of the others, so that another frame may follow.
    pub(super) fn discard(&mut self) -> bool {
        self.settle();
        let is_whole = self.encoded - self.buffer.len() as u64 == self.end;
        if is_whole {
            self.buffer.clear();
            self.frames.clear();
            self.encoded = self.end;
        }
        is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytestring::ByteString;
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;

    /// A frame of 16 bytes: two of header, four of mask (RFC 6455, section 5.2).
    fn frame() -> Message {
        Message::Text(ByteString::from_static("ten bytes."))
    }

    #[tokio::test]
    async fn a_publish_is_taken_when_its_last_byte_is() {
        let (socket, mut peer) = tokio::io::duplex(31);
        let mut writer = Writer::new(socket, Codec::new().client_mode());
        writer.publish(frame());
        writer.publish(frame());
        writer.push(frame());
        assert!(writer.write_all().now_or_never().is_none(), "31 of 48 bytes");
        assert_eq!(writer.taken(), 1);
        peer.read_exact(&mut [0]).await.unwrap();
        assert!(writer.write_all().now_or_never().is_none(), "one more, which is the second's last");
        assert_eq!((writer.taken(), writer.taken()), (1, 0));
    }

    #[tokio::test]
    async fn a_frame_that_has_begun_is_not_discarded() {
        let (socket, mut peer) = tokio::io::duplex(15);
        let mut writer = Writer::new(socket, Codec::new().client_mode());
        writer.publish(frame());
        writer.publish(frame());
        assert!(writer.write_all().now_or_never().is_none());
        assert!(!writer.discard() && !writer.is_empty());
        peer.read_exact(&mut [0]).await.unwrap();
        assert!(writer.write_all().now_or_never().is_none());
        assert!(writer.discard() && writer.is_empty());
        assert_eq!(writer.taken(), 1);
        peer.read_exact(&mut [0; 15]).await.unwrap();
        writer.publish(frame());
        assert!(writer.write_all().now_or_never().is_none(), "15 of 16 bytes");
        assert_eq!(writer.taken(), 0);
    }
}

//! Encoded messages, made once and shared by every connection that sends them.
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::ops::Range;
use std::sync::Arc;

/// Room in front of a payload for the largest header of an unmasked WebSocket frame (RFC 6455, section 5.2).
const HEADROOM: usize = 10;

/// The opcodes of messages (the same section).
const TEXT: u8 = 1;
const BINARY: u8 = 2;

/// What is sent in one piece: one encoded message, or several in a row that nothing may come between. Each payload stands
/// behind its own WebSocket header in one buffer, which all who send it share: server frames are not masked, so they are the same
/// for every client. A carrier that is no WebSocket sends the payloads alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Arc<Encoded>);

#[derive(Debug, PartialEq, Eq)]
struct Encoded {
    bytes: Bytes,
    /// The first message; none in what a WebSocket says for itself.
    first: Option<Part>,
    more: Vec<Part>,
}

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    opcode: u8,
    payload: Range<usize>,
}

/// One message without its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Of text, which is UTF-8 where the encoding wrote UTF-8.
    Text(&'a [u8]),
    /// Of bytes.
    Binary(&'a [u8]),
}

/// Collects a payload, keeping room for the header in front of it.
pub struct FrameBuilder {
    buffer: BytesMut,
    opcode: u8,
}

impl FrameBuilder {
    /// A text message; `size` is a guess at its length in bytes.
    pub fn text(size: usize) -> Self {
        Self::with_opcode(TEXT, size)
    }

    /// A binary message; `size` is a guess at its length in bytes.
    pub fn binary(size: usize) -> Self {
        Self::with_opcode(BINARY, size)
    }

    fn with_opcode(opcode: u8, size: usize) -> Self {
        let mut buffer = BytesMut::with_capacity(HEADROOM + size);
        buffer.put_bytes(0, HEADROOM);
        FrameBuilder { buffer, opcode }
    }

    /// The frame, its header written.
    pub fn finish(mut self) -> Frame {
        let length = self.buffer.len() - HEADROOM;
        let mut header = [0u8; HEADROOM];
        header[0] = 0x80 | self.opcode;
        let used = match length {
            0..=125 => {
                header[1] = length as u8;
                2
            }
            126..=0xffff => {
                header[1] = 126;
                header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            _ => {
                header[1] = 127;
                header[2..10].copy_from_slice(&(length as u64).to_be_bytes());
                10
            }
        };
        self.buffer[HEADROOM - used..HEADROOM].copy_from_slice(&header[..used]);
        let mut bytes = self.buffer.freeze();
        bytes.advance(HEADROOM - used);
        let first = Some(Part { opcode: self.opcode, payload: used..used + length });
        Frame(Arc::new(Encoded { bytes, first, more: vec![] }))
    }
}

impl std::io::Write for FrameBuilder {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Frame {
    /// A text message.
    pub fn of_text(text: &str) -> Self {
        let mut builder = FrameBuilder::text(text.len());
        builder.buffer.extend_from_slice(text.as_bytes());
        builder.finish()
    }

    /// The messages of several frames in a row.
    pub fn in_a_row<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Self {
        let (mut bytes, mut parts) = (BytesMut::new(), vec![]);
        for frame in frames {
            let at = bytes.len();
            bytes.extend_from_slice(frame.websocket());
            parts.extend(
                frame
                    .parts()
                    .map(|part| Part { opcode: part.opcode, payload: at + part.payload.start..at + part.payload.end }),
            );
        }
        let mut parts = parts.into_iter();
        Frame(Arc::new(Encoded { bytes: bytes.freeze(), first: parts.next(), more: parts.collect() }))
    }

    /// What a WebSocket says for itself: a control frame, or the answer to its handshake. There is no message in it, so other
    /// carriers send nothing of it.
    pub fn without_message(bytes: Bytes) -> Self {
        Frame(Arc::new(Encoded { bytes, first: None, more: vec![] }))
    }

    /// Headers and payloads, as a WebSocket sends them.
    pub fn websocket(&self) -> &Bytes {
        &self.0.bytes
    }

    /// What it counts for where a queue is bounded: its bytes on a WebSocket, whatever carries it.
    pub fn size(&self) -> usize {
        self.0.bytes.len()
    }

    /// The payload of the first message; empty where there is none.
    pub fn payload(&self) -> Bytes {
        self.0.first.as_ref().map_or_else(Bytes::new, |part| self.0.bytes.slice(part.payload.clone()))
    }

    /// The payload of each message, first to last.
    pub fn payloads(&self) -> impl Iterator<Item = Payload<'_>> {
        self.parts().map(|part| {
            let bytes = &self.0.bytes[part.payload.clone()];
            if part.opcode == BINARY { Payload::Binary(bytes) } else { Payload::Text(bytes) }
        })
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        self.0.first.iter().chain(&self.0.more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_length_in_the_shortest_form() {
        for (length, header) in [(0usize, 2usize), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            let frame = Frame::of_text(&"x".repeat(length));
            assert_eq!(frame.websocket().len(), header + length);
            assert_eq!(frame.payload().len(), length);
            assert_eq!(frame.websocket()[0], 0x81);
        }
    }

    #[test]
    fn messages_in_a_row_are_read_without_their_headers() {
        let mut binary = FrameBuilder::binary(0);
        std::io::Write::write_all(&mut binary, &[1, 2]).expect("a buffer in memory takes all that is written");
        let (binary, long) = (binary.finish(), Frame::of_text(&"x".repeat(70_000)));
        let pong = Frame::without_message(Bytes::from_static(&[0x8a, 0]));
        let row = Frame::in_a_row([&Frame::of_text("a"), &pong, &binary, &Frame::of_text(""), &long]);
        assert_eq!(row.size(), 3 + 2 + 4 + 2 + 70_010);
        let long = long.payload();
        let expected = [Payload::Text(b"a"), Payload::Binary(&[1, 2]), Payload::Text(b""), Payload::Text(&long)];
        assert_eq!(row.payloads().collect::<Vec<_>>(), expected);
        // Rows of rows are rows.
        assert_eq!(Frame::in_a_row([&row, &pong]).payloads().collect::<Vec<_>>(), expected);
        assert_eq!((pong.payloads().count(), pong.payload()), (0, Bytes::new()));
    }
}

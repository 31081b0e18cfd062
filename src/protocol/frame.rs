//! One encoded message, made once and shared by every connection that sends it.
use bytes::{BufMut, Bytes, BytesMut};

/// Room in front of a payload for the largest header of an unmasked WebSocket frame (RFC 6455, section 5.2).
const HEADROOM: usize = 10;

/// An encoded message that a WebSocket and a plain HTTP stream can send without copying: the payload stands behind its own
/// WebSocket header in one buffer. Server frames are not masked, so they are the same for every client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    bytes: Bytes,
    payload_at: u8,
}

/// Collects a payload, keeping room for the header in front of it.
pub struct FrameBuilder {
    buffer: BytesMut,
    opcode: u8,
}

impl FrameBuilder {
    /// A text message; `size` is a guess at its length in bytes.
    pub fn text(size: usize) -> Self {
        Self::with_opcode(1, size)
    }

    /// A binary message; `size` is a guess at its length in bytes.
    pub fn binary(size: usize) -> Self {
        Self::with_opcode(2, size)
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
        let bytes = self.buffer.freeze().slice(HEADROOM - used..);
        Frame { bytes, payload_at: used as u8 }
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

    /// Several whole messages in a row, each behind its header; such a frame has no payload of its own.
    pub fn in_a_row(bytes: Bytes) -> Self {
        Frame { bytes, payload_at: 0 }
    }

    /// Header and payload, as a WebSocket sends them.
    pub fn websocket(&self) -> &Bytes {
        &self.bytes
    }

    /// The payload alone.
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(self.payload_at as usize..)
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
}

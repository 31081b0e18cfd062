//! What a decoder must remember between two messages: the binary packet whose attachments have not all arrived.
use super::packet::{Decoded, Packet, PacketError, decode};
use bytes::Bytes;
use bytestring::ByteString;

/// Puts binary packets together, for one direction of one connection. Holds at most one packet with
/// [`super::MAX_ATTACHMENTS`] attachments, each as long as the transport lets a message be. After an error it is empty.
#[derive(Debug, Default)]
pub struct Reassembly {
    waiting: Option<Decoded>,
}

impl Reassembly {
    /// Takes a message of text: the packet in it, or none while its attachments are to come.
    /// Fails where [`decode`] does, and with [`PacketError::TextAmidAttachments`].
    pub fn text(&mut self, text: &ByteString) -> Result<Option<Packet>, PacketError> {
        if self.waiting.take().is_some() {
            return Err(PacketError::TextAmidAttachments);
        }
        Ok(self.complete(decode(text)?))
    }

    /// Takes a message of bytes: the packet that it completes, or none while others are to come.
    /// Fails with [`PacketError::UnexpectedBinary`]. The bytes are kept as they are: a caller whose small messages share a
    /// large read buffer copies them first.
    pub fn binary(&mut self, bytes: Bytes) -> Result<Option<Packet>, PacketError> {
        let mut decoded = self.waiting.take().ok_or(PacketError::UnexpectedBinary)?;
        decoded.awaited -= 1;
        if decoded.unnamed & 1 << decoded.awaited == 0 {
            decoded.packet.body.attach(bytes);
        }
        Ok(self.complete(decoded))
    }

    /// Whether attachments are still to come.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    fn complete(&mut self, decoded: Decoded) -> Option<Packet> {
        match decoded.awaited {
            0 => Some(decoded.packet),
            _ => {
                self.waiting = Some(decoded);
                None
            }
        }
    }
}

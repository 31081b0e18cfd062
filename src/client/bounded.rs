//! Frames from the socket, rejected before too much of them is buffered.
use actix_http::ws::ProtocolError;
use awc::ws::{Codec, Frame};
use bytes::BytesMut;
use std::io;
use tokio_util::codec::Decoder;

/// Bytes of the longest header of a frame without a mask, which those of a server have none of (RFC 6455, sections 5.1 and 5.2).
const HEADER: usize = 10;

/// Reads frames of at most so many bytes.
pub(super) struct Bounded {
    codec: Codec,
    most: usize,
}

impl Bounded {
    pub(super) fn new(codec: Codec, most: usize) -> Self {
        Bounded { codec: codec.max_size(most), most }
    }
}

impl Decoder for Bounded {
    type Item = Frame;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Frame>> {
        match self.codec.decode(buffer) {
            // The codec alone would buffer all of the frame before it complains of its size.
            Ok(None) if buffer.len() > self.most.saturating_add(HEADER) => Err(too_large(self.most)),
            Err(ProtocolError::Overflow) => Err(too_large(self.most)),
            decoded => decoded.map_err(io::Error::other),
        }
    }
}

/// The error of a message that has more bytes.
pub(super) fn too_large(most: usize) -> io::Error {
    io::Error::other(format!("a message has more than {most} bytes (`ClientOptions::max_message`)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BufMut;

    fn decode(most: usize, bytes: &[u8]) -> Result<Option<Frame>, String> {
        let mut buffer = BytesMut::from(bytes);
        Bounded::new(Codec::new().client_mode(), most).decode(&mut buffer).map_err(|error| error.to_string())
    }

    #[test]
    fn a_frame_of_the_bound_is_read_and_a_larger_one_is_refused_before_it_is_whole() {
        assert_eq!(decode(3, b"\x81\x03abc"), Ok(Some(Frame::Text("abc".into()))));
        assert!(decode(3, b"\x81\x04abcd").unwrap_err().contains("more than 3 bytes"));
        let mut endless = b"\x81\x7f\x00\x00\xff\xff\xff\xff\xff\xff".to_vec();
        endless.put_bytes(b'x', 3);
        assert_eq!(decode(3, &endless), Ok(None));
        endless.push(b'x');
        assert!(decode(3, &endless).unwrap_err().contains("more than 3 bytes"));
    }
}

//! Encoding: a packet becomes one text frame and one binary frame per attachment, shared by all receivers.
use super::packet::{Body, Packet};
use crate::protocol::{Frame, FrameBuilder};
use crate::types::Json;
use bytes::Bytes;
use std::fmt::Write as _;
use std::io::Write as _;

/// Bytes in front of a payload, for the first guess at a frame's size.
const HEADER: usize = 32;

/// A packet as it goes out. Polling clients get the same frames by [`super::engine::PollingBody`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The packet, inside an Engine.IO message.
    pub text: Frame,
    /// What must follow it at once, in order: one binary message each.
    pub attachments: Vec<Frame>,
}

impl Encoded {
    /// All of it as one: a text frame, and the binary frames that follow it.
    pub fn joined(self) -> Frame {
        match self.attachments.is_empty() {
            true => self.text,
            false => Frame::in_a_row([&self.text].into_iter().chain(&self.attachments)),
        }
    }
}

impl Packet {
    /// Writes the packet, its payload as it is. The digits in front are those of the reference: an event or an
    /// acknowledgement is a binary one if and only if it has attachments.
    pub fn encode(&self) -> Encoded {
        let attachments = self.body.attachments();
        let payload = self.body.payload().map_or("", Json::as_str);
        let size = HEADER + self.namespace.as_str().len() + payload.len();
        let text = text(size, |out| {
            out.push('4');
            self.write_header(attachments.len(), out);
            out.push_str(payload);
        });
        Encoded { text, attachments: attachments.iter().map(binary).collect() }
    }

    /// `<type>[<n>-][<nsp>,][<ack id>]`
    fn write_header(&self, attachments: usize, out: &mut String) {
        let (plain, with_attachments) = self.body.types();
        match attachments {
            0 => out.push(plain),
            count => {
                out.push(with_attachments);
                write!(out, "{count}-").expect("a String takes all that is written");
            }
        }
        if !self.namespace.is_root() {
            out.push_str(self.namespace.as_str());
            out.push(',');
        }
        if let Body::Event { ack: Some(id), .. } | Body::Ack { id: Some(id), .. } = &self.body {
            write!(out, "{id}").expect("a String takes all that is written");
        }
    }
}

/// A text frame of what `write` writes; `size` is a guess at its length in bytes.
pub(super) fn text(size: usize, write: impl FnOnce(&mut String)) -> Frame {
    let mut text = String::with_capacity(size);
    write(&mut text);
    Frame::of_text(&text)
}

/// A binary frame.
pub(super) fn binary(bytes: &Bytes) -> Frame {
    let mut frame = FrameBuilder::binary(bytes.len());
    frame.write_all(bytes).expect("a buffer in memory takes all that is written");
    frame.finish()
}

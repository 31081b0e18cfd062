//! The centrifuge wire: what the centrifuge SDKs speak.
//!
//! Source: the centrifuge client protocol (`client.proto`) and what Centrifugo 6.9 answers where the protocol leaves room.
//! The encodings share `shapes` (the protocol's requests) and `commands` (what they mean here); each brings its own
//! reading and writing of bytes. JSON is the one spoken today.
mod commands;
mod encode;
mod lines;
mod object;
mod shapes;

use super::{Encoding, Frame, Push, Reply, Request, Wire};
use crate::types::{Disconnect, Event};
use bytes::Bytes;

/// The JSON encoding: a message is one JSON object or several, joined by line feeds.
#[derive(Debug, Clone, Copy, Default)]
pub struct CentrifugeJson;

impl Encoding for CentrifugeJson {
    fn slot(&self) -> usize {
        0
    }

    fn label(&self) -> &'static str {
        "json"
    }

    fn push(&self, push: &Push) -> Frame {
        encode::push(push)
    }

    fn event(&self, event: &Event) -> Frame {
        encode::event(event)
    }

    fn event_compact(&self, event: &Event, id: u32) -> Frame {
        encode::event_compact(event, id)
    }
}

impl Wire for CentrifugeJson {
    fn name(&self) -> &'static str {
        "centrifuge"
    }

    fn subprotocols(&self) -> &'static [&'static str] {
        &["centrifuge-json"]
    }

    fn format(&self) -> Option<&'static str> {
        Some("json")
    }

    fn unspoken(&self) -> &'static [(&'static str, &'static str)] {
        &[("centrifuge-protobuf", "protobuf")]
    }

    fn decode(&self, rest: &mut Bytes) -> Result<Option<Request>, Disconnect> {
        lines::next(rest)
    }

    fn reply(&self, id: u32, reply: &Reply) -> Option<Frame> {
        Some(encode::reply(id, reply))
    }

    fn ping(&self) -> Frame {
        encode::ping()
    }
}

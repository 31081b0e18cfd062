//! What comes in over a WebSocket, no faster than it is worked off.
use super::session::Half;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::inbound::{Broken as NoMessage, Inbound, Message};
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Something that came in.
pub(super) enum Incoming {
    Packet(EnginePacket),
    /// A WebSocket ping that wants its payload back.
    Ping(Bytes),
    /// The client broke the rules; with the close code that says so (RFC 6455, section 7.4.1), if there is one.
    Broken(Option<u16>),
}

/// The packets of one WebSocket.
pub(super) struct Packets<P> {
    inbound: Inbound<P>,
    half: Half,
    ended: bool,
}

impl<P> Packets<P> {
    pub(super) fn new(inbound: Inbound<P>, half: Half) -> Self {
        Packets { inbound, half, ended: false }
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Stream for Packets<P> {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if this.half.poll_ready(cx).is_pending() {
            return Poll::Pending;
        }
        loop {
            let incoming = match std::task::ready!(this.inbound.poll_message(cx)) {
                Ok(Message::Pong) => continue,
                Ok(Message::Ping(payload)) => Incoming::Ping(payload),
                Ok(Message::Close) | Err(NoMessage::Gone) => return Poll::Ready(None),
                Ok(message) => packet(message).map_or(Incoming::Broken(None), Incoming::Packet),
                Err(NoMessage::TooLarge) => Incoming::Broken(Some(1009)),
                Err(NoMessage::Protocol) => Incoming::Broken(Some(1002)),
            };
            this.ended = matches!(incoming, Incoming::Broken(_));
            return Poll::Ready(Some(incoming));
        }
    }
}

/// The packet in a message; none where it is none.
pub(super) fn packet(message: Message) -> Option<EnginePacket> {
    match message {
        Message::Binary(bytes) => Some(EnginePacket::Binary(bytes)),
        Message::Text(bytes) => EnginePacket::decode(&ByteString::try_from(bytes).ok()?).ok(),
        Message::Ping(_) | Message::Pong | Message::Close => None,
    }
}

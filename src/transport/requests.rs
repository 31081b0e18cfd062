//! The requests of one client, one at a time, no faster than they are answered.
use super::inbound::{Broken, Inbound, Message};
use super::socket::SocketOutlet;
use crate::protocol::{Request, Wire};
use crate::types::Disconnect;
use bytes::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// What a client sent.
pub enum Incoming {
    /// A request.
    Request(Request),
    /// A WebSocket ping that wants its payload back.
    Ping(Bytes),
    /// The answer to a WebSocket ping of ours.
    Pong,
    /// The client broke the wire's rules.
    Violation(Disconnect),
    /// The client broke WebSocket's rules, or sent too much at once.
    Broken(Broken),
}

/// Reads requests as long as the client may have more under way (decision 30) and its outbox is not over its bound
/// (decision 18). What is not read stays in the socket, and slows its sender only.
pub struct Requests<P> {
    inbound: Inbound<P>,
    outlet: Rc<SocketOutlet>,
    wire: &'static dyn Wire,
    /// What is left of the message that is being worked off.
    message: Option<Bytes>,
    /// Nothing of that message has been read.
    fresh: bool,
    ended: bool,
}

impl<P> Requests<P> {
    /// The requests that come in through `inbound` and are answered through `outlet`.
    pub fn new(inbound: Inbound<P>, outlet: Rc<SocketOutlet>, wire: &'static dyn Wire) -> Self {
        Requests { inbound, outlet, wire, message: None, fresh: false, ended: false }
    }

    fn end_with(&mut self, last: Incoming) -> Poll<Option<Incoming>> {
        self.ended = true;
        Poll::Ready(Some(last))
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Stream for Requests<P> {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            if let Some(message) = &mut this.message {
                if this.outlet.poll_ready(cx).is_pending() {
                    return Poll::Pending;
                }
                let decoded = match std::mem::take(&mut this.fresh) {
                    true => this.wire.decode_first(message).map(Some),
                    false => this.wire.decode(message),
                };
                match decoded {
                    Ok(Some(request)) => return Poll::Ready(Some(Incoming::Request(request))),
                    Ok(None) => this.message = None,
                    Err(reason) => return this.end_with(Incoming::Violation(reason)),
                }
            }
            match this.inbound.poll_message(cx) {
                // The wire does not care which.
                Poll::Ready(Ok(Message::Text(data) | Message::Binary(data))) => {
                    (this.message, this.fresh) = (Some(data), true);
                }
                Poll::Ready(Ok(Message::Ping(data))) => return Poll::Ready(Some(Incoming::Ping(data))),
                Poll::Ready(Ok(Message::Pong)) => return Poll::Ready(Some(Incoming::Pong)),
                Poll::Ready(Ok(Message::Close) | Err(Broken::Gone)) => return Poll::Ready(None),
                Poll::Ready(Err(broken)) => return this.end_with(Incoming::Broken(broken)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

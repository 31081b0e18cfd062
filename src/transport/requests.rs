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
    /// After a violation or a break: all that was carried out before is answered.
    Settled,
    /// The client closes.
    Closed,
    /// The connection has ended, whoever ended it: nothing more is read.
    Over,
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
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Reading,
    /// The client has broken a rule; the commands before are still being answered.
    Settling,
    /// Nothing more is read.
    Over,
}

impl<P> Requests<P> {
    /// The requests that come in through `inbound` and are answered through `outlet`.
    pub fn new(inbound: Inbound<P>, outlet: Rc<SocketOutlet>, wire: &'static dyn Wire) -> Self {
        Requests { inbound, outlet, wire, message: None, fresh: false, stage: Stage::Reading }
    }

    fn go_to(&mut self, stage: Stage, last: Incoming) -> Poll<Option<Incoming>> {
        self.stage = stage;
        self.message = None;
        Poll::Ready(Some(last))
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Stream for Requests<P> {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        match this.stage {
            Stage::Reading => {}
            Stage::Settling => {
                return this.outlet.poll_settled(cx).map(|()| {
                    this.stage = Stage::Over;
                    Some(Incoming::Settled)
                });
            }
            Stage::Over => return this.inbound.poll_discard(cx).map(|()| None),
        }
        loop {
            if !this.outlet.is_open() {
                return this.go_to(Stage::Over, Incoming::Over);
            }
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
                    Err(reason) => return this.go_to(Stage::Settling, Incoming::Violation(reason)),
                }
            }
            match this.inbound.poll_message(cx) {
                // The wire does not care which.
                Poll::Ready(Ok(Message::Text(data) | Message::Binary(data))) => {
                    (this.message, this.fresh) = (Some(data), true);
                }
                Poll::Ready(Ok(Message::Ping(data))) => return Poll::Ready(Some(Incoming::Ping(data))),
                Poll::Ready(Ok(Message::Pong)) => return Poll::Ready(Some(Incoming::Pong)),
                Poll::Ready(Ok(Message::Close)) => return this.go_to(Stage::Over, Incoming::Closed),
                Poll::Ready(Err(Broken::Gone)) => return Poll::Ready(None),
                Poll::Ready(Err(broken)) => return this.go_to(Stage::Settling, Incoming::Broken(broken)),
                Poll::Pending => {
                    this.outlet.wake_at_end(cx);
                    return Poll::Pending;
                }
            }
        }
    }
}

//! The requests of one client, one at a time, read no faster than they are answered.
use super::inbound::{Broken, Inbound, Message};
use super::socket::SocketOutlet;
use crate::protocol::{Request, Wire};
use crate::types::Disconnect;
use bytes::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// What a client sent.
#[derive(Debug)]
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
    /// The client has closed.
    Closed,
    /// The connection has ended, by whichever side; nothing comes after it.
    Ended,
}

/// Messages of a connection that has ended which are dropped in a row before others have their turn.
const BUDGET: usize = 16;

/// Reads requests as long as the client may have more under way (decision 30) and its outbox is not over its bound
/// (decision 18). What is not read stays in the socket, and slows its sender only. When the connection has ended, by
/// whichever side, nothing is obeyed any more (decision 35).
pub struct Requests<P> {
    /// None when nothing more will come.
    inbound: Option<Inbound<P>>,
    outlet: Rc<SocketOutlet>,
    wire: &'static dyn Wire,
    /// What is left of the message that is being worked off.
    message: Option<Bytes>,
    /// Nothing of that message has been read.
    fresh: bool,
    /// Why nothing more is read; told when all that came before it has been answered.
    last: Option<Incoming>,
    /// The connection was told that it has ended.
    ended: bool,
}

impl<P> Requests<P> {
    /// The requests that come in through `inbound` and are answered through `outlet`.
    pub fn new(inbound: Inbound<P>, outlet: Rc<SocketOutlet>, wire: &'static dyn Wire) -> Self {
        Requests { inbound: Some(inbound), outlet, wire, message: None, fresh: false, last: None, ended: false }
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Requests<P> {
    /// A connection that has ended: what its client still says is dropped, so that a socket which closes with something
    /// unread does not take the last words with it. Ready when those are written and the client has closed, too.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..BUDGET {
            let Some(inbound) = &mut self.inbound else { return self.outlet.poll_gone(cx) };
            match ready!(inbound.poll_message(cx)) {
                Ok(Message::Close) | Err(_) => self.inbound = None,
                Ok(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        loop {
            if self.last.is_some() {
                ready!(self.outlet.poll_settled(cx));
            }
            if let Some(last) = self.last.take() {
                return Poll::Ready(last);
            }
            if let Some(message) = &mut self.message {
                ready!(self.outlet.poll_ready(cx));
                let decoded = match std::mem::take(&mut self.fresh) {
                    true => self.wire.decode_first(message).map(Some),
                    false => self.wire.decode(message),
                };
                match decoded {
                    Ok(Some(request)) => return Poll::Ready(Incoming::Request(request)),
                    Ok(None) => self.message = None,
                    Err(reason) => {
                        self.message = None;
                        self.last = Some(Incoming::Violation(reason));
                        continue;
                    }
                }
            }
            let Some(inbound) = &mut self.inbound else { return Poll::Ready(Incoming::Closed) };
            match ready!(inbound.poll_message(cx)) {
                // Counts as a message that says nothing, or a stream of them would keep this loop for itself.
                Ok(Message::Binary(_)) if !self.wire.reads_binary() => {
                    (self.message, self.fresh) = (Some(Bytes::new()), true);
                }
                Ok(Message::Text(data) | Message::Binary(data)) => (self.message, self.fresh) = (Some(data), true),
                Ok(Message::Ping(data)) => return Poll::Ready(Incoming::Ping(data)),
                Ok(Message::Pong) => return Poll::Ready(Incoming::Pong),
                Ok(Message::Close) | Err(Broken::Gone) => self.inbound = None,
                Err(broken) => self.last = Some(Incoming::Broken(broken)),
            }
        }
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> Stream for Requests<P> {
    type Item = Incoming;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        let this = self.get_mut();
        if this.ended {
            return this.poll_rest(cx).map(|()| None);
        }
        if this.outlet.poll_ended(cx).is_ready() {
            (this.ended, this.message, this.last) = (true, None, None);
            return Poll::Ready(Some(Incoming::Ended));
        }
        this.poll_incoming(cx).map(Some)
    }
}

#[cfg(test)]
mod tests;

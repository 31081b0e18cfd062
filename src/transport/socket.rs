//! The path from a session to its client through a WebSocket: encodes, keeps answers in order, fills the outbox.
use super::carrier::{Carrier, websocket};
use crate::delivery::{
    AnswerOrder, Delivered, Delivery, Lag, Naming, Outbox, Outgoing, Outlet, Pushed, Ticket, TransportDescription,
    WhenFull,
};
use crate::metrics::Metrics;
use crate::protocol::{Frame, Push, Reply, Wire};
use crate::types::Disconnect;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The outlet of one WebSocket connection.
pub struct SocketOutlet {
    wire: &'static dyn Wire,
    outbox: Rc<Outbox>,
    /// Whether the client came encrypted, for operators.
    is_encrypted: bool,
    metrics: Metrics,
    answers: RefCell<Answers>,
    connected: Cell<bool>,
    /// Why the connection ended, if it was us who ended it.
    ended: RefCell<Option<Disconnect>>,
}

/// What is asked, and whoever waits for room or for an end of it.
struct Answers {
    order: AnswerOrder,
    /// There are as many as may be, and nothing is read.
    is_full: bool,
    room: Option<Waker>,
}

impl SocketOutlet {
    /// The way to `outbox`, of a client that came encrypted or not. At most `limit` commands may be without an answer.
    pub fn new(
        wire: &'static dyn Wire,
        outbox: Rc<Outbox>,
        is_encrypted: bool,
        metrics: Metrics,
        limit: usize,
    ) -> Rc<Self> {
        let answers = Answers { order: AnswerOrder::new(limit), is_full: false, room: None };
        Rc::new(SocketOutlet {
            wire,
            outbox,
            is_encrypted,
            metrics,
            answers: RefCell::new(answers),
            connected: Cell::new(false),
            ended: RefCell::new(None),
        })
    }

    /// Takes a command's place in the order of answers; `loose` if its answer may overtake others.
    pub fn open(&self, id: u32, loose: bool) -> Ticket {
        let order = &mut self.answers.borrow_mut().order;
        if loose { order.open_loose(id) } else { order.open(Some(id)) }
    }

    /// Takes the first place in the order of answers, for the admission of a client that is in from the start.
    pub fn admit(&self) -> Ticket {
        self.answers.borrow_mut().order.open(None)
    }

    /// Ready when the connection has been ended, by whichever side: nothing more of it is obeyed.
    pub fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.outbox.poll_ended(cx)
    }

    /// Ready when all that was said last is written, or never will be.
    pub fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.outbox.poll_gone(cx)
    }

    /// Ready when each command has its answer.
    pub fn poll_settled(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut answers = self.answers.borrow_mut();
        if answers.order.is_settled() {
            return Poll::Ready(());
        }
        answers.room = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready while another command may be read.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut answers = self.answers.borrow_mut();
        if answers.order.is_full() && self.outbox.is_open() {
            if !std::mem::replace(&mut answers.is_full, true) {
                self.metrics.reached("unanswered_commands");
            }
            answers.room = Some(cx.waker().clone());
            return Poll::Pending;
        }
        answers.is_full = false;
        drop(answers);
        self.outbox.poll_room(cx)
    }

    /// Whether the session has been let in.
    pub fn is_connected(&self) -> bool {
        self.connected.get()
    }

    /// Sends the wire's heartbeat.
    pub fn ping(&self) {
        self.put(Outgoing::Ping(self.wire.ping()));
    }

    /// Sends a WebSocket ping without a payload (RFC 6455, section 5.5.2).
    pub fn ping_frame(&self) {
        self.put(Outgoing::Ping(websocket::ping()));
    }

    /// Answers a WebSocket ping (RFC 6455, section 5.5.3), unless the client does not read what it already has.
    pub fn pong_frame(&self, payload: &[u8]) {
        self.put(Outgoing::Ping(websocket::pong(payload)));
    }

    /// Ends the connection with a close code of WebSocket's own.
    pub fn close_with(&self, code: u16) {
        self.outbox.put(Outgoing::Last(Some(websocket::close(code, ""))));
        self.wake();
    }

    /// Why the connection ended: our reason, else that the client left.
    pub fn reason(&self) -> Disconnect {
        self.ended.borrow().clone().unwrap_or(Disconnect::CONNECTION_CLOSED)
    }

    /// Ends the socket when what is queued is written.
    pub fn finish(&self) {
        self.outbox.put(Outgoing::Last(None));
    }

    /// Cuts the socket if its peer takes nothing any more.
    pub fn cut_if_stuck(&self) {
        self.outbox.cut_if_stuck();
    }

    fn put(&self, outgoing: Outgoing) -> Pushed {
        let pushed = self.outbox.put(outgoing);
        if pushed == Pushed::Overflow {
            Metrics::count(&self.metrics.drops, "slow");
            self.ended_with(&Disconnect::SLOW);
        }
        pushed
    }

    fn ended_with(&self, reason: &Disconnect) {
        let mut ended = self.ended.borrow_mut();
        if ended.is_none() {
            Metrics::count(&self.metrics.disconnects, label(reason));
            *ended = Some(reason.clone());
        }
        drop(ended);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.answers.borrow_mut().room.take() {
            waker.wake();
        }
    }

    fn settle(&self, ticket: Ticket, answer: impl FnOnce(Option<u32>) -> Option<Frame>) {
        let put = |frame| {
            // A reply is taken, or nothing is taken any more.
            let _ = self.outbox.put(Outgoing::Reply(frame));
        };
        self.answers.borrow_mut().order.settle(ticket, answer, put);
        self.wake();
    }
}

impl Outlet for SocketOutlet {
    fn deliver(&self, delivery: &Delivery, naming: Naming<'_>, when_full: WhenFull) -> Delivered {
        self.put(Outgoing::Push(delivery.frame(self.wire, naming), when_full)).into()
    }

    fn has_pushes(&self) -> bool {
        self.wire.has_pushes()
    }

    fn push(&self, push: &Push) {
        if !self.has_pushes() {
            return;
        }
        self.put(Outgoing::Push(self.wire.push(push), WhenFull::Disconnect));
    }

    fn lagged(&self, lag: &Lag) {
        if let Some(told) = lag.told().filter(|_| self.has_pushes()) {
            self.deliver(told, Naming::Own, WhenFull::Disconnect);
        }
    }

    fn answer(&self, ticket: Ticket, reply: Reply) {
        if let Reply::Connected(_) = reply {
            self.connected.set(true);
        }
        let mut refused = None;
        self.settle(ticket, |id| match (id, &reply) {
            (Some(id), reply) => self.wire.reply(id, reply),
            (None, Reply::Connected(connected)) => self.wire.welcome(connected),
            (None, reply) => {
                refused = Some(refusal(reply));
                None
            }
        });
        refused.into_iter().for_each(|reason| self.close(reason));
    }

    fn done(&self, ticket: Ticket) {
        self.settle(ticket, |_| None);
    }

    fn transport(&self) -> Option<TransportDescription> {
        Some(TransportDescription {
            wire: self.wire.name().into(),
            carrier: Carrier::WebSocket.name().into(),
            encoding: self.wire.label().into(),
            encrypted: self.is_encrypted,
            queue: self.outbox.describe(),
        })
    }

    fn close(&self, reason: Disconnect) {
        let code = self.wire.close_code(&reason);
        self.outbox.put(Outgoing::Last(Some(websocket::close(code, &reason.reason))));
        self.ended_with(&reason);
    }
}

/// A client that asked for nothing cannot be answered with an error: its connection is closed with that.
fn refusal(reply: &Reply) -> Disconnect {
    let Reply::Error(error) = reply else { return Disconnect::INTERNAL };
    let like = if error.temporary { Disconnect::FORCE_RECONNECT } else { Disconnect::FORCE_DISCONNECT };
    Disconnect { reason: error.message.clone(), ..like }
}

/// The metric label of a disconnect: the names we have, one word for all of an application's own.
fn label(reason: &Disconnect) -> &str {
    match Disconnect::NAMED.iter().find(|named| named.code == reason.code) {
        Some(named) => &named.reason,
        None => "application",
    }
}

#[cfg(test)]
mod tests;

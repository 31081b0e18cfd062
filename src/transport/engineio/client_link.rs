//! The link from what runs above a session down to its client.
use super::session::{EngineSession, Order, UPPER};
use crate::broker::{Due, Worker};
use crate::delivery::{Outbox, Pushed};
use crate::metrics::Metrics;
use crate::protocol::socketio::engine::{EnginePacket, PollingBody};
use actix::WeakAddr;
use bytes::Bytes;
use bytestring::ByteString;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// Ends a WebSocket without a status, as the original does (RFC 6455, section 7.1.5: the peer sees 1005).
pub(super) const CLOSE: Bytes = Bytes::from_static(&[0x88, 0]);

/// The link from a session to its client. One queue serves it for its whole life, whatever carries it: the frames of a
/// WebSocket, which a poll takes as packets.
pub struct ClientLink {
    outbox: Rc<Outbox>,
    worker: Rc<Worker>,
    session: WeakAddr<EngineSession>,
    carrier: Cell<Carrier>,
}

/// What could take a packet now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Carrier {
    /// Polling, and no poll is there.
    Nobody,
    /// A poll that waits.
    Poll,
    /// A WebSocket.
    WebSocket,
}

impl ClientLink {
    pub(super) fn new(
        outbox: Rc<Outbox>,
        worker: Rc<Worker>,
        session: WeakAddr<EngineSession>,
        carrier: Carrier,
    ) -> Rc<Self> {
        Rc::new(ClientLink { outbox, worker, session, carrier: Cell::new(carrier) })
    }

    /// Sends one or several whole WebSocket frames in a row, unmasked and unfragmented, each one Engine.IO packet. Past the
    /// bound of the queue the session is cut, with the reason `transport error`.
    pub fn push(&self, frames: Bytes) -> Pushed {
        let pushed = self.outbox.push(frames);
        if pushed == Pushed::Overflow {
            self.overflowed();
        }
        pushed
    }

    /// The queue of [`ClientLink::push`], for who has much to push; an overflow of it is to be told here.
    pub(in crate::transport) fn outbox(&self) -> &Rc<Outbox> {
        &self.outbox
    }

    /// The queue had no room, and the session is cut.
    pub(in crate::transport) fn overflowed(&self) {
        Metrics::count(&self.worker.node().metrics().drops, "slow");
        let line = format_args!("a client was cut off: it reads too slowly");
        self.worker.node().metrics().log_some(log::Level::Info, "slow", line);
        self.tell(Order::Cut);
    }

    /// The same for what the client asked for. It has no bound of its own: while more than the bound is queued, nothing more
    /// is read of the client.
    pub fn answer(&self, frames: Bytes) {
        self.outbox.answer(frames);
    }

    /// Whether a packet would leave at once: nothing is queued, and a WebSocket or a poll is there to take it.
    pub fn is_writable(&self) -> bool {
        self.carrier.get() != Carrier::Nobody && self.outbox.is_open() && self.outbox.bytes() == 0
    }

    /// Ends the session. What is queued is still delivered: to the next poll, if none waits, along with a close packet.
    pub fn close(&self) {
        if self.outbox.is_open() {
            self.finish();
            self.tell(Order::Close);
        }
    }

    /// Calls [`Upper::due`](super::Upper::due) after this time.
    pub fn wake_after(&self, time: Duration) {
        self.after(time, Due::Own(UPPER));
    }

    /// The thread of the session.
    pub fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    pub(super) fn after(&self, time: Duration, due: Due) {
        self.worker.deadlines().after(time, self.session.clone().recipient(), due);
    }

    pub(super) fn carrier(&self) -> Carrier {
        self.carrier.get()
    }

    pub(super) fn carry_by(&self, carrier: Carrier) {
        self.carrier.set(carrier);
    }

    /// Takes no more; what is queued is the last. A WebSocket is closed after it.
    pub(super) fn finish(&self) {
        self.outbox.finish((self.carrier.get() == Carrier::WebSocket).then_some(CLOSE));
    }

    /// Takes all that is queued, and this after it, as the answer to a poll.
    pub(super) fn take_packets(&self, last: Option<EnginePacket>) -> ByteString {
        let (mut body, mut taken) = (PollingBody::default(), 0);
        self.outbox.with_frames(|frames| {
            for frame in frames {
                body.push_frames(frame);
                taken += frame.len();
            }
        });
        self.outbox.consume(taken);
        if let Some(last) = last {
            body.push(&last.frame());
        }
        body.finish()
    }

    fn tell(&self, order: Order) {
        if let Some(session) = self.session.upgrade() {
            // Once a session, so its mailbox need not have room.
            session.do_send(order);
        }
    }
}

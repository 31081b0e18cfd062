//! The link from the layer above a session down to its client.
use super::session::{EngineSession, Order, UPPER};
use crate::broker::{Due, Worker};
use crate::delivery::{Outbox, Outgoing, Pushed, TransportDescription};
use crate::metrics::Metrics;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::carrier::{Carrier, polling, websocket};
use actix::WeakAddr;
use bytestring::ByteString;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// The link from a session to its client. One queue serves it for its whole life, whatever carries it.
pub struct ClientLink {
    outbox: Rc<Outbox>,
    worker: Rc<Worker>,
    session: WeakAddr<EngineSession>,
    taker: Cell<Taker>,
    /// Whether the client came encrypted, for operators.
    is_encrypted: bool,
}

/// What could take a packet now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taker {
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
        taker: Taker,
        is_encrypted: bool,
    ) -> Rc<Self> {
        Rc::new(ClientLink { outbox, worker, session, taker: Cell::new(taker), is_encrypted })
    }

    /// Sends a frame, each of whose messages is one Engine.IO packet. Where it does not fit into the queue the session is cut, with
    /// the reason `transport error`; an answer always fits, and while more than the bound is queued nothing more is read of the
    /// client.
    pub fn put(&self, outgoing: Outgoing) -> Pushed {
        let pushed = self.outbox.put(outgoing);
        if pushed == Pushed::Overflow {
            self.overflowed();
        }
        pushed
    }

    /// The queue of [`ClientLink::put`], for who has much to push; an overflow of it is to be told here.
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

    /// Whether a packet would leave at once: nothing is queued, and a WebSocket or a poll is there to take it.
    pub fn is_writable(&self) -> bool {
        self.taker.get() != Taker::Nobody && self.outbox.is_open() && self.outbox.bytes() == 0
    }

    /// How the client is connected now, where what runs above speaks this wire in this encoding.
    pub(in crate::transport) fn describe(&self, wire: &'static str, encoding: &'static str) -> TransportDescription {
        let carrier = if self.taker.get() == Taker::WebSocket { Carrier::WebSocket } else { Carrier::Polling };
        TransportDescription {
            wire: wire.into(),
            carrier: carrier.name().into(),
            encoding: encoding.into(),
            encrypted: self.is_encrypted,
            queue: self.outbox.describe(),
        }
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

    pub(super) fn taker(&self) -> Taker {
        self.taker.get()
    }

    pub(super) fn set_taker(&self, taker: Taker) {
        self.taker.set(taker);
    }

    /// Takes no more; what is queued is the last. A WebSocket is closed after it, without a status as the original does it.
    pub(super) fn finish(&self) {
        let is_websocket = self.taker.get() == Taker::WebSocket;
        self.outbox.put(Outgoing::Last(is_websocket.then(websocket::close_without_status)));
    }

    /// Takes all that is queued, and this after it, as the answer to a poll.
    pub(super) fn take_packets(&self, last: Option<EnginePacket>) -> ByteString {
        polling::take_packets(&self.outbox, last)
    }

    fn tell(&self, order: Order) {
        if let Some(session) = self.session.upgrade() {
            // Once a session, so its mailbox need not have room.
            session.do_send(order);
        }
    }
}

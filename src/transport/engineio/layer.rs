//! The seam between a session of Engine.IO and what runs above it.
use super::session::{Close, EngineSession};
use crate::broker::{Due, Outbox, Pushed, Worker};
use crate::metrics::Metrics;
use actix::WeakAddr;
use actix_http::header::HeaderMap;
use bytes::Bytes;
use bytestring::ByteString;
use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// What runs above the sessions of an endpoint.
pub trait Layer: Send + Sync + 'static {
    /// Begins the upper half of a session.
    fn open(&self, way: Rc<Way>, arrival: &Arrival) -> Box<dyn Upper>;

    /// The name for metrics and logs.
    fn name(&self) -> &'static str;
}

/// One session's upper half. Called on the session's thread only.
pub trait Upper: 'static {
    /// Takes a message of text. An error ends the session at once.
    fn text(&mut self, text: ByteString) -> Result<(), Broken>;

    /// Takes a message of bytes. An error ends the session at once.
    fn binary(&mut self, bytes: Bytes) -> Result<(), Broken>;

    /// Ready while another message may be read; what is not read stays in the socket, or holds up the answer to a POST.
    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<()>;

    /// The time that [`Way::wake_after`] asked for is over.
    fn due(&mut self);

    /// The session is over, for this reason in the words of the original.
    fn closed(&mut self, reason: &'static str);
}

/// The client broke the rules: why, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken(pub &'static str);

/// What the handshake said.
pub struct Arrival {
    pub(super) headers: HeaderMap,
    pub(super) query: String,
}

impl Arrival {
    /// A header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The query without its question mark.
    pub fn query(&self) -> &str {
        &self.query
    }
}

/// The way down to the client, whatever transport carries it. Holds WebSocket frames; those of a polling client are unpacked
/// when it fetches them.
pub struct Way {
    pub(super) outbox: Rc<Outbox>,
    worker: Rc<Worker>,
    session: WeakAddr<EngineSession>,
    /// Somebody is there to take what is queued: a WebSocket, or a GET that waits.
    pub(super) is_reached: Cell<bool>,
}

impl Way {
    pub(super) fn new(outbox: Rc<Outbox>, worker: Rc<Worker>, session: WeakAddr<EngineSession>) -> Rc<Self> {
        Rc::new(Way { outbox, worker, session, is_reached: Cell::new(false) })
    }

    /// Queues frames that the client did not ask for: one or several whole WebSocket frames. Past the bound the session ends.
    pub fn push(&self, frames: Bytes) -> Pushed {
        let pushed = self.outbox.push(frames);
        if pushed == Pushed::Overflow {
            Metrics::count(&self.worker.node().metrics().drops, "slow");
            self.tell(Close { is_cut: true });
        }
        pushed
    }

    /// Queues an answer; while more than the bound is queued, nothing more is read.
    pub fn answer(&self, frames: Bytes) {
        self.outbox.answer(frames);
    }

    /// Whether what is queued now leaves at once.
    pub fn is_writable(&self) -> bool {
        self.is_reached.get() && self.outbox.bytes() == 0
    }

    /// Ends the session when what is queued has been delivered.
    pub fn close(&self) {
        self.tell(Close { is_cut: false });
    }

    /// Calls [`Upper::due`] after this time.
    pub fn wake_after(&self, time: Duration) {
        if let Some(session) = self.session.upgrade() {
            self.worker.deadlines().after(time, session.downgrade().recipient(), Due::Linger);
        }
    }

    /// The worker that the session lives on.
    pub fn worker(&self) -> &Rc<Worker> {
        &self.worker
    }

    fn tell(&self, close: Close) {
        if let Some(session) = self.session.upgrade() {
            session.do_send(close);
        }
    }
}

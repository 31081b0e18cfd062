//! The upgrade from polling to a WebSocket: the socket is passed to the thread of its session, proves that it works, and takes over.
use super::{EngineSession, LAST_WORDS, reader::Reader};
use crate::broker::Due;
use crate::delivery::{Cut, Outbox, Outgoing, WhenFull};
use crate::metrics::Metrics;
use crate::protocol::Frame;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::carrier::{pump, websocket};
use crate::transport::engineio::client_link::Taker;
use crate::transport::inbound::Inbound;
use crate::transport::line::{Line, Movable, Socket};
use actix::prelude::*;
use actix_web::rt::net::TcpStream;
use bytes::{Bytes, BytesMut};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// While a candidate works, a poll is ended so often: the client waits for its end before it moves.
const NUDGE: Duration = Duration::from_millis(100);
/// Bytes that may wait for a candidate: its handshake and a few short frames.
const CANDIDATE: usize = 4096;

/// A WebSocket that its client opened for a session that polls.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Offer {
    pub socket: Movable,
    /// What of it was read already.
    pub early: Bytes,
    /// The answer to its handshake, if it was not yet sent.
    pub head: Bytes,
}

/// A WebSocket that may come to carry the session.
pub(super) struct Candidate {
    number: u64,
    outbox: Rc<Outbox>,
    cut: Rc<dyn Cut>,
    /// What its writer goes on with when the outbox has ended.
    next: Rc<Cell<Option<Rc<Outbox>>>>,
    is_probed: bool,
}

impl Candidate {
    /// A client that lets these pile up is cut off.
    pub fn push(&self, frame: Frame) {
        self.outbox.put(Outgoing::Push(frame, WhenFull::Disconnect));
    }

    /// Closes it, for a client that reads the close in time or is cut off. Its session may be gone by then.
    pub fn part(&self) {
        self.outbox.put(Outgoing::Last(Some(websocket::close_without_status())));
        let outbox = self.outbox.clone();
        actix_rt::spawn(async move {
            tokio::time::sleep(LAST_WORDS).await;
            outbox.cut_if_stuck();
        });
    }
}

impl Handler<Offer> for EngineSession {
    type Result = ();

    fn handle(&mut self, offer: Offer, ctx: &mut Self::Context) {
        let Offer { socket, early, head } = offer;
        match socket {
            Movable::Plain(socket) => match TcpStream::from_std(socket) {
                Ok(socket) => self.consider(socket, early, head, ctx),
                Err(error) => log::debug!("an upgrade ended before its socket was taken over: {error}"),
            },
            Movable::Bound(socket) => self.consider(socket, early, head, ctx),
        }
    }
}

impl EngineSession {
    fn consider<T: Socket>(&mut self, socket: T, early: Bytes, head: Bytes, ctx: &mut Context<Self>) {
        let is_taken = self.link.taker() == Taker::WebSocket || self.candidate.is_some();
        if is_taken || !self.is_open() {
            self.count_upgrade("refused");
            let mut words = BytesMut::from(&head[..]);
            words.extend_from_slice(websocket::close_without_status().websocket());
            actix_rt::spawn(pump::dismiss(socket, words.freeze()));
            return;
        }
        self.candidates += 1;
        let number = self.candidates;
        let line = Line::new(socket);
        let cut = line.clone();
        let outbox = Outbox::new(CANDIDATE, self.link.worker().outbox_bytes().clone(), Some(cut.clone()));
        if !head.is_empty() {
            outbox.begin_with(Frame::without_message(head));
        }
        let next = Rc::new(Cell::new(None));
        let incoming = pump::Reader::new(line.clone(), early);
        actix_rt::spawn(pump::write_in_turn(line, outbox.clone(), next.clone()));
        ctx.spawn(Reader::of_candidate(Inbound::new(incoming, self.config().max_payload), number));
        self.candidate = Some(Box::new(Candidate { number, outbox, cut, next, is_probed: false }));
        self.link.after(self.config().upgrade_timeout, Due::Own(number));
    }

    pub(super) fn is_candidate(&self, number: u64) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| candidate.number == number)
    }

    /// The candidate works: the client is told, and its polls are ended from now on.
    pub(super) fn probed(&mut self) {
        let Some(candidate) = &mut self.candidate else { return };
        let was_probed = std::mem::replace(&mut candidate.is_probed, true);
        let answer = EnginePacket::Pong("probe".into()).frame();
        candidate.push(answer);
        if !was_probed {
            self.nudge();
        }
    }

    fn nudge(&mut self) {
        let Some(candidate) = &self.candidate else { return };
        let number = candidate.number;
        if self.link.outbox().bytes() == 0 {
            self.end_poll();
        }
        self.link.after(NUDGE, Due::Own(NUDGES | number));
    }

    /// A deadline of a candidate: of one that is gone, if it is not this one's.
    pub(super) fn candidate_due(&mut self, due: u64) {
        if !self.is_candidate(due & !NUDGES) {
            return;
        }
        match due & NUDGES {
            0 => {
                self.count_upgrade("timeout");
                self.dismiss_candidate();
            }
            _ => self.nudge(),
        }
    }

    /// The candidate carries the session from now on. What is queued follows what the candidate itself was told.
    pub(super) fn switch(&mut self) {
        let Some(candidate) = self.candidate.take() else { return };
        // A client that asks for packets while it moves has its poll ended; the packets go the new way.
        self.end_poll();
        self.endpoint.carried_by(self.link.taker()).dec();
        self.link.set_taker(Taker::WebSocket);
        self.endpoint.carried_by(Taker::WebSocket).inc();
        self.entry.set_upgraded();
        let outbox = self.link.outbox();
        outbox.cut_with(candidate.cut);
        candidate.next.set(Some(outbox.clone()));
        candidate.outbox.put(Outgoing::Last(None));
        self.count_upgrade("done");
    }

    pub(super) fn count_upgrade(&self, outcome: &str) {
        Metrics::count(&self.metrics().upgrades, outcome);
    }
}

/// Marks the deadlines at which a candidate ends polls.
const NUDGES: u64 = 1 << 63;

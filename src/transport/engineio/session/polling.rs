//! Requests of a client that polls: one waiting poll, and one POST in progress.
use super::{EngineSession, Parting, reason};
use crate::protocol::socketio::engine::{EnginePacket, Polled};
use crate::transport::engineio::client_link::Taker;
use actix::fut::ActorFuture;
use actix::prelude::*;
use bytes::Bytes;
use bytestring::ByteString;
use std::pin::Pin;
use std::task::{self, ready};
use tokio::sync::oneshot;

/// Packets that one body brings before others have their turn (decision 30).
const BUDGET: usize = 16;

/// Asks for packets.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Poll {
    /// Dropped without an answer where the session ends, or does not exist for this request.
    pub answer: oneshot::Sender<PollAnswer>,
}

/// Brings packets.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Post {
    pub body: Bytes,
    /// As above.
    pub answer: oneshot::Sender<PollAnswer>,
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub enum PollAnswer {
    /// These packets.
    Packets(ByteString),
    /// What was brought has been worked off.
    Done,
    /// The session has left polling.
    Moved,
    /// There may not be two of its kind.
    Second,
}

impl Handler<Poll> for EngineSession {
    type Result = ();

    fn handle(&mut self, Poll { answer }: Poll, ctx: &mut Self::Context) {
        if self.is_given_up(ctx) {
            return;
        }
        match self.link.taker() {
            Taker::WebSocket => drop(answer.send(PollAnswer::Moved)),
            Taker::Poll => {
                drop(answer.send(PollAnswer::Second));
                self.end(reason::ERROR, Parting::Now, ctx);
            }
            Taker::Nobody => {
                self.poll = Some(answer);
                self.link.set_taker(Taker::Poll);
                self.metrics().polls.inc();
                let (is_open, is_queued) = (self.link.outbox().is_open(), self.link.outbox().bytes() > 0);
                // What is queued goes before the close, and not in one body with it.
                if is_queued && !self.is_left {
                    self.answer_queued(ctx);
                } else if !is_open {
                    self.answer_poll(if self.is_left { EnginePacket::Noop } else { EnginePacket::Close });
                    self.leave(ctx);
                } else {
                    ctx.spawn(Waiting { is_gathered: false });
                }
            }
        }
    }
}

impl Handler<Post> for EngineSession {
    type Result = ();

    fn handle(&mut self, Post { body, answer }: Post, ctx: &mut Self::Context) {
        if self.is_given_up(ctx) || self.is_left {
            return;
        }
        if self.link.taker() == Taker::WebSocket {
            return drop(answer.send(PollAnswer::Moved));
        }
        match Polled::new(body) {
            Ok(packets) => {
                self.is_posting = true;
                ctx.spawn(Posted { packets, answer: Some(answer) });
            }
            Err(_) => {
                drop(answer.send(PollAnswer::Done));
                self.end(reason::PARSE, Parting::Now, ctx);
            }
        }
    }
}

impl EngineSession {
    /// Answers the poll that waits, if there is one, with what is queued and this.
    pub(super) fn answer_poll(&mut self, last: EnginePacket) -> bool {
        let body = |session: &Self| session.link.take_packets(Some(last));
        self.answer_with(body)
    }

    pub(super) fn answer_queued(&mut self, ctx: &mut Context<Self>) {
        if !self.answer_with(|session| session.link.take_packets(None)) {
            self.aborted(ctx);
        }
    }

    /// Ends the poll that waits, if there is one; what is queued stays.
    pub(super) fn end_poll(&mut self) {
        // Whether it still has a client is no matter of a session that goes on elsewhere.
        self.answer_with(|_| ByteString::from_static("6"));
    }

    /// Whether there was a client to answer.
    fn answer_with(&mut self, packets: impl FnOnce(&Self) -> ByteString) -> bool {
        let Some(poll) = self.take_poll() else { return true };
        !poll.is_closed() && poll.send(PollAnswer::Packets(packets(self))).is_ok()
    }

    /// From here on none waits.
    pub(super) fn take_poll(&mut self) -> Option<oneshot::Sender<PollAnswer>> {
        let poll = self.poll.take()?;
        self.link.set_taker(Taker::Nobody);
        self.metrics().polls.dec();
        Some(poll)
    }

    /// The client gave up its poll. It cannot know what it missed, so its session ends.
    fn aborted(&mut self, ctx: &mut Context<Self>) {
        self.metrics().polls_aborted.inc();
        self.take_poll();
        self.end(reason::ERROR, Parting::Now, ctx);
    }
}

/// Waits for packets, or for the client to give up. An idle poll is no more than this, and a request that waits.
struct Waiting {
    is_gathered: bool,
}

impl ActorFuture<EngineSession> for Waiting {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        session: &mut EngineSession,
        ctx: &mut Context<EngineSession>,
        cx: &mut task::Context<'_>,
    ) -> task::Poll<()> {
        let Some(poll) = &mut session.poll else { return task::Poll::Ready(()) };
        if poll.poll_closed(cx).is_ready() {
            session.aborted(ctx);
            return task::Poll::Ready(());
        }
        if !ready!(session.link.outbox().poll_frames(cx)) {
            // It was ended, and is about to be told so.
            return task::Poll::Ready(());
        }
        // Behind all that waits for this thread now: what else is published until then leaves with the same answer.
        if !std::mem::replace(&mut self.is_gathered, true) {
            cx.waker().wake_by_ref();
            return task::Poll::Pending;
        }
        session.answer_queued(ctx);
        task::Poll::Ready(())
    }
}

/// A POST that is worked off, packet by packet, as fast as the layer above takes them.
struct Posted {
    packets: Polled,
    answer: Option<oneshot::Sender<PollAnswer>>,
}

impl ActorFuture<EngineSession> for Posted {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        session: &mut EngineSession,
        ctx: &mut Context<EngineSession>,
        cx: &mut task::Context<'_>,
    ) -> task::Poll<()> {
        for _ in 0..BUDGET {
            if !session.is_open() {
                return self.finish(session, cx);
            }
            ready!(session.poll_ready(cx));
            match self.packets.next() {
                Some(Ok(packet)) => session.packet(packet, ctx),
                Some(Err(_)) => session.end(reason::PARSE, Parting::Now, ctx),
                None => {
                    ready!(session.poll_settled(cx));
                    return self.finish(session, cx);
                }
            }
        }
        cx.waker().wake_by_ref();
        task::Poll::Pending
    }
}

impl Posted {
    /// The POST is answered however its packets were: a client learns by its poll that its session is over.
    fn finish(&mut self, session: &mut EngineSession, cx: &mut task::Context<'_>) -> task::Poll<()> {
        session.is_posting = false;
        if session.is_left && session.link.taker() == Taker::Nobody {
            // Answered when the session is gone, so that only a poll that is on its way already finds it.
            session.farewell = self.answer.take();
        }
        if let Some(answer) = self.answer.take() {
            // A client that has left has no use for it.
            drop(answer.send(PollAnswer::Done));
        }
        // A WebSocket that has taken over meanwhile waits for it.
        cx.waker().wake_by_ref();
        task::Poll::Ready(())
    }
}

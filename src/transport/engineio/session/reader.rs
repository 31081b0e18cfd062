//! Messages of a WebSocket that carries the session or is about to.
use super::{EngineSession, HALF_CLOSED, Parting, reason};
use crate::delivery::Outgoing;
use crate::protocol::Frame;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::carrier::websocket;
use crate::transport::engineio::client_link::Taker;
use crate::transport::inbound::{Broken, Inbound, Message};
use actix::fut::ActorFuture;
use actix::prelude::*;
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{self, ready};

/// Messages read in a row before others have their turn (decision 30).
const BUDGET: usize = 16;

/// Status codes (RFC 6455, section 7.4.1).
const PROTOCOL: u16 = 1002;
const NOT_UTF8: u16 = 1007;
const TOO_LARGE: u16 = 1009;

/// Reads a WebSocket as long as its session wants more.
pub(super) struct Reader<P> {
    inbound: Inbound<P>,
    role: Role,
}

/// What a WebSocket is to its session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It carries the session.
    Transport,
    /// It may come to carry it.
    Candidate(u64),
    /// It is being closed; what it brings is dropped, until its client has read the close.
    Dismissed,
}

impl<P> Reader<P> {
    pub fn of_transport(inbound: Inbound<P>) -> Self {
        Reader { inbound, role: Role::Transport }
    }

    pub fn of_candidate(inbound: Inbound<P>, number: u64) -> Self {
        Reader { inbound, role: Role::Candidate(number) }
    }
}

impl<P: Stream<Item = Result<Bytes, E>> + Unpin, E> ActorFuture<EngineSession> for Reader<P> {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        session: &mut EngineSession,
        ctx: &mut Context<EngineSession>,
        cx: &mut task::Context<'_>,
    ) -> task::Poll<()> {
        let this = self.get_mut();
        for _ in 0..BUDGET {
            match this.role {
                Role::Transport => ready!(session.poll_next_message(cx)),
                Role::Candidate(number) if !session.is_candidate(number) => this.role = Role::Dismissed,
                Role::Candidate(_) | Role::Dismissed => {}
            }
            let message = ready!(this.inbound.poll_message(cx));
            match (this.role, message) {
                // A close is answered with a close (RFC 6455, section 5.5.1), and nothing comes after it.
                (Role::Transport, Ok(Message::Close)) => {
                    session.end(reason::CLIENT, Parting::Silent, ctx);
                    session.gone_after_last_words(ctx);
                    return task::Poll::Ready(());
                }
                (Role::Dismissed, Ok(Message::Close) | Err(_)) => return task::Poll::Ready(()),
                (Role::Candidate(_), Ok(Message::Close) | Err(_)) => {
                    session.fail_candidate("broken");
                    return task::Poll::Ready(());
                }
                (Role::Transport, Ok(message)) => session.received(message, ctx),
                (Role::Transport, Err(broken)) => {
                    session.broken(broken, ctx);
                    return task::Poll::Ready(());
                }
                (Role::Candidate(_), Ok(message)) if session.is_answer(&message) => {
                    this.role = Role::Transport;
                    session.switch();
                }
                (Role::Candidate(_), Ok(message)) => session.probe(message),
                (Role::Dismissed, Ok(_)) => {}
            }
        }
        cx.waker().wake_by_ref();
        task::Poll::Pending
    }
}

impl EngineSession {
    /// Ready while the next message may be read. Those of a POST come before those of the WebSocket that has taken over.
    fn poll_next_message(&mut self, cx: &mut task::Context<'_>) -> task::Poll<()> {
        match self.is_posting {
            true => task::Poll::Pending,
            false => self.poll_ready(cx),
        }
    }

    fn received(&mut self, message: Message, ctx: &mut Context<Self>) {
        if !self.is_open() {
            return;
        }
        match message {
            Message::Text(text) => match ByteString::try_from(text) {
                Ok(text) => match EnginePacket::decode(&text) {
                    Ok(packet) => self.packet(packet, ctx),
                    Err(_) => self.end(reason::PARSE, Parting::Now, ctx),
                },
                Err(_) => self.end_with(reason::ERROR, Parting::Now, websocket::close(NOT_UTF8, ""), ctx),
            },
            Message::Binary(bytes) => self.packet(EnginePacket::Binary(bytes), ctx),
            Message::Ping(payload) => {
                self.link.put(Outgoing::Ping(websocket::pong(&payload)));
            }
            Message::Pong | Message::Close => {}
        }
    }

    /// Nothing more will come.
    fn broken(&mut self, broken: Broken, ctx: &mut Context<Self>) {
        let last = match broken {
            Broken::Gone if self.upper.is_none() => return self.gone_after_last_words(ctx),
            Broken::Gone => {
                self.end(reason::CLIENT, Parting::Silent, ctx);
                self.link.outbox().kill();
                return ctx.stop();
            }
            Broken::TooLarge => websocket::close(TOO_LARGE, ""),
            Broken::Protocol => websocket::close(PROTOCOL, ""),
        };
        self.end_with(reason::ERROR, Parting::Now, last, ctx);
    }

    fn gone_after_last_words(&mut self, ctx: &mut Context<Self>) {
        match self.link.outbox().bytes() {
            0 => ctx.stop(),
            _ => self.linger(HALF_CLOSED),
        }
    }

    /// Whether a message of the candidate moves the session to it.
    fn is_answer(&self, message: &Message) -> bool {
        self.is_open()
            && self.link.taker() != Taker::WebSocket
            && matches!(message, Message::Text(text) if text[..] == *b"5")
    }

    fn probe(&mut self, message: Message) {
        match message {
            Message::Text(text) if text[..] == *b"2probe" => self.probed(),
            Message::Ping(payload) => self.answer_candidate(websocket::pong(&payload)),
            Message::Pong | Message::Close => {}
            Message::Text(_) | Message::Binary(_) => self.fail_candidate("refused"),
        }
    }

    fn answer_candidate(&self, frame: Frame) {
        if let Some(candidate) = &self.candidate {
            candidate.push(frame);
        }
    }

    fn fail_candidate(&mut self, outcome: &str) {
        if self.candidate.is_some() {
            self.count_upgrade(outcome);
        }
        self.dismiss_candidate();
    }

    /// Closes the candidate, if there is one; the session stays where it is.
    pub(super) fn dismiss_candidate(&mut self) {
        if let Some(candidate) = self.candidate.take() {
            candidate.part();
        }
    }
}

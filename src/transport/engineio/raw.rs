//! An endpoint without a layer above Engine.IO: one handler takes its messages and answers with others.
use super::client_link::ClientLink;
use super::layer::{Broken, Layer, Upper};
use crate::broker::handler::{Call, Caller};
use crate::delivery::Outgoing;
use crate::metrics::Metrics;
use crate::protocol::socketio::engine::EnginePacket;
use crate::transport::Arrival;
use crate::types::{BoxFuture, Fault, ReplyError};
use bytes::Bytes;
use bytestring::ByteString;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

/// A message of a client, for a handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineCall {
    /// Tells the sessions of one endpoint apart; not the secret that its client knows it by.
    pub session: u64,
    /// What it says.
    pub message: EngineMessage,
}

impl Call for EngineCall {
    /// What is sent back.
    type Answer = Vec<EngineMessage>;
}

/// One message, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineMessage {
    /// Text.
    Text(ByteString),
    /// Bytes.
    Binary(Bytes),
}

/// Gives the messages of all sessions to one handler. Its answers leave in the order of what they answer.
pub struct RawLayer {
    handler: Caller<EngineCall>,
    next: AtomicU64,
}

impl RawLayer {
    /// A layer that asks this handler.
    pub fn new(handler: Caller<EngineCall>) -> Self {
        RawLayer { handler, next: AtomicU64::new(0) }
    }
}

impl Layer for RawLayer {
    fn open(&self, link: Rc<ClientLink>, _: &Arrival<'_>) -> Box<dyn Upper> {
        let session = self.next.fetch_add(1, Ordering::Relaxed);
        let limit = link.worker().node().limits().unanswered_commands;
        let asked = Asked {
            link,
            waiting: RefCell::default(),
            unanswered: Cell::new(0),
            room: Cell::default(),
            is_over: Cell::default(),
        };
        Box::new(Raw { session, handler: self.handler.clone(), asked: Rc::new(asked), limit })
    }

    fn name(&self) -> &'static str {
        "engineio"
    }
}

struct Raw {
    session: u64,
    handler: Caller<EngineCall>,
    asked: Rc<Asked>,
    limit: usize,
}

/// What the handler will say to one message.
type Answer = BoxFuture<Result<Vec<EngineMessage>, Fault>>;

/// What the handler was asked, first to last.
struct Asked {
    link: Rc<ClientLink>,
    waiting: RefCell<VecDeque<Answer>>,
    /// Those that wait, and the one that is being answered.
    unanswered: Cell<usize>,
    room: Cell<Option<Waker>>,
    is_over: Cell<bool>,
}

impl Raw {
    fn ask(&mut self, message: EngineMessage) -> Result<(), Broken> {
        let answer = self.handler.ask(EngineCall { session: self.session, message });
        self.asked.waiting.borrow_mut().push_back(answer);
        let unanswered = self.asked.unanswered.get();
        self.asked.unanswered.set(unanswered + 1);
        if unanswered == 0 {
            // A session that asks nothing has no task.
            actix_rt::spawn(self.asked.clone().answer());
        }
        Ok(())
    }
}

impl Asked {
    async fn answer(self: Rc<Self>) {
        while let Some(answer) = self.next() {
            match answer.await {
                Ok(messages) => messages.into_iter().for_each(|message| self.send(message)),
                Err(fault) => {
                    log::warn!("an Engine.IO message could not be answered: {fault}");
                    if !is_counted(&fault) {
                        Metrics::count(&self.link.worker().node().metrics().handler_failures, "error");
                    }
                }
            }
            self.unanswered.set(self.unanswered.get() - 1);
            if let Some(waker) = self.room.take() {
                waker.wake();
            }
        }
    }

    fn next(&self) -> Option<Answer> {
        self.waiting.borrow_mut().pop_front().filter(|_| !self.is_over.get())
    }

    fn send(&self, message: EngineMessage) {
        let packet = match message {
            EngineMessage::Text(text) => EnginePacket::Text(text),
            EngineMessage::Binary(bytes) => EnginePacket::Binary(bytes),
        };
        self.link.put(Outgoing::Reply(packet.frame()));
    }
}

/// Panics, calls that took too long and calls too many were counted where they were found.
fn is_counted(fault: &Fault) -> bool {
    matches!(fault, Fault::Reply(error) if *error == ReplyError::INTERNAL || *error == ReplyError::TOO_MANY_REQUESTS)
}

impl Upper for Raw {
    fn text(&mut self, text: ByteString) -> Result<(), Broken> {
        self.ask(EngineMessage::Text(text))
    }

    fn binary(&mut self, bytes: Bytes) -> Result<(), Broken> {
        self.ask(EngineMessage::Binary(bytes))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.asked.unanswered.get() < self.limit {
            return Poll::Ready(());
        }
        self.asked.room.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    /// Bounded by the time that a handler may take.
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.asked.unanswered.get() == 0 {
            return Poll::Ready(());
        }
        self.asked.room.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn due(&mut self) {}

    fn closed(&mut self, _: &'static str) {
        self.asked.is_over.set(true);
    }
}

//! The queue of encoded frames between a connection's writers and its socket.
mod queue;

use super::QueueDescription;
use super::flusher::{self, Flush};
use crate::protocol::Frame;
use queue::FrameQueue;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll, Waker, ready};

/// Cuts a socket from outside: a peer that does not read keeps its socket from ever being polled again, so waking its
/// writer is not enough.
pub trait Cut {
    /// Shuts the socket down in both directions.
    fn cut(&self);
}

/// What is queued for one client, bounded in bytes. Frames are shared by all listeners of an encoding; whatever drains the queue, the
/// client's carrier, decides how they leave.
pub struct Outbox {
    state: RefCell<State>,
    limit: usize,
    /// Bytes queued on this worker; one writer, so no contention.
    worker_bytes: Arc<AtomicI64>,
}

struct State {
    queue: FrameQueue,
    end: End,
    reader: Option<Waker>,
    notice: Notice,
    room: Option<Waker>,
    /// Who reads the socket, to be told that it ends.
    over: Option<Waker>,
    cut: Option<Rc<dyn Cut>>,
}

/// Who is told that something is queued.
enum Notice {
    /// The task that takes the frames.
    Reader,
    /// The flusher of the thread: it writes for this socket without waking a task of its own.
    Flusher(Weak<dyn Flush>),
    /// Nobody: the socket's turn is coming, or its task waits for room in the socket.
    Told,
}

#[derive(PartialEq, Clone, Copy)]
enum End {
    Open,
    /// Takes no more, ends when drained.
    Draining,
    /// Ended; whatever was queued is gone.
    Dead,
}

/// What is to be queued. Its kind decides what bounds it.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// An answer. It has no bound of its own: while more than the bound is queued no further command is read.
    Reply(Frame),
    /// Something that the client did not ask for. What does not fit is dealt with by this policy; an empty outbox takes any one
    /// frame (decision 18).
    Push(Frame, WhenFull),
    /// A heartbeat, or the answer to one. A peer for which it does not fit is cut, as it reads nothing.
    Ping(Frame),
    /// The last frame, if there is one: the socket ends when all is written.
    Last(Option<Frame>),
}

/// What is done about a push that does not fit. It comes with the listener, as it is a matter of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenFull {
    /// The connection is cut: its client reads too slowly, and comes back for what it missed.
    #[default]
    Disconnect,
}

/// Whether a frame was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It will be written.
    Queued,
    /// The outbox had ended before.
    Ended,
    /// It did not fit: the connection was cut, and everything queued for it is gone.
    Overflow,
}

impl Outbox {
    /// An empty outbox that holds pushes up to `limit` bytes. `worker_bytes` sums what is queued on this thread; `cut`
    /// ends the socket at the bound.
    pub fn new(limit: usize, worker_bytes: Arc<AtomicI64>, cut: Option<Rc<dyn Cut>>) -> Rc<Self> {
        let state = State {
            queue: FrameQueue::default(),
            end: End::Open,
            reader: None,
            notice: Notice::Reader,
            room: None,
            over: None,
            cut,
        };
        Rc::new(Outbox { state: RefCell::new(state), limit, worker_bytes })
    }

    /// Queues something, by the rule of its kind. Nothing is taken behind the last.
    #[inline]
    pub fn put(&self, outgoing: Outgoing) -> Pushed {
        match outgoing {
            Outgoing::Push(frame, WhenFull::Disconnect) | Outgoing::Ping(frame) => self.add(frame, self.limit),
            Outgoing::Reply(frame) => self.add(frame, usize::MAX),
            Outgoing::Last(last) => self.finish(last),
        }
    }

    fn add(&self, frame: Frame, bound: usize) -> Pushed {
        let mut state = self.state.borrow_mut();
        if state.end != End::Open {
            return Pushed::Ended;
        }
        if !state.queue.is_empty() && state.queue.bytes() + frame.size() > bound {
            drop(state);
            self.kill();
            return Pushed::Overflow;
        }
        self.queue(&mut state, frame);
        Pushed::Queued
    }

    fn finish(&self, last: Option<Frame>) -> Pushed {
        let mut state = self.state.borrow_mut();
        if state.end != End::Open {
            return Pushed::Ended;
        }
        if let Some(frame) = last {
            self.queue(&mut state, frame);
        }
        state.end = End::Draining;
        wake(&mut state.reader);
        wake(&mut state.over);
        Pushed::Queued
    }

    /// Drops all that is queued and ends the socket at once.
    pub fn kill(&self) {
        let mut state = self.state.borrow_mut();
        if state.end == End::Dead {
            return;
        }
        state.end = End::Dead;
        self.account(-(state.queue.clear() as i64));
        wake(&mut state.reader);
        wake(&mut state.room);
        wake(&mut state.over);
        if let Some(cut) = state.cut.take() {
            cut.cut();
        }
    }

    /// From now on this socket is what is cut.
    pub fn cut_with(&self, cut: Rc<dyn Cut>) {
        self.state.borrow_mut().cut = Some(cut);
    }

    /// Cuts the socket if it has not drained: the last step of a stop.
    pub fn cut_if_stuck(&self) {
        let stuck = !self.state.borrow().queue.is_empty();
        if stuck {
            self.kill();
        }
    }

    /// The socket is gone: nothing is written any more.
    pub fn abandon(&self) {
        let mut state = self.state.borrow_mut();
        state.cut = None;
        state.notice = Notice::Reader;
        drop(state);
        self.kill();
    }

    /// The next frame to write; none at the end. For carriers that take one frame at a time.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        match ready!(self.poll_frames(cx)) {
            true => Poll::Ready(self.take()),
            false => Poll::Ready(None),
        }
    }

    /// Takes the first frame that is queued.
    pub fn take(&self) -> Option<Frame> {
        let mut state = self.state.borrow_mut();
        let frame = state.queue.pop_front()?;
        self.taken(&mut state, frame.size());
        Some(frame)
    }

    /// Ready when something is to be written; false at the end. For carriers that take many frames at a time, by [`Outbox::take`]
    /// or by [`Outbox::with_frames`] and [`Outbox::consume`].
    pub fn poll_frames(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.state.borrow_mut();
        if !state.queue.is_empty() {
            return Poll::Ready(true);
        }
        if state.end != End::Open {
            return Poll::Ready(false);
        }
        register(&mut state.reader, cx);
        Poll::Pending
    }

    /// Has the thread's flusher write what is queued from now on, as long as it can. Where something is left that it could
    /// not write, the task that [`Outbox::poll_frames`] keeps waiting takes over, until it calls this again.
    pub fn flush_with<F: Flush + 'static>(&self, socket: &Rc<F>) {
        let mut state = self.state.borrow_mut();
        if !state.queue.is_empty() {
            wake(&mut state.reader);
        } else if state.end == End::Open {
            let socket: Weak<F> = Rc::downgrade(socket);
            state.notice = Notice::Flusher(socket);
        }
    }

    /// Shows the queued frames, first to last, and leaves them there; of the first so many bytes are written already.
    pub fn with_frames<R>(&self, look: impl FnOnce(&mut dyn Iterator<Item = &Frame>, usize) -> R) -> R {
        let queue = &self.state.borrow().queue;
        look(&mut queue.iter(), queue.written())
    }

    /// Takes off as many bytes as were written.
    pub fn consume(&self, written: usize) {
        let mut state = self.state.borrow_mut();
        let taken = state.queue.advance(written);
        self.taken(&mut state, taken);
    }

    /// Puts the answer to the handshake in front of everything else.
    pub fn begin_with(&self, head: Frame) {
        let mut state = self.state.borrow_mut();
        if state.end != End::Dead {
            self.account(head.size() as i64);
            state.queue.push_front(head);
            tell(&mut state);
        }
    }

    /// Ready while no more than the bound is queued: the next command of the connection may be read.
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.queue.bytes() <= self.limit || state.end == End::Dead {
            return Poll::Ready(());
        }
        register(&mut state.room, cx);
        Poll::Pending
    }

    /// Ready when no more is taken: nothing more of the client is to be obeyed.
    pub fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_end(cx, |end| end != End::Open)
    }

    /// Ready when nothing is written any more: the last was written, or the socket is gone.
    pub fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_end(cx, |end| end == End::Dead)
    }

    fn poll_end(&self, cx: &mut Context<'_>, has_come: impl Fn(End) -> bool) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if has_come(state.end) {
            return Poll::Ready(());
        }
        register(&mut state.over, cx);
        Poll::Pending
    }

    /// Bytes queued.
    pub fn bytes(&self) -> usize {
        self.state.borrow().queue.bytes()
    }

    /// How full it is, for operators.
    pub fn describe(&self) -> QueueDescription {
        let queue = &self.state.borrow().queue;
        QueueDescription { bytes: queue.bytes(), messages: queue.len(), limit: self.limit }
    }

    /// Whether frames are still taken.
    pub fn is_open(&self) -> bool {
        self.state.borrow().end == End::Open
    }

    fn queue(&self, state: &mut State, frame: Frame) {
        self.account(frame.size() as i64);
        state.queue.push_back(frame);
        tell(state);
    }

    fn taken(&self, state: &mut State, bytes: usize) {
        self.account(-(bytes as i64));
        if state.queue.bytes() <= self.limit {
            wake(&mut state.room);
        }
    }

    fn account(&self, bytes: i64) {
        // One thread writes it, so load and store make no race and cost no locked instruction.
        self.worker_bytes.store(self.worker_bytes.load(Ordering::Relaxed) + bytes, Ordering::Relaxed);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let bytes = self.state.get_mut().queue.bytes();
        self.account(-(bytes as i64));
    }
}

fn tell(state: &mut State) {
    match std::mem::replace(&mut state.notice, Notice::Told) {
        Notice::Flusher(socket) => flusher::flush_later(socket),
        Notice::Told => {}
        Notice::Reader => {
            state.notice = Notice::Reader;
            wake(&mut state.reader);
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn register(slot: &mut Option<Waker>, cx: &mut Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

#[cfg(test)]
mod tests;

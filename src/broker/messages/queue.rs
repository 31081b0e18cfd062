//! The events that wait for one listener: at most a fixed number. The oldest are dropped first, and dropped ones are counted.
use super::ReceivedEvent;
use crate::delivery::Loss;
use crate::types::Event;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

/// What a listener takes out of its queue.
pub(super) enum Next {
    Event(Arc<Event>),
    Lost(Loss),
    Revoked,
}

/// The queue of one listener.
pub(super) struct EventQueue {
    state: Mutex<State>,
    most: usize,
}

#[derive(Default)]
struct State {
    /// Each with what was lost directly before it.
    waiting: VecDeque<(Loss, Arc<Event>)>,
    /// What was lost after the last of them.
    lost: Option<Loss>,
    is_closed: bool,
    /// That is what it ends with.
    is_revoked: bool,
    reader: Option<Waker>,
}

impl EventQueue {
    /// At most this many events wait.
    pub fn new(most: usize) -> Self {
        EventQueue { state: Mutex::default(), most: most.max(1) }
    }

    /// Puts an event in; whether an older one had to go for it.
    pub fn push(&self, event: &Arc<Event>) -> bool {
        let mut state = self.state();
        if state.is_closed {
            return false;
        }
        let before = state.lost.take().unwrap_or(Loss::NONE);
        state.waiting.push_back((before, event.clone()));
        let is_over = state.waiting.len() > self.most;
        if is_over && let Some((lost, _)) = state.waiting.pop_front() {
            let lost = lost.and(Loss { count: 1, is_exact: true });
            // There is a next one: the bound is at least 1.
            if let Some((before, _)) = state.waiting.front_mut() {
                *before = lost.and(*before);
            }
        }
        state.wake();
        is_over
    }

    /// Something was lost here.
    pub fn lose(&self, loss: Loss) {
        let mut state = self.state();
        state.lost = Some(state.lost.unwrap_or(Loss::NONE).and(loss));
        state.wake();
    }

    /// Nothing more is put in; what waits can still be taken out.
    pub fn end(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.wake();
    }

    /// Nothing more is put in; what waits can still be taken out, and then that it was revoked.
    pub fn revoke(&self) {
        let mut state = self.state();
        (state.is_closed, state.is_revoked) = (true, true);
        state.wake();
    }

    /// Nothing more is put in or taken out.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        (state.waiting, state.lost) = (VecDeque::new(), None);
        state.wake();
    }

    /// The next event, or what was lost before it; none when it is over.
    pub fn poll_next(&self, task: &mut Context<'_>) -> Poll<Option<Next>> {
        let mut state = self.state();
        if let Some((before, _)) = state.waiting.front_mut().filter(|(before, _)| !before.is_none()) {
            return Poll::Ready(Some(Next::Lost(std::mem::replace(before, Loss::NONE))));
        }
        if let Some((_, event)) = state.waiting.pop_front() {
            return Poll::Ready(Some(Next::Event(event)));
        }
        match state.lost.take() {
            Some(lost) => Poll::Ready(Some(Next::Lost(lost))),
            None if std::mem::take(&mut state.is_revoked) => Poll::Ready(Some(Next::Revoked)),
            None => state.wait(task),
        }
    }

    /// The next event with what was lost before it; none when it is over.
    pub async fn next(&self) -> Option<ReceivedEvent> {
        poll_fn(|task| {
            let mut state = self.state();
            match state.waiting.pop_front() {
                Some((before, event)) => Poll::Ready(Some(ReceivedEvent::new(event, before))),
                None => state.wait(task),
            }
        })
        .await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic happens between two changes that belong together.
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn wait<T>(&mut self, task: &mut Context<'_>) -> Poll<Option<T>> {
        if self.is_closed {
            return Poll::Ready(None);
        }
        match &mut self.reader {
            Some(reader) => reader.clone_from(task.waker()),
            None => self.reader = Some(task.waker().clone()),
        }
        Poll::Pending
    }
}

//! The actor around a handler: a panic or a slow call affects only the caller that caused it.
use super::threads::Thread;
use crate::types::{Fault, ReplyError, SessionId};
use actix::prelude::*;
use futures_util::FutureExt;
use smol_str::SmolStr;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use tokio::sync::oneshot;

/// What a handler is asked, and what it answers.
pub trait Call: Send + 'static {
    /// The answer.
    type Answer: Send + 'static;

    /// What it is about, for the log.
    fn subject(&self) -> Subject {
        Subject::default()
    }
}

/// What a call is about: kept beside it, for what is logged when its handler fails.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// What kind of call it is: `rpc`.
    pub kind: &'static str,
    /// What is called or happened: a method, an event, a channel; empty where the kind says it all.
    pub name: SmolStr,
    /// The session it comes from or is about, if it is a session.
    pub session: Option<SessionId>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.kind.is_empty() { "a call" } else { self.kind })?;
        if !self.name.is_empty() {
            // Clients choose these names.
            write!(f, " {:?}", self.name)?;
        }
        match self.session {
            Some(session) => write!(f, " of the session {session}"),
            None => Ok(()),
        }
    }
}

/// What a handler returns: an answer now or later. It stays on the handler's thread.
pub type HandlerFuture<T> = Pin<Box<dyn Future<Output = Result<T, Fault>>>>;

/// Takes calls of one kind. Calls begin in the order they came; what a future waits for does not hold up the next call.
pub trait Handle<C: Call>: 'static {
    /// Answers one call.
    fn handle(&mut self, call: C) -> HandlerFuture<C::Answer>;
}

/// An answer that is there at once.
pub fn answer<T: 'static>(result: Result<T, Fault>) -> HandlerFuture<T> {
    Box::pin(std::future::ready(result))
}

/// The actor around a handler.
pub struct Hosted<H> {
    handler: H,
}

// Nothing in here is ever pinned: handlers are called through `&mut`.
impl<H> Unpin for Hosted<H> {}

impl<H: 'static> Actor for Hosted<H> {
    type Context = Context<Self>;
}

/// The address of a hosted handler. A thread of its own ends with the last clone.
pub struct HandlerAddr<H: 'static> {
    pub(super) addr: Addr<Hosted<H>>,
    pub(super) thread: Arc<Thread>,
}

impl<H: 'static> Clone for HandlerAddr<H> {
    fn clone(&self) -> Self {
        HandlerAddr { addr: self.addr.clone(), thread: self.thread.clone() }
    }
}

/// Starts a handler as an actor on a thread of its own, which it may block. The handler is made on that thread. Panics outside an
/// actix system, which `#[actix_web::main]` makes.
pub fn host<H: 'static>(make: impl FnOnce() -> H + Send + 'static) -> HandlerAddr<H> {
    let thread = Thread::start();
    assert!(
        thread.arbiter().is_some(),
        "a handler runs on an actix system: write #[actix_web::main] above the program's main"
    );
    host_at(thread, make)
}

pub(super) fn host_at<H: 'static>(thread: Arc<Thread>, make: impl FnOnce() -> H + Send + 'static) -> HandlerAddr<H> {
    // Without a bound of its own, so that calls stay in order: senders that wait for room in a mailbox get it in any order.
    // Each call holds its place among those that may wait for the handler.
    let (inlet, mailbox) = actix::dev::channel::channel(0);
    if let Some(arbiter) = thread.arbiter() {
        arbiter.spawn_fn(move || drop(Context::with_receiver(mailbox).run(Hosted { handler: make() })));
    }
    HandlerAddr { addr: Addr::new(inlet), thread }
}

/// A call on its way to its handler.
pub(super) struct Deliver<C> {
    pub call: C,
    pub place: Place,
    /// Dropped when the handler has begun: when it waits for something for the first time, or is done.
    pub begun: Option<oneshot::Sender<()>>,
}

/// One call's place among those that wait for a handler: until the handler is done with it, also where its caller has
/// given up. Given back when dropped.
pub(super) struct Place(pub Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<C: Call> Message for Deliver<C> {
    type Result = Result<C::Answer, Failure>;
}

/// Why a call has no answer of the handler's own.
pub(super) enum Failure {
    Refused(Fault),
    Panicked(String),
}

impl<H: Handle<C>, C: Call> Handler<Deliver<C>> for Hosted<H> {
    type Result = ResponseFuture<Result<C::Answer, Failure>>;

    fn handle(&mut self, Deliver { call, place, begun }: Deliver<C>, _: &mut Self::Context) -> Self::Result {
        let handler = &mut self.handler;
        // The handler's state may be half changed after a panic; that is the handler's to keep right, as with a mutex
        // whose poison is ignored. The alternative, a new handler, would lose the state of all the others' calls.
        let made = std::panic::catch_unwind(AssertUnwindSafe(|| handler.handle(call)));
        match made {
            Ok(future) => Box::pin(async move {
                let _place = place;
                let mut answer = AssertUnwindSafe(future).catch_unwind();
                let first = poll_fn(|cx| Poll::Ready(answer.poll_unpin(cx))).await;
                drop(begun);
                let answered = match first {
                    Poll::Ready(answered) => answered,
                    Poll::Pending => answer.await,
                };
                match answered {
                    Ok(result) => result.map_err(Failure::Refused),
                    Err(panic) => Err(Failure::Panicked(words(&*panic))),
                }
            }),
            Err(panic) => Box::pin(std::future::ready(Err(Failure::Panicked(words(&*panic))))),
        }
    }
}

pub(super) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".to_owned())
}

/// The fault a caller gets for a handler that panicked or took too long.
pub(super) const FAILED: Fault = Fault::Reply(ReplyError::INTERNAL);

//! One handler for one kind of call, for callers that know which handler they want.
use super::hosted::{Call, Handle, HandlerAddr};
use super::table::{Bounds, Handlers, Port};
use crate::types::{BoxFuture, Fault};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The way to one handler, with the bounds of all: how many calls may wait for it, and how long each may take.
pub struct Caller<C: Call> {
    port: Port<C>,
    bounds: Arc<Bounds>,
}

impl<C: Call> Clone for Caller<C> {
    fn clone(&self) -> Self {
        Caller { port: self.port.clone(), bounds: self.bounds.clone() }
    }
}

impl<C: Call> Caller<C> {
    /// Asks the handler. The calls of one thread begin in the order in which they were made.
    pub fn ask(&self, call: C) -> BoxFuture<Result<C::Answer, Fault>> {
        self.bounds.ask(&self.port, call)
    }

    /// The same; the first future ends when the handler has begun, or has let its time pass.
    pub fn ask_and_see(&self, call: C) -> (BoxFuture<()>, BoxFuture<Result<C::Answer, Fault>>) {
        let (see, begun) = oneshot::channel();
        let answer = self.bounds.ask_and_see(&self.port, call, Some(see));
        let begun = tokio::time::timeout(self.bounds.timeout, begun);
        (Box::pin(async move { drop(begun.await) }), answer)
    }
}

impl Handlers {
    /// The way to this handler.
    pub fn caller<H: Handle<C>, C: Call>(&self, handler: &HandlerAddr<H>) -> Caller<C> {
        Caller { port: Port::new(handler), bounds: self.bounds.clone() }
    }
}

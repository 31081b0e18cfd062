//! One handler for one kind of call, for those that know which they want.
use super::hosted::{Call, Handle, HandlerAddr};
use super::table::{Bounds, Handlers, Port};
use crate::types::{BoxFuture, Fault};
use std::sync::Arc;

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
}

impl Handlers {
    /// The way to this handler.
    pub fn caller<H: Handle<C>, C: Call>(&self, handler: &HandlerAddr<H>) -> Caller<C> {
        Caller { port: Port::new(handler), bounds: self.bounds.clone() }
    }
}

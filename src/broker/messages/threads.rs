//! The threads of Rust listeners: one takes their events from the hub, some run functions. They start with the first listener and end
//! with the node.
use super::register::{Register, Unregister};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where listeners are served. Cheap to clone.
#[derive(Clone)]
pub struct Threads(Arc<Inner>);

struct Inner {
    register: Recipient<Register>,
    unregister: Recipient<Unregister>,
    callers: Vec<ArbiterHandle>,
    turn: AtomicUsize,
    /// The threads that were started for it.
    own: Vec<ArbiterHandle>,
}

impl Threads {
    /// Threads whose listeners are told of here, and whose functions `callers` run. Those of `own` end with it.
    pub(super) fn new(
        (register, unregister): (Recipient<Register>, Recipient<Unregister>),
        callers: Vec<ArbiterHandle>,
        own: Vec<ArbiterHandle>,
    ) -> Self {
        Threads(Arc::new(Inner { register, unregister, callers, turn: AtomicUsize::new(0), own }))
    }

    /// Adds a listener. Bounded by the listeners that a session may have.
    pub(super) fn register(&self, register: Register) {
        self.0.register.do_send(register);
    }

    /// Takes a listener out.
    pub(super) fn unregister(&self, unregister: Unregister) {
        self.0.unregister.do_send(unregister);
    }

    /// Runs something on one of the threads for functions.
    pub fn run(&self, what: impl Future<Output = ()> + Send + 'static) {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        self.0.callers[turn % self.0.callers.len()].spawn(what);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for arbiter in &self.own {
            arbiter.stop();
        }
    }
}

//! The threads of Rust listeners: one that takes their events from the hub, some that run functions. They are started when
//! the first listener comes, and end with the node.
use super::tune::{Tune, Untune};
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where listeners are served. Cheap to clone.
#[derive(Clone)]
pub struct Threads(Arc<Inner>);

struct Inner {
    tune: Recipient<Tune>,
    untune: Recipient<Untune>,
    callers: Vec<ArbiterHandle>,
    turn: AtomicUsize,
    /// The threads that were started for it.
    own: Vec<ArbiterHandle>,
}

impl Threads {
    /// Threads whose listeners are told of here, and whose functions `callers` run. Those of `own` end with it.
    pub(super) fn new(
        (tune, untune): (Recipient<Tune>, Recipient<Untune>),
        callers: Vec<ArbiterHandle>,
        own: Vec<ArbiterHandle>,
    ) -> Self {
        Threads(Arc::new(Inner { tune, untune, callers, turn: AtomicUsize::new(0), own }))
    }

    /// Adds a listener. Bounded by the listeners that a session may have.
    pub(super) fn tune(&self, tune: Tune) {
        self.0.tune.do_send(tune);
    }

    /// Takes a listener out.
    pub(super) fn untune(&self, untune: Untune) {
        self.0.untune.do_send(untune);
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

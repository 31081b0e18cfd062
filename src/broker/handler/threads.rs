//! Which threads handlers run on.
use super::hosted::{HandlerAddr, host_at};
use actix::prelude::*;
use std::future::Future;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

/// Where what belongs to no worker runs: handlers, and the listeners of Rust code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Placement {
    /// On threads beside the workers, so that it keeps no client waiting.
    #[default]
    Beside,
    /// On the thread that starts it. For tests: a whole broker on one thread has one clock and one order.
    Here,
}

/// The threads that handlers share: so many, however many handlers there are. Cheap to clone; the threads end when nobody
/// has them, and no handler runs on them, any more.
#[derive(Clone)]
pub struct HandlerThreads(Arc<Mutex<Threads>>);

struct Threads {
    placement: Placement,
    /// How many there may be.
    most: usize,
    started: Vec<Arc<Thread>>,
    /// A handler was to be hosted where there was no actix system: it never will be.
    is_homeless: bool,
    next: usize,
}

/// A thread that handlers run on; it ends when nobody can reach a handler on it any more.
pub(super) struct Thread {
    /// None where there was no actix system to start it on.
    arbiter: Option<ArbiterHandle>,
    is_own: bool,
}

impl Thread {
    /// A new one, which is none outside an actix system.
    pub fn start() -> Arc<Self> {
        let arbiter = System::try_current().map(|_| Arbiter::new().handle());
        Arc::new(Thread { arbiter, is_own: true })
    }

    /// The thread that this is called on.
    fn here() -> Arc<Self> {
        Arc::new(Thread { arbiter: Arbiter::try_current(), is_own: false })
    }

    /// Where it runs what it is given; none where it is none.
    pub fn arbiter(&self) -> Option<&ArbiterHandle> {
        self.arbiter.as_ref()
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(arbiter) = self.arbiter.as_ref().filter(|_| self.is_own) {
            arbiter.stop();
        }
    }
}

/// A thread that runs for as long as somebody has this.
#[derive(Clone)]
pub struct KeptThread(#[allow(dead_code, reason = "it is kept, not used")] Arc<Thread>);

impl HandlerThreads {
    /// At most `most` threads, 0 for one per core. Each is started with the first handler that runs on it.
    pub fn new(placement: Placement, most: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let most = if most == 0 { cores() } else { most };
        HandlerThreads(Arc::new(Mutex::new(Threads { placement, most, started: vec![], is_homeless: false, next: 0 })))
    }

    /// Whether a handler was to be hosted where there was no actix system: it takes no call, and a broker that has it does not start.
    pub fn is_homeless(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_homeless
    }

    /// Starts a handler on one of the threads, in turn. Needs an actix system, which `#[actix_web::main]` makes. The handler is made
    /// on that thread.
    ///
    /// What it does before it waits for something must be short: other handlers run on the same thread. One that blocks has
    /// a thread of its own with [`super::host`].
    pub fn host<H: 'static>(&self, make: impl FnOnce() -> H + Send + 'static) -> HandlerAddr<H> {
        host_at(self.thread(), make)
    }

    /// Has a future run to its end on one of the threads while this one waits; returns the thread, which what the future has made may
    /// need. None outside an actix system, and where the future panics.
    pub fn complete<F, T>(&self, start: impl FnOnce() -> F + Send + 'static) -> Option<(T, KeptThread)>
    where
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let is_here = self.0.lock().unwrap_or_else(PoisonError::into_inner).placement == Placement::Here;
        // This thread waits, so it cannot be the one.
        let thread = if is_here { Thread::start() } else { self.thread() };
        let (tell, told) = mpsc::sync_channel(1);
        thread.arbiter()?.spawn_fn(move || {
            let future = start();
            // Nobody waits any more where this fails.
            actix_rt::spawn(async move { drop(tell.send(future.await)) });
        });
        told.recv().ok().map(|done| (done, KeptThread(thread)))
    }

    fn thread(&self) -> Arc<Thread> {
        // Nothing that can panic happens between two changes that belong together.
        let mut threads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if System::try_current().is_none() {
            threads.is_homeless = true;
            return Thread::start();
        }
        if threads.placement == Placement::Here {
            return Thread::here();
        }
        let turn = threads.next % threads.most;
        threads.next += 1;
        if turn == threads.started.len() {
            threads.started.push(Thread::start());
        }
        threads.started[turn].clone()
    }
}

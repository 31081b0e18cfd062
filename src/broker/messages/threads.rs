//! The threads of Rust listeners: one that takes their events from the hub, some that run functions. They are started when
//! the first listener comes, and end with the registry.
use super::Post;
use crate::broker::Node;
use crate::broker::handler::Placement;
use crate::types::BoxFuture;
use actix::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More threads for functions than this are not started, however many cores there are: they are not meant to compute.
const MOST: usize = 4;

/// To the registry: give the threads, starting them if need be, and have one of them run something.
#[derive(Message)]
#[rtype(result = "Threads")]
pub struct Engage(pub Option<BoxFuture<()>>);

/// Where listeners are served. Cheap to clone.
#[derive(Clone)]
pub struct Threads(Arc<Inner>);

struct Inner {
    post: Addr<Post>,
    callers: Vec<ArbiterHandle>,
    turn: AtomicUsize,
}

impl Threads {
    /// The actor that has the listeners in its hub.
    pub fn post(&self) -> &Addr<Post> {
        &self.0.post
    }

    /// Runs something on one of the threads for functions.
    pub fn run(&self, what: impl Future<Output = ()> + Send + 'static) {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        self.0.callers[turn % self.0.callers.len()].spawn(what);
    }
}

/// The threads as the registry keeps them: they end when this is dropped.
pub struct Company {
    threads: Threads,
    arbiters: Vec<ArbiterHandle>,
}

impl Company {
    /// Starts the threads. Needs an actix system.
    pub fn start(node: &Node) -> Self {
        let is_apart = node.placement() == Placement::Beside;
        let thread = || if is_apart { Arbiter::new().handle() } else { Arbiter::current() };
        let home = thread();
        let (inlet, mailbox) = actix::dev::channel::channel(0);
        let node = node.clone();
        home.spawn_fn(move || drop(Context::with_receiver(mailbox).run(Post::new(&node))));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let callers: Vec<ArbiterHandle> = (0..cores.min(MOST)).map(|_| thread()).collect();
        let arbiters = callers.iter().cloned().chain([home]).filter(|_| is_apart).collect();
        let threads = Threads(Arc::new(Inner { post: Addr::new(inlet), callers, turn: AtomicUsize::new(0) }));
        Company { threads, arbiters }
    }

    /// The threads.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
    }
}

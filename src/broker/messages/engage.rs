//! How the threads of Rust listeners begin.
use super::threads::Threads;
use super::{Inbox, MessageError};
use crate::broker::Node;
use crate::broker::handler::Placement;
use crate::types::ReplyError;
use actix::prelude::*;
use tokio::sync::oneshot;

/// More threads for functions than this are not started, however many cores there are: they are not meant to compute.
const MOST: usize = 4;

/// The threads that listeners are served on, started if need be: by the registry, which has an actix system at hand.
pub(super) async fn threads(node: &Node) -> Result<Threads, MessageError> {
    let begin = || async {
        let (tell, begun) = oneshot::channel();
        let own = node.clone();
        node.registry().run(Box::new(move || drop(tell.send(start(&own)))));
        begun.await
    };
    let threads = node.sessions().listener_index().threads().get_or_try_init(begin).await;
    threads.cloned().map_err(|_| ReplyError::INTERNAL.into())
}

fn start(node: &Node) -> Threads {
    let is_beside = node.placement() == Placement::Beside;
    let thread = || if is_beside { Arbiter::new().handle() } else { Arbiter::current() };
    let beside = thread();
    let (inlet, mailbox) = actix::dev::channel::channel(0);
    let node = node.clone();
    beside.spawn_fn(move || drop(Context::with_receiver(mailbox).run(Inbox::new(&node))));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let callers: Vec<ArbiterHandle> = (0..cores.min(MOST)).map(|_| thread()).collect();
    let own = callers.iter().cloned().chain([beside]).filter(|_| is_beside).collect();
    let inbox: Addr<Inbox> = Addr::new(inlet);
    Threads::new((inbox.clone().recipient(), inbox.recipient()), callers, own)
}

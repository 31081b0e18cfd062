//! Listeners that are functions.
use super::ReceivedEvent;
use super::queue::EventQueue;
use crate::metrics::Metrics;
use crate::types::BoxFuture;
use futures_util::FutureExt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Names a listener among those of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub(super) u64);

type Callback = dyn Fn(ReceivedEvent) -> Option<BoxFuture<()>> + Send + Sync;

/// A function that is called for each event of a channel. A handle: its clones are the same listener, and a listener twice on
/// one channel of one session is called once. Events of one channel come one after the other, each when the function is done
/// with the one before; it runs on a thread for such functions, so it may take its time, and should await rather than block.
#[derive(Clone)]
pub struct Listener(Arc<Callback>);

impl Listener {
    /// A listener out of a function, which may be async.
    pub fn new<K>(function: impl IntoListener<K>) -> Self {
        function.into_listener()
    }

    /// Tells handles apart, as long as one of them is kept.
    pub(super) fn key(&self) -> usize {
        Arc::as_ptr(&self.0).cast::<()>().addr()
    }

    /// Calls the function for everything that comes, until the queue is closed. A panic ends that call alone.
    pub(super) async fn attend(self, queue: Arc<EventQueue>, metrics: Metrics) {
        while let Some(heard) = queue.next().await {
            let channel = heard.channel().clone();
            let called = match std::panic::catch_unwind(AssertUnwindSafe(|| (self.0)(heard))) {
                Ok(Some(future)) => AssertUnwindSafe(future).catch_unwind().await,
                Ok(None) => Ok(()),
                Err(panic) => Err(panic),
            };
            if called.is_err() {
                log::error!("a listener of {channel} panicked");
                Metrics::count(&metrics.handler_failures, "panic");
            }
            // A flood must not keep the thread from the other listeners (decision 30).
            tokio::task::consume_budget().await;
        }
    }
}

/// What can be a listener: a [`Listener`], a function of [`ReceivedEvent`], or one that returns a future. `Kind` tells them apart
/// and is found by the compiler, provided that a closure says the type of its argument: `|heard: ReceivedEvent| …`.
pub trait IntoListener<Kind> {
    /// The listener.
    fn into_listener(self) -> Listener;
}

impl IntoListener<Listener> for Listener {
    fn into_listener(self) -> Listener {
        self
    }
}

impl<F: Fn(ReceivedEvent) + Send + Sync + 'static> IntoListener<()> for F {
    fn into_listener(self) -> Listener {
        Listener(Arc::new(move |heard| {
            self(heard);
            None
        }))
    }
}

impl<F, Fut> IntoListener<(Fut,)> for F
where
    F: Fn(ReceivedEvent) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    fn into_listener(self) -> Listener {
        Listener(Arc::new(move |heard| Some(Box::pin(self(heard)))))
    }
}
